/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An execution as it is now: read once, then changed in the cache by what the stream tells of it. Long
 * inputs and outputs are left out of both; such steps are partial, and useLongStep() has the rest.
 */
import { keepPreviousData, queryOptions, type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { Step, WatchEvent } from "../api.gen.ts";
import { api, queryClient, trpc } from "./client.ts";
import type { Execution } from "./types.ts";
import { useWatch } from "./watch.ts";

const ends = new Set(["succeeded", "failed", "cancelled"]);

export function hasEnded(status: string): boolean {
  return ends.has(status);
}

export function executionQuery(executionId: string) {
  return trpc.executions.get.queryOptions({ executionId, brief: true }, { staleTime: 30_000 });
}

/* A new execution with what the events say. */
export function withEvents(execution: Execution, events: WatchEvent[]): Execution {
  let changed = execution;
  for (const { type, execution: summary, executionId, step, partial } of events) {
    if (type === "execution" && summary?.id === execution.id) changed = { ...changed, ...summary };
    if (type !== "step" || !step || executionId !== execution.id) continue;
    const now = partial ? { ...step, partial } : step;
    changed = { ...changed, steps: changed.steps.map((old) => (old.nodeId === now.nodeId ? now : old)) };
  }
  return changed;
}

/* undefined: none is shown. */
export function useLiveExecution(executionId: string | undefined): UseQueryResult<Execution> {
  const options = executionQuery(executionId ?? "");
  const query = useQuery({ ...options, enabled: executionId !== undefined });
  const open = query.data && !hasEnded(query.data.status);
  useWatch(executionId && open ? { executionId } : undefined, (events) => {
    queryClient.setQueryData(options.queryKey, (old) => old && withEvents(old, events));
    if (events.some((event) => event.type === "gap"))
      void queryClient.invalidateQueries({ queryKey: options.queryKey });
  });
  return query as UseQueryResult<Execution>;
}

/* A step that came without its long input and output, once somebody looks at them: their beginning, or all. */
function longStepQuery(executionId: string, step: Step, whole: boolean) {
  const input = { executionId, nodeId: step.nodeId, ...(whole ? {} : { brief: true }) };
  return queryOptions({
    /* A step that went on is another one. */
    queryKey: [...trpc.executions.step.queryKey(input), step.status, step.attemptCount],
    queryFn: ({ signal }): Promise<Step> => api.executions.step.query(input, { signal }),
    /* Comparing a long output with the one before costs more than drawing it again. */
    structuralSharing: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
  });
}

export function useLongStep(executionId: string, step: Step, whole: boolean): UseQueryResult<Step> {
  return useQuery({
    ...longStepQuery(executionId, step, whole),
    enabled: step.partial === true,
    placeholderData: keepPreviousData,
  });
}

export function fetchWholeStep(executionId: string, step: Step): Promise<Step> {
  return queryClient.fetchQuery(longStepQuery(executionId, step, true));
}
