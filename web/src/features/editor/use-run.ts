/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The execution that the editor shows: the workflow's newest, whoever started it; but what was started here is
 * shown until it ends.
 */
import { useEffect, useMemo, useRef, useState } from "react";
import { api, queryClient, trpc } from "../../api/client.ts";
import { hasEnded, useLiveExecution } from "../../api/live-execution.ts";
import type { Execution } from "../../api/types.ts";
import type { Workflow } from "../../api.gen.ts";
import { announce } from "../../app/announce.tsx";
import { problemOf } from "../../app/errors.ts";
import { editorText } from "../../text/editor.ts";
import { runs } from "../../text/runs.ts";
import { later, useNewestExecution } from "./use-newest.ts";

export function useRun(workflow: Workflow) {
  const { id: workflowId } = workflow;
  const [own, setOwn] = useState<{ id: string; ended: boolean }>();
  const [starting, setStarting] = useState(false);
  const [cancelling, setCancelling] = useState(false);
  const [failure, setFailure] = useState<string>();
  const newest = useNewestExecution(workflow);
  const executionId = own && !own.ended ? own.id : later(newest, own?.id);
  const live = useLiveExecution(executionId).data;
  /* The one before stays until there is something to show. */
  const before = useRef<Execution>(undefined);
  const execution = live ?? before.current;
  useEffect(() => {
    before.current = execution;
  }, [execution]);
  /* Runs of others keep nobody from running it, but for the one that was under way as the editor was opened. */
  const opened = useRef<string>(undefined);
  opened.current ??= newest;
  const running =
    starting ||
    own?.ended === false ||
    (execution !== undefined && execution.id === opened.current && !hasEnded(execution.status));

  /* The end of what was started here is said once. */
  useEffect(() => {
    if (!own || own.ended || live?.id !== own.id || !hasEnded(live.status)) return;
    setOwn({ ...own, ended: true });
    setCancelling(false);
    announce(editorText.last.ended(runs.status[live.status]));
    void queryClient.invalidateQueries(trpc.executions.list.pathFilter());
  }, [live, own]);

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
        setOwn({ id, ended: false });
      } catch (error) {
        setFailure(problemOf(error).message);
      } finally {
        setStarting(false);
      }
    },
    cancel: async () => {
      if (!executionId) return;
      setCancelling(true);
      try {
        await api.executions.cancel.mutate({ executionId });
        await queryClient.invalidateQueries(trpc.executions.get.queryFilter({ executionId }));
      } catch (error) {
        setFailure(problemOf(error).message);
      } finally {
        setCancelling(false);
      }
    },
  };
}
