/* SPDX-License-Identifier: Apache-2.0 */
/* The execution that the editor shows: the last one of this workflow, or the one that was started here. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { api, queryClient, trpc } from "../../api/client.ts";
import { hasEnded, useLiveExecution } from "../../api/live-execution.ts";
import type { Workflow } from "../../api.gen.ts";
import { announce } from "../../app/announce.tsx";
import { problemOf } from "../../app/errors.ts";
import { editorText } from "../../text/editor.ts";
import { runs } from "../../text/runs.ts";

export function useRun(workflow: Workflow) {
  const { id: workflowId, projectId } = workflow;
  const [startedId, setStartedId] = useState<string>();
  const [starting, setStarting] = useState(false);
  const [cancelling, setCancelling] = useState(false);
  const [failure, setFailure] = useState<string>();
  const last = useQuery(trpc.executions.list.queryOptions({ projectId, workflowId, limit: 1 }));
  const executionId = startedId ?? last.data?.executions[0]?.id;
  const execution = useLiveExecution(executionId).data;
  const running = starting || (execution !== undefined && !hasEnded(execution.status));

  /* The end of what was started here is said once. */
  const said = useRef<string>(undefined);
  useEffect(() => {
    if (!execution || execution.id !== startedId || !hasEnded(execution.status) || said.current === execution.id)
      return;
    said.current = execution.id;
    setCancelling(false);
    announce(editorText.last.ended(runs.status[execution.status]));
    void queryClient.invalidateQueries(trpc.executions.list.pathFilter());
  }, [execution, startedId]);

  const steps = useMemo(() => new Map(execution?.steps.map((step) => [step.nodeId, step])), [execution]);

  return {
    execution,
    steps,
    running,
    cancelling,
    failure,
    setFailure,
    start: async (input: unknown) => {
      setStarting(true);
      setFailure(undefined);
      try {
        const { executionId: id } = await api.workflows.execute.mutate({
          workflowId,
          ...(input === undefined ? {} : { input }),
        });
        setStartedId(id);
      } catch (error) {
        setFailure(problemOf(error).message);
      } finally {
        setStarting(false);
      }
    },
    cancel: async () => {
      if (!execution) return;
      setCancelling(true);
      try {
        await api.executions.cancel.mutate({ executionId: execution.id });
        await queryClient.invalidateQueries(trpc.executions.get.queryFilter({ executionId: execution.id }));
      } catch (error) {
        setFailure(problemOf(error).message);
      } finally {
        setCancelling(false);
      }
    },
  };
}
