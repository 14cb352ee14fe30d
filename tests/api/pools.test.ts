/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection may cost: its cap is never passed, and a dead upstream costs its own steps only. */
import { execFileSync } from "node:child_process";
import { createServer, type AddressInfo, type Server as Listener, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addUser, client, needed, newFolder, serve, type Caller } from "./harness.ts";
import { until } from "./streams.ts";

let caller: Caller;
let projectId: string;

beforeAll(async () => {
  const data = newFolder();
  const token = addUser(data, "pia");
  caller = client(await serve(data), token);
  projectId = (await caller.mutation("projects.create", { name: "P" })).id;
});

const connect = async (name: string, connectionType: string, connectionUrl: string, config: object = {}) =>
  (await caller.mutation("connections.create", { projectId, connectionType, name, connectionUrl, config })).id as string;
const workflow = async (name: string, ...nodes: object[]) =>
  (await caller.mutation("workflows.create", { projectId, name, definition: { nodes, edges: [] } })).id as string;
const get = (id: string, connectionId: string, more: object = {}) => ({
  id, type: "redis-command", name: id, config: { connectionId, command: "GET", key: "k" }, ...more,
});
const execute = async (workflowId: string, waitMs = 20_000) =>
  (await caller.mutation("workflows.execute", { workflowId, waitMs })).execution;

