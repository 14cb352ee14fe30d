/* SPDX-License-Identifier: Apache-2.0 */
/* The newest execution of a workflow, whoever started it, as the project's stream tells of it. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { queryClient, trpc } from "../../api/client.ts";
import { useWatch } from "../../api/watch.ts";
import type { Workflow } from "../../api.gen.ts";

/* Of a workflow that is run many times a second, one a second can be looked at. */
const FOLLOW_MS = 1_000;

/* Ids sort by time. */
export function later(a: string | undefined, b: string | undefined): string | undefined {
  return a && b ? (a > b ? a : b) : (a ?? b);
}

export function useNewestExecution({ id: workflowId, projectId }: Workflow): string | undefined {
  const options = trpc.executions.list.queryOptions({ projectId, workflowId, limit: 1 });
  const listed = useQuery(options).data?.executions[0]?.id;
  const [told, setTold] = useState<string>();
  const next = useRef<string>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  function follow(): void {
    if (timer.current || next.current === undefined) return;
    setTold(next.current);
    next.current = undefined;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      follow();
    }, FOLLOW_MS);
  }

  useWatch({ projectId }, (events) => {
    for (const { type, execution } of events) {
      if (type === "gap") void queryClient.invalidateQueries({ queryKey: options.queryKey });
      if (execution?.workflowId === workflowId && execution.id > (told ?? ""))
        next.current = later(next.current, execution.id);
    }
    follow();
  });
  return later(listed, told);
}
