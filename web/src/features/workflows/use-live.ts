/* SPDX-License-Identifier: Apache-2.0 */
/* Workflows whose last execution changes as one looks, and their last 24 hours, which follow more slowly. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { queryClient, trpc } from "../../api/client.ts";
import { useWatch } from "../../api/watch.ts";
import type { ExecutionSummary, WorkflowSummary } from "../../api.gen.ts";

/* Counting costs the server something. */
const RECOUNT_MS = 10_000;
const MINUTE_MS = 60_000;

function withExecution(workflow: WorkflowSummary, { id, status, createdAt }: ExecutionSummary): WorkflowSummary {
  const last = workflow.lastExecution;
  if (last && last.executionId !== id && last.createdAt > createdAt) return workflow;
  return { ...workflow, lastExecution: { executionId: id, status, createdAt } };
}

export function useLiveWorkflows(projectId: string) {
  const workflows = useQuery(trpc.workflows.list.queryOptions({ projectId }));
  const day = trpc.workflows.statistics.queryOptions({ projectId, range: "24h" });
  const { data: histories, isError: uncounted } = useQuery({ ...day, refetchInterval: MINUTE_MS });
  const recount = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(recount.current), []);

  useWatch({ projectId }, (events) => {
    const { queryKey } = trpc.workflows.list.queryOptions({ projectId });
    const changed = events.flatMap(({ execution }) => execution ?? []);
    queryClient.setQueryData(
      queryKey,
      (old) =>
        old && {
          workflows: old.workflows.map((workflow) =>
            changed.filter((one) => one.workflowId === workflow.id).reduce(withExecution, workflow),
          ),
        },
    );
    if (events.some(({ type }) => type === "gap")) void queryClient.invalidateQueries({ queryKey });
    recount.current ??= setTimeout(() => {
      recount.current = undefined;
      void queryClient.invalidateQueries({ queryKey: day.queryKey });
    }, RECOUNT_MS);
  });
  return { workflows, histories: histories ?? (uncounted ? ("unknown" as const) : undefined) };
}
