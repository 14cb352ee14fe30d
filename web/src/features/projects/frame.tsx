/* SPDX-License-Identifier: Apache-2.0 */
/* A project's detail page: its title and its tabs, around whichever of them is open. */
import { Link, Outlet } from "@tanstack/react-router";
import { Suspense } from "react";
import { atLeast } from "../../app/permissions.ts";
import { PageHeader } from "../../parts/page-header.tsx";
import { text } from "../../text/en.ts";
import { projectTabs } from "./tabs.ts";
import { useProject } from "./use-project.ts";

export function ProjectFrame() {
  const project = useProject();
  return (
    <>
      <PageHeader title={project.name} crumbs={<Link to="/projects">{text.projects.title}</Link>} key={project.id} />
      <nav className="tabs" aria-label={text.projects.tabs}>
        {projectTabs
          .filter((tab) => atLeast(project.role, tab.needs))
          .map((tab) => (
            <Link key={tab.to} to={tab.to} params={{ projectId: project.id }} activeOptions={{ includeSearch: false }}>
              {tab.title}
            </Link>
          ))}
      </nav>
      <Suspense>
        <Outlet />
      </Suspense>
    </>
  );
}