/* A port where nobody listens. */
async function deadPort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => listener.once("listening", resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

test("never has more sessions than its cap", async () => {
  const url = `${needed("PGURL")}?application_name=capped`;
  const connectionId = await connect("capped", "postgresql", url, { pool: { max: 2, acquireTimeoutMs: 20_000 } });
  /* Each step counts the sessions of its kind while it holds one itself. */
  const query = "SELECT count(*)::int AS n, pg_sleep(0.05) FROM pg_stat_activity WHERE application_name = 'capped'";
  const workflowId = await workflow("count", { id: "n", type: "postgresql-query", name: "n", config: { connectionId, query } });
  const executions = await Promise.all(Array.from({ length: 24 }, () => execute(workflowId)));
  const counts = executions.map((execution) => execution.steps[0].output?.rows[0].n);
  expect(executions.map((execution) => execution.status)).toEqual(Array(24).fill("succeeded"));
  expect(Math.max(...counts)).toBeLessThanOrEqual(2);
  expect(Math.max(...counts)).toBeGreaterThan(0);
});

test("waits for a slot at most as long as it is told to", async () => {
  const connectionId = await connect("narrow", "postgresql", needed("PGURL"), { pool: { max: 1, acquireTimeoutMs: 100 } });
  const workflowId = await workflow("slow", { id: "n", type: "postgresql-query", name: "n", config: { connectionId, query: "SELECT pg_sleep(1)" } });
  const executions = await Promise.all([execute(workflowId), execute(workflowId)]);
  expect(executions.map((execution) => execution.status).sort()).toEqual(["failed", "succeeded"]);
  expect(executions.find((execution) => execution.status === "failed").error.code).toBe("POOL_TIMEOUT");
});

/* More than stay in line, for longer than they stand there: some go to rest meanwhile. */
test("a backlog at a slow connection waits its turn, and fails for nothing", { timeout: 60_000 }, async () => {
  const slow = await connect("slow", "postgresql", needed("PGURL"), { pool: { max: 1 } });
  const nap = await workflow("nap", { id: "n", type: "postgresql-query", name: "n", config: { connectionId: slow, query: "SELECT pg_sleep(0.07)" } });
  const other = await workflow("other", get("a", await connect("beside", "redis", needed("REDISURL"))));
  const started: string[] = await Promise.all(Array.from({ length: 100 }, async () => (await caller.mutation("workflows.execute", { workflowId: nap })).executionId));
  expect((await execute(other)).status).toBe("succeeded");
  const look = (executionId: string) => caller.query("executions.get", { executionId });
  const resting = await until(async () => (await caller.query("executions.list", { projectId, workflowId: nap, status: "waiting", limit: 1 })).executions[0]);
  const cancelled = await caller.mutation("executions.cancel", { executionId: resting.id });
  expect(cancelled).toMatchObject({ status: "cancelled", steps: [{ status: "skipped", attemptCount: 0 }] });
  for (const id of started.filter((one) => one !== resting.id)) {
    const execution = await until(async () => {
      const now = await look(id);
      return now.finishedAt && now;
    });
    expect(execution, JSON.stringify(execution.error)).toMatchObject({ status: "succeeded", steps: [{ attemptCount: 1 }] });
  }
});

test("a silent upstream holds its own steps up, and nobody else's", async () => {
  const open: Socket[] = [];
  const silent: Listener = createServer((socket) => open.push(socket)).listen(0, "127.0.0.1");
  afterAll(() => {
    for (const socket of open) socket.destroy();
    silent.close();
  });
  await new Promise((resolve) => silent.once("listening", resolve));
  const { port } = silent.address() as AddressInfo;
  const dead = await connect("silent", "redis", `redis://127.0.0.1:${port}`, { pool: { max: 2 }, connectTimeoutMs: 4000 });
  const alive = await connect("alive", "redis", needed("REDISURL"));
  const stuck = await workflow("stuck", get("a", dead));
  const quick = await workflow("quick", get("a", alive));
  const started = await Promise.all(
    Array.from({ length: 100 }, () => caller.mutation("workflows.execute", { workflowId: stuck })),
  );
  const execution = await execute(quick, 2000);
  expect(execution.status).toBe("succeeded");
  expect(open.length).toBeLessThanOrEqual(2);
  await Promise.all(started.map(({ executionId }) => caller.mutation("executions.cancel", { executionId })));
});

test("retries what may pass, as often as the policy says", async () => {
  const connectionId = await connect("refused", "redis", `redis://127.0.0.1:${await deadPort()}`);
  const retry = { strategy: "fixed", maxAttempts: 3, delayMs: 20 };
  const execution = await execute(await workflow("three", get("a", connectionId, { retry })));
  expect(execution).toMatchObject({ status: "failed", error: { code: "REFUSED", nodeId: "a" } });
  expect(execution.steps[0].attempts.map((attempt: any) => attempt.status)).toEqual(["failed", "failed", "failed"]);
  const once = await execute(await workflow("once", get("a", connectionId)));
  expect(once.steps[0].attempts).toHaveLength(1);
});

test("keeps trying until the connection is mended, without being told", async () => {
  const connectionId = await connect("mended", "redis", `redis://127.0.0.1:${await deadPort()}`);
  const retry = { strategy: "keep-trying", delayMs: 50, maxDelayMs: 100 };
  const workflowId = await workflow("patient", get("a", connectionId, { retry }));
  const waiting = execute(workflowId);
  await caller.mutation("connections.update", { connectionId, connectionUrl: needed("REDISURL") });
  expect((await waiting).status).toBe("succeeded");
});

test("does not retry what will not pass", async () => {
  const connectionId = await connect("wrong", "postgresql", needed("PGURL"));
  const retry = { strategy: "exponential", maxAttempts: 5, delayMs: 10 };
  const node = { id: "n", type: "postgresql-query", name: "n", retry, config: { connectionId, query: "SELECT nothing_like_it" } };
  const execution = await execute(await workflow("wrong", node));
  expect(execution.steps[0].attempts).toHaveLength(1);
  expect(execution.steps[0].attempts[0].error).toMatchObject({ code: "SERVER_ERROR", sqlState: "42703" });
});

test("a cancelled query ends in the database too", async () => {
  const connectionId = await connect("cancelled", "postgresql", needed("PGURL"));
  const mark = `SELECT pg_sleep(60) /* ${connectionId} */`;
  const workflowId = await workflow("long", { id: "n", type: "postgresql-query", name: "n", config: { connectionId, query: mark } });
  const { executionId } = await caller.mutation("workflows.execute", { workflowId });
  const running = () =>
    Number(execFileSync("psql", ["-X", "-A", "-t", needed("PGURL")], {
      input: `SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%${connectionId}%' AND pid <> pg_backend_pid()`,
    }).toString());
  for (const by = Date.now() + 10_000; running() === 0 && Date.now() < by; );
  expect(running()).toBe(1);
  const execution = await caller.mutation("executions.cancel", { executionId });
  expect(execution.status).toBe("cancelled");
  for (const by = Date.now() + 10_000; running() > 0 && Date.now() < by; );
  expect(running()).toBe(0);
});
