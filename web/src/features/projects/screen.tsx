/* SPDX-License-Identifier: Apache-2.0 */
/* The projects that the user is a member of. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { FolderKanban, Plus } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { trpc } from "../../api/client.ts";
import type { ProjectSummary } from "../../api.gen.ts";
import { Bars } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { LoadError } from "../../parts/load-error.tsx";
import { PageHeader } from "../../parts/page-header.tsx";
import { RelativeTime } from "../../parts/relative-time.tsx";
import { StatusMark } from "../../parts/status-mark.tsx";
import { text } from "../../text/en.ts";
import { CreateProjectDialog } from "./create-dialog.tsx";

const words = text.projects;
const MINUTE_MS = 60_000;

function ProjectCard({ project, fresh }: { project: ProjectSummary; fresh: boolean }) {
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    /* Behind the dialog, which gives the focus back to where it was opened. */
    if (fresh) setTimeout(() => link.current?.focus(), 50);
  }, [fresh]);
  return (
    <Link ref={link} className="card" to="/projects/$projectId" params={{ projectId: project.id }}>
      <div className="card-title">
        <h2>{project.name}</h2>
        <span className="count">{text.roles[project.role]}</span>
      </div>
      <span>{words.holds(project.workflowCount, project.connectionCount)}</span>
      <StatusMark tone={project.recentFailures ? "err" : "ok"}>{words.failures(project.recentFailures)}</StatusMark>
      <span className="meta">
        {words.since} <RelativeTime at={project.createdAt} />
      </span>
    </Link>
  );
}

function CardSkeleton() {
  return (
    <div className="card late" aria-hidden>
      <Bars widths={[160, 200, 140, 100]} />
    </div>
  );
}

export function ProjectsScreen() {
  const projects = useQuery({ ...trpc.projects.list.queryOptions(), refetchInterval: MINUTE_MS });
  const { add, first } = useSearch({ from: "/user/projects" });
  const navigate = useNavigate();
  const [fresh, setFresh] = useState<string>();
  const open = () => void navigate({ to: "/projects", search: { add: true } });
  const close = () => void navigate({ to: "/projects", search: {}, replace: true });
  const list = projects.data?.projects;
  return (
    <>
      <PageHeader title={words.title}>
        {list?.length ? (
          <Button variant="filled" data-shortcut="new" leftSection={<Plus size={16} />} onClick={open}>
            {words.add}
          </Button>
        ) : null}
      </PageHeader>
      {projects.isError && !list ? (
        <LoadError what={words.title} error={projects.error} retry={() => void projects.refetch()} />
      ) : null}
      {list?.length === 0 ? (
        <EmptyState icon={FolderKanban} title={words.empty} line={words.emptyLine}>
          <Button variant="filled" data-shortcut="new" leftSection={<Plus size={16} />} onClick={open}>
            {words.add}
          </Button>
        </EmptyState>
      ) : null}
      <div className="cards" aria-busy={projects.isPending}>
        {projects.isPending ? <CardSkeleton /> : null}
        {list?.map((project) => (
          <ProjectCard key={project.id} project={project} fresh={project.id === fresh} />
        ))}
      </div>
      <CreateProjectDialog
        opened={add === true}
        first={first === true}
        close={close}
        created={(id) => {
          setFresh(id);
          close();
        }}
      />
    </>
  );
}
