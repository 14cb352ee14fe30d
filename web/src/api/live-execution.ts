/* SPDX-License-Identifier: Apache-2.0 */
/* An execution as it is now: read once, then changed in the cache by what the stream tells of it. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import type { WatchEvent } from "../api.gen.ts";
import { queryClient, trpc } from "./client.ts";
import type { Execution } from "./types.ts";
import { useWatch } from "./watch.ts";

const ends = new Set(["succeeded", "failed", "cancelled"]);

export function hasEnded(status: string): boolean {
  return ends.has(status);
}

/* How often what is too long for an event is asked for. */
const WHOLE_MS = 2_000;

export function executionQuery(executionId: string) {
  /* Outputs may be long: comparing them with those before costs more than drawing them again. */
  return trpc.executions.get.queryOptions({ executionId }, { structuralSharing: false, staleTime: 60_000 });
}

/* A new execution with what the events say. Of a step that was too long, what was known stays. */
export function withEvents(execution: Execution, events: WatchEvent[]): Execution {
  let changed = execution;
  for (const { type, execution: summary, executionId, step, partial } of events) {
    if (type === "execution" && summary?.id === execution.id) changed = { ...changed, ...summary };
    if (type !== "step" || !step || executionId !== execution.id) continue;
    changed = {
      ...changed,
      steps: changed.steps.map((old) =>
        old.nodeId !== step.nodeId ? old : partial ? { input: old.input, output: old.output, ...step } : step,
      ),
    };
  }
  return changed;
}

export function useLiveExecution(executionId: string | undefined): UseQueryResult<Execution> {
  const options = executionQuery(executionId ?? "");
  const query = useQuery({ ...options, enabled: executionId !== undefined });
  const asked = useRef(0);
  const ended = query.data && hasEnded(query.data.status);
  useWatch(executionId && query.data && !ended ? { executionId } : undefined, (events) => {
    queryClient.setQueryData(options.queryKey, (old) => old && withEvents(old, events));
    const now = queryClient.getQueryData(options.queryKey);
    const lacking = events.some((event) => event.type === "gap" || event.partial);
    const over = now && hasEnded(now.status);
    if (!lacking || (!over && Date.now() - asked.current < WHOLE_MS)) return;
    asked.current = Date.now();
    void queryClient.invalidateQueries({ queryKey: options.queryKey });
  });
  return query as UseQueryResult<Execution>;
}
