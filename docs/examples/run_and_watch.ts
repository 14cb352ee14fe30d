/* SPDX-License-Identifier: Apache-2.0 */
/* Starts a workflow and follows it to its end: node run_and_watch.ts WORKFLOW-ID [INPUT] */
import { createTRPCClient, httpBatchStreamLink, httpSubscriptionLink, splitLink, TRPCClientError } from "@trpc/client";
import { EventSource } from "eventsource";
import type { AppRouter, ExecutionSummary } from "./tieline.ts";

const url = `${process.env["TIELINE_URL"] ?? "http://127.0.0.1:8080"}/trpc`;
const token = process.env["TIELINE_TOKEN"] ?? "";

/* Calls of one moment share a request, and each is answered as soon as it is done. */
const tieline = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: (op) => op.type === "subscription",
      true: httpSubscriptionLink({ url, EventSource, connectionParams: { token } }),
      false: httpBatchStreamLink({ url, headers: { authorization: `Bearer ${token}` } }),
    }),
  ],
});

function follow(executionId: string): Promise<ExecutionSummary | undefined> {
  return new Promise((resolve, reject) => {
    let last: ExecutionSummary | undefined;
    tieline.executions.watch.subscribe(
      { executionId },
      {
        onData: ({ data }) => {
          if (data.execution) last = data.execution;
          if (data.execution) console.log(`execution: ${data.execution.status}`);
          if (data.step && data.step.status !== "pending") console.log(`  ${data.step.nodeId}: ${data.step.status}`);
        },
        onComplete: () => resolve(last),
        onError: reject,
      },
    );
  });
}

async function main(workflowId: string, input: string | undefined): Promise<number> {
  const [workflow, { executionId }] = await Promise.all([
    tieline.workflows.get.query({ workflowId }),
    tieline.workflows.execute.mutate({ workflowId, ...(input ? { input: JSON.parse(input) } : {}) }),
  ]);
  console.log(`${workflow.name}, version ${workflow.version}`);
  const ended = await follow(executionId);
  if (ended?.error) console.log(`${ended.error.nodeId ?? "execution"}: ${ended.error.code}: ${ended.error.message}`);
  const { steps } = await tieline.executions.get.query({ executionId });
  console.log(JSON.stringify(steps.at(-1)?.output));
  return ended?.status === "succeeded" ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv[2] ?? "", process.argv[3]);
} catch (error) {
  if (!(error instanceof TRPCClientError)) throw error;
  const { message, data } = error as TRPCClientError<AppRouter>;
  console.error(`${data?.code ?? "no answer"}: ${message}`);
  process.exitCode = 2;
}
