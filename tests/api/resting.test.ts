/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that is down, and thousands of executions that wait for it: they are there, can be seen, watched
 * and cancelled, and keep nobody else from starting.
 */
import { beforeAll, expect, test } from "vitest";
import { addUser, client, needed, newFolder, serve, type Caller, type Server } from "./harness.ts";
import { until, watch } from "./streams.ts";

/* More than the engine keeps in memory, of any kind. */
const many = 5000;
const hourMs = 3600_000;

let data: string, token: string;
let server: Server;
let caller: Caller;
let projectId: string, forever: string, shortly: string, other: string;
let waiting: string[];

const flags = ["--metrics-listen", "127.0.0.1:0"];

async function up(): Promise<void> {
  server = await serve(data, ...flags);
  caller = client(server, token);
}

beforeAll(async () => {
  data = newFolder();
  token = addUser(data, "ada");
  await up();
  projectId = (await caller.mutation("projects.create", { name: "P" })).id;
  const connection = async (name: string, connectionUrl: string) =>
    (await caller.mutation("connections.create", { projectId, connectionType: "redis", name, connectionUrl })).id;
  const dead = await connection("dead", "redis://127.0.0.1:1");
  const alive = await connection("alive", needed("REDISURL"));
  const workflow = async (name: string, connectionId: string, retry?: object) => {
    const node = { id: "get", type: "redis-command", name, config: { connectionId, command: "GET", key: "k" }, retry };
    return (await caller.mutation("workflows.create", { projectId, name, definition: { nodes: [node], edges: [] } })).id;
  };
  forever = await workflow("forever", dead, { strategy: "fixed", maxAttempts: 3, delayMs: hourMs });
  shortly = await workflow("shortly", dead, { strategy: "fixed", maxAttempts: 2, delayMs: 5500 });
  other = await workflow("other", alive);
});

async function waitingNow(): Promise<number> {
  const address = /metrics are served address=(127\.0\.0\.1:\d+)/.exec(server.output())![1];
  const text = await (await fetch(`http://${address}/metrics`)).text();
  return Number(/^tieline_executions\{status="waiting"\} (\d+)$/m.exec(text)![1]);
}

async function startMany(workflowId: string, count: number): Promise<string[]> {
  const batching = client(server, token, true);
  const ids: string[] = [];
  while (ids.length < count) {
    const some = Array.from({ length: Math.min(100, count - ids.length) }, () => batching.mutation("workflows.execute", { workflowId }));
    for (const { executionId } of await Promise.all(some)) ids.push(executionId);
  }
  return ids;
}

const look = (executionId: string) => caller.query("executions.get", { executionId });
const runOther = () => caller.mutation("workflows.execute", { workflowId: other, waitMs: 60_000 });

test("thousands that wait for a server that is down keep nobody else from starting", { timeout: 120_000 }, async () => {
  waiting = await startMany(forever, many);
  await until(async () => (await waitingNow()) === many);
  const { execution } = await runOther();
  expect(execution.status).toBe("succeeded");
  expect(await waitingNow()).toBe(many);
  for (const id of [waiting[0]!, waiting[many / 2]!, waiting[many - 1]!]) {
    const seen = await look(id);
    const [step] = seen.steps;
    expect(seen.status).toBe("waiting");
    expect(step).toMatchObject({ status: "waiting", attemptCount: 1 });
    expect(Date.parse(step.retryAt) - Date.parse(step.attempts[0].finishedAt)).toBeGreaterThan(hourMs / 2);
  }
  const page = await caller.query("executions.list", { projectId, status: "waiting", limit: 200 });
  expect(page.executions.length).toBe(200);
  expect(page.nextCursor).toBeTruthy();
});

test("one of them is cancelled at once, and all who wait or watch are told", async () => {
  const idempotencyKey = "told";
  const { executionId } = await caller.mutation("workflows.execute", { workflowId: forever, idempotencyKey });
  await until(async () => (await waitingNow()) === many + 1);
  const seen = watch(server.base, token, { executionId });
  await until(() => seen.events.some(({ data }) => data.type === "step" && data.step.retryAt));
  const waiter = caller.mutation("workflows.execute", { workflowId: forever, idempotencyKey, waitMs: 60_000 });
  const cancelled = await caller.mutation("executions.cancel", { executionId });
  expect(cancelled.status).toBe("cancelled");
  expect(cancelled.steps[0].status).toBe("cancelled");
  expect(cancelled.steps[0]).not.toHaveProperty("retryAt");
  expect(await waiter).toMatchObject({ executionId, execution: { status: "cancelled" } });
  await seen.ended;
  expect(seen.errors).toEqual([]);
  expect(seen.events.at(-1)!.data.execution.status).toBe("cancelled");
  expect(await waitingNow()).toBe(many);
});

test("a wait that is over shows it waiting", async () => {
  const { execution } = await caller.mutation("workflows.execute", { workflowId: forever, waitMs: 300 });
  expect(["running", "waiting"]).toContain(execution.status);
  await until(async () => (await look(execution.id)).status === "waiting");
  expect((await caller.mutation("executions.cancel", { executionId: execution.id })).status).toBe("cancelled");
});

test("they come back when their retry is due, in their time", async () => {
  const ids = await startMany(shortly, 300);
  for (const id of ids) {
    const seen = await until(async () => {
      const now = await look(id);
      return now.finishedAt && now;
    });
    expect(seen.status).toBe("failed");
    const [first, second] = seen.steps[0].attempts;
    expect(seen.steps[0].attemptCount).toBe(2);
    expect(Date.parse(second.startedAt) - Date.parse(first.finishedAt)).toBeGreaterThanOrEqual(5400);
    expect(seen.error.code).toBe("REFUSED");
  }
  await until(async () => (await waitingNow()) === many);
});

test("they wait on behind a stop and a start", async () => {
  const before = await look(waiting[7]!);
  expect(await server.stop()).toBe(0);
  await up();
  await until(async () => (await waitingNow()) === many);
  expect((await runOther()).execution.status).toBe("succeeded");
  expect(await look(waiting[7]!)).toEqual(before);
});

test("they go with their project", async () => {
  const executionId = waiting[9]!;
  await caller.mutation("projects.delete", { projectId });
  await until(async () => (await waitingNow()) === 0);
  await expect(look(executionId)).rejects.toThrow();
});
