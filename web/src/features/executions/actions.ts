/* SPDX-License-Identifier: Apache-2.0 */
/* Cancelling, and running again. */
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, queryClient } from "../../api/client.ts";
import { executionQuery } from "../../api/live-execution.ts";
import type { ExecutionSummary } from "../../api.gen.ts";
import { problemOf } from "../../app/errors.ts";
import { notice } from "../../app/notices.ts";
import { runs } from "../../text/runs.ts";

/* `done` is told of the execution as it is then. */
export function useCancel(execution: ExecutionSummary, done: (now: ExecutionSummary) => void) {
  return useMutation({
    mutationFn: () => api.executions.cancel.mutate({ executionId: execution.id }),
    onSuccess: (now) => {
      void queryClient.invalidateQueries({ queryKey: executionQuery(execution.id).queryKey });
      done(now);
    },
    onError: (error) => notice(problemOf(error).message),
  });
}

/* Goes to the new execution. */
export function useRunAgain(execution: ExecutionSummary) {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => api.executions.runAgain.mutate({ executionId: execution.id }),
    onSuccess: ({ executionId }) => {
      notice(runs.detail.started);
      return navigate({
        to: "/projects/$projectId/executions/$executionId",
        params: { projectId: execution.projectId, executionId },
      });
    },
    onError: (error) => notice(problemOf(error).message),
  });
}
