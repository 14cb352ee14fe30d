/* SPDX-License-Identifier: Apache-2.0 */
/* What is left when a screen fails, and what is shown where nothing is. */
import { Button } from "@mantine/core";
import { Link, useLocation, useParams } from "@tanstack/react-router";
import { FileQuestion, Lock, TriangleAlert } from "lucide-react";
import { queryClient, trpc } from "../api/client.ts";
import { EmptyState } from "../parts/empty-state.tsx";
import { Entrance } from "../parts/entrance.tsx";
import { text } from "../text/en.ts";

export function CrashPage() {
  return (
    <EmptyState icon={TriangleAlert} title={text.common.crashed} line={text.common.crashedLine} level={1}>
      <Button onClick={() => location.reload()}>{text.common.reload}</Button>
    </EmptyState>
  );
}

/* Level 2: within a project, whose name is the title. */
export function NoAccessPage({ level = 1 }: { level?: 1 | 2 }) {
  return (
    <EmptyState icon={Lock} title={text.common.noAccess} line={text.common.noAccessLine} level={level}>
      <Link to="/projects">{text.common.toProjects}</Link>
    </EmptyState>
  );
}

/* To what is around it: the list it would be in, when that is one the user may see; else their projects. */
function WayUp() {
  const { projectId } = useParams({ strict: false });
  const { pathname } = useLocation();
  const known = projectId && queryClient.getQueryData(trpc.projects.get.queryOptions({ projectId }).queryKey);
  if (!known) return <Link to="/projects">{text.common.toProjects}</Link>;
  const [, , , part] = pathname.split("/");
  const params = { projectId: known.id };
  if (part === "executions")
    return (
      <Link to="/projects/$projectId/executions" params={params}>
        {text.common.toExecutions(known.name)}
      </Link>
    );
  return (
    <Link to="/projects/$projectId/workflows" params={params}>
      {text.common.toWorkflows(known.name)}
    </Link>
  );
}

export function NotFoundPage() {
  return (
    <EmptyState icon={FileQuestion} title={text.common.notFound} line={text.common.notFoundLine} level={1}>
      <WayUp />
    </EmptyState>
  );
}

/* The same where no screen is around it. */
export function NothingHere() {
  return (
    <Entrance title={text.common.notFound} line={text.common.notFoundLine}>
      <Link to="/projects">{text.common.toProjects}</Link>
    </Entrance>
  );
}
