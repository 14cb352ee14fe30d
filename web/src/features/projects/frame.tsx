/* SPDX-License-Identifier: Apache-2.0 */
/* A project's detail page: its title and its tabs, around whichever of them is open. */
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { Suspense, useEffect, useRef } from "react";
import { atLeast } from "../../app/permissions.ts";
import { PageHeader } from "../../parts/page-header.tsx";
import { ScreenSkeleton } from "../../parts/screen-skeleton.tsx";
import { text } from "../../text/en.ts";
import { projectTabs } from "./tabs.ts";
import { useProject } from "./use-project.ts";

export function ProjectFrame() {
  const project = useProject();
  const { pathname } = useLocation();
  const tabs = useRef<HTMLElement>(null);
  /* On narrow screens the tabs scroll: the open one shall be seen. */
  useEffect(() => {
    const show = () => {
      const open = tabs.current?.querySelector<HTMLElement>("a[aria-current]");
      if (tabs.current && open) tabs.current.scrollLeft = open.offsetLeft - tabs.current.offsetLeft - 48;
    };
    show();
    window.addEventListener("resize", show);
    return () => window.removeEventListener("resize", show);
  }, [pathname]);
  const part = projectTabs.find(({ to }) => pathname.startsWith(to.replace("$projectId", project.id)))?.title;
  return (
    <>
      <PageHeader
        title={project.name}
        part={part}
        crumbs={<Link to="/projects">{text.projects.title}</Link>}
        key={project.id}
      />
      <nav className="tabs" ref={tabs} aria-label={text.projects.tabs}>
        {projectTabs
          .filter((tab) => atLeast(project.role, tab.needs))
          .map((tab) => (
            <Link key={tab.to} to={tab.to} params={{ projectId: project.id }} activeOptions={{ includeSearch: false }}>
              {tab.title}
            </Link>
          ))}
      </nav>
      <Suspense fallback={<ScreenSkeleton />}>
        <Outlet />
      </Suspense>
    </>
  );
}
