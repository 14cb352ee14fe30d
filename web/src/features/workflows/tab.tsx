/* SPDX-License-Identifier: Apache-2.0 */
/* The workflows of a project. */
import { useQuery } from "@tanstack/react-query";
import { Workflow as WorkflowIcon } from "lucide-react";
import { trpc } from "../../api/client.ts";
import type { WorkflowSummary } from "../../api.gen.ts";
import { DataTable, SkeletonRows } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { LoadError } from "../../parts/load-error.tsx";
import { RelativeTime } from "../../parts/relative-time.tsx";
import { StatusMark } from "../../parts/status-mark.tsx";
import { text } from "../../text/en.ts";
import { useProject } from "../projects/index.ts";

const words = text.workflows;

function Row({ workflow }: { workflow: WorkflowSummary }) {
  const problems = workflow.problems.length;
  return (
    <tbody>
      <tr>
        <td className="title">{workflow.name}</td>
        <td data-label={words.state}>
          <StatusMark tone={problems ? "warn" : "ok"}>{problems ? words.problems(problems) : words.ready}</StatusMark>
        </td>
        <td data-label={words.version}>{workflow.version}</td>
        <td data-label={words.updated}>
          <RelativeTime at={workflow.updatedAt} />
        </td>
        <td className="actions" />
      </tr>
    </tbody>
  );
}

export function WorkflowsTab() {
  const project = useProject();
  const workflows = useQuery(trpc.workflows.list.queryOptions({ projectId: project.id }));
  const list = workflows.data?.workflows;
  if (workflows.isError && !list)
    return <LoadError what={words.title} error={workflows.error} retry={() => void workflows.refetch()} />;
  if (list?.length === 0) return <EmptyState icon={WorkflowIcon} title={words.empty} line={words.emptyLine} />;
  return (
    <DataTable label={words.title} columns={[words.name, words.state, words.version, words.updated]}>
      {list ? list.map((workflow) => <Row key={workflow.id} workflow={workflow} />) : <SkeletonRows columns={4} />}
    </DataTable>
  );
}
