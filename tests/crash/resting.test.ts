/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server is killed while thousands of executions wait for a database that is down: none is lost, each
 * waits as long as it had to, and nobody takes it for something that ends processes.
 */
import { beforeAll, expect, test } from "vitest";
import { call, chain, each, load, project, isGone, ended, said, start, stop, until } from "./harness.ts";

const hourMs = 3600_000;
let forever = "";
let shortly = "";
let other = "";

async function workflowWith(name: string, connectionId: string, delayMs: number): Promise<string> {
  const retry = { strategy: "fixed", maxAttempts: 2, delayMs };
  const node = { id: "get", type: "redis-command", name, config: { connectionId, command: "GET", key: "k" }, retry };
  return (await call("workflows.create", { projectId: project, name, definition: { nodes: [node], edges: [] } })).id;
}

beforeAll(async () => {
  const { id } = await call("connections.create", { projectId: project, connectionType: "redis", name: "Nowhere", connectionUrl: "redis://127.0.0.1:1" });
  forever = await workflowWith("Forever", id, hourMs);
  shortly = await workflowWith("Shortly", id, 7000);
  other = await chain("count");
});

const get = (executionId: string) => call("executions.get", { executionId }, true);
const waits = (execution: any) => execution.status === "waiting" && execution.steps[0].retryAt;

async function kill(): Promise<void> {
  await stop("SIGKILL");
  await start();
}

function enough(count: number): () => boolean {
  let started = 0;
  return () => started++ >= count;
}

/* The ids of those that wait now. */
async function allWaiting(): Promise<Set<string>> {
  const ids = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await call("executions.list", { projectId: project, status: "waiting", limit: 200, cursor }, true);
    for (const { id } of page.executions) ids.add(id);
    cursor = page.nextCursor;
  } while (cursor);
  return ids;
}

test("thousands wait on behind kill -9, each for as long as before", { timeout: 120_000 }, async () => {
  await start();
  const acknowledged = await load(16, [forever], enough(3000));
  const before = new Map<string, any>();
  await each(acknowledged.filter((_, i) => i % 20 === 0), async (id) => {
    const execution = await get(id);
    if (waits(execution)) before.set(id, execution);
  });
  expect(before.size).toBeGreaterThan(50);
  await kill();
  const run = await call("workflows.execute", { workflowId: other, waitMs: 60_000 });
  expect(run.execution.status).toBe("succeeded");
  await until("all wait", async () => {
    const now = await allWaiting();
    return acknowledged.every((id) => now.has(id));
  });
  await kill();
  await each([...before.keys()], async (id) => expect(await get(id)).toEqual(before.get(id)));
  await stop();
});

test("what rests comes back when it is due, however often processes die meanwhile", { timeout: 180_000 }, async () => {
  const child = await start();
  const acknowledged = await load(16, [shortly], enough(800));
  expect(isGone(child)).toBe(false);
  for (let i = 0; i < 6; i++) {
    await kill();
    await until("an answer", async () => (await call("workflows.execute", { workflowId: other, waitMs: 60_000 })).execution.finishedAt);
  }
  await each(acknowledged, async (id) => {
    await until(`the end of ${id}`, async () => (await get(id)).finishedAt);
    const { status, error, steps } = await get(id);
    expect([status, error.code], error.message).toEqual(["failed", "REFUSED"]);
    expect(steps[0].attempts.filter((attempt: any) => attempt.status === "failed").length).toBeLessThanOrEqual(2);
    expect(steps[0].attempts.at(-1).status).toBe("failed");
  });
  await stop("SIGTERM");
  await ended(child);
});

test("thousands that wait go with their project, also behind kill -9", { timeout: 120_000 }, async () => {
  const metrics = ["--metrics-listen", "127.0.0.1:0"];
  await start({}, metrics);
  const doomed = (await call("projects.create", { name: "Doomed" })).id;
  const { id } = await call("connections.create", { projectId: doomed, connectionType: "redis", name: "Nowhere", connectionUrl: "redis://127.0.0.1:1" });
  const retry = { strategy: "fixed", maxAttempts: 2, delayMs: hourMs };
  const node = { id: "get", type: "redis-command", name: "Get", config: { connectionId: id, command: "GET", key: "k" }, retry };
  const workflow = (await call("workflows.create", { projectId: doomed, name: "W", definition: { nodes: [node], edges: [] } })).id;
  const waitingNow = async () => {
    const at = /metrics are served address=(127\.0\.0\.1:\d+)/.exec(said())![1];
    const text = await (await fetch(`http://${at}/metrics`)).text();
    return Number(/^tieline_executions\{status="waiting"\} (\d+)$/m.exec(text)![1]);
  };
  const before = await waitingNow();
  const acknowledged = await load(16, [workflow], enough(4000));
  await until("all wait", async () => (await waitingNow()) === before + acknowledged.length);
  await call("projects.delete", { projectId: doomed });
  await stop("SIGKILL");
  await start({}, metrics);
  await expect(call("projects.get", { projectId: doomed }, true)).rejects.toThrow();
  await expect(get(acknowledged[5]!)).rejects.toThrow();
  await until("none of them waits", async () => (await waitingNow()) === before);
  await until("their history is gone", () => said().includes("history of a deleted project removed"));
  expect((await call("workflows.execute", { workflowId: other, waitMs: 60_000 })).execution.status).toBe("succeeded");
  await stop();
});
