/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that is only compiled: what a client may write, what it gets, and what must not compile.
 * Each expected error is one that the types have to find.
 */
import { createTRPCClient, httpBatchStreamLink, httpSubscriptionLink, splitLink, TRPCClientError } from "@trpc/client";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import type { AppRouter, Execution, ExecutionSummary, Step, WatchEvent } from "../../web/src/api.gen.ts";

const url = "http://127.0.0.1:8080/trpc";
const client = createTRPCClient<AppRouter>({
  links: [splitLink({ condition: (op) => op.type === "subscription", true: httpSubscriptionLink({ url }), false: httpBatchStreamLink({ url }) })],
});

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

type Inputs = inferRouterInputs<AppRouter>;
type Outputs = inferRouterOutputs<AppRouter>;
same<Outputs["executions"]["get"], Execution>(true);
same<Inputs["executions"]["get"], { executionId: string; brief?: boolean }>(true);
same<NonNullable<Inputs["executions"]["list"]["status"]>, "queued" | "running" | "waiting" | "succeeded" | "failed" | "cancelled">(true);

export async function queries(projectId: string): Promise<void> {
  const { executions, nextCursor } = await client.executions.list.query({ projectId, status: "failed", limit: 10 });
  same<typeof executions, ExecutionSummary[]>(true);
  same<typeof nextCursor, string | undefined>(true);
  const status = await client.auth.status.query();
  const name: string | undefined = status.user?.name;
  const execution = await client.executions.get.query({ executionId: executions[0]!.id });
  same<typeof execution.steps, Step[]>(true);
  console.log(name, execution.steps[0]?.attempts[0]?.error?.sqlState);

  // @ts-expect-error: a field that is not there
  await client.executions.list.query({ projectId, state: "failed" });
  // @ts-expect-error: a word that is not one of its words
  await client.executions.list.query({ projectId, status: "done" });
  // @ts-expect-error: what is required
  await client.executions.list.query({});
  // @ts-expect-error: no input at all
  await client.executions.get.query();
  // @ts-expect-error: a number for an id
  await client.executions.get.query({ executionId: 7 });
  // @ts-expect-error: a query is no mutation
  await client.executions.get.mutate({ executionId: "x" });
  // @ts-expect-error: no such procedure
  await client.executions.watchAll.query();
  // @ts-expect-error: no such router
  await client.runs.list.query();
  // @ts-expect-error: no such member of the output
  console.log(execution.duration);
  // @ts-expect-error: it may be absent
  execution.startedAt.length;
}

export async function mutations(workflowId: string): Promise<void> {
  const started = await client.workflows.execute.mutate({ workflowId, input: { any: ["thing"] }, waitMs: 1000 });
  same<typeof started.executionId, string>(true);
  same<typeof started.execution, Execution | undefined>(true);
  await client.auth.logout.mutate();

  // @ts-expect-error: a mutation is no query
  await client.workflows.execute.query({ workflowId });
  // @ts-expect-error: a text for a number
  await client.workflows.execute.mutate({ workflowId, waitMs: "1000" });
  // @ts-expect-error: a field that is not there
  await client.workflows.execute.mutate({ workflowId, wait: 1000 });
  try {
    await client.workflows.execute.mutate({ workflowId });
  } catch (error) {
    if (!(error instanceof TRPCClientError)) throw error;
    const failure = error as TRPCClientError<AppRouter>;
    same<NonNullable<typeof failure.data>["requestId"], string>(true);
    console.log(failure.data?.field, failure.data?.reason, failure.data?.code);
  }
}

export function subscription(executionId: string): () => void {
  const watching = client.executions.watch.subscribe(
    { executionId, lastEventId: "x" },
    {
      onData: ({ id, data }) => {
        same<typeof id, string>(true);
        same<typeof data, WatchEvent>(true);
        same<typeof data.type, "execution" | "step" | "gap">(true);
        same<typeof data.step, Step | undefined>(true);
        // @ts-expect-error: no such member of an event
        console.log(data.node);
      },
      onError: (error) => console.log(error.data?.requestId),
    },
  );
  // @ts-expect-error: a field that is not there
  client.executions.watch.subscribe({ execution: executionId }, {});
  // @ts-expect-error: a subscription is no query
  void client.executions.watch.query({ executionId });
  return () => watching.unsubscribe();
}
