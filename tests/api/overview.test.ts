/* SPDX-License-Identifier: Apache-2.0 */
/* What lists say at a glance: counts of projects, last executions and hours of workflows; what the server says of itself. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { addUser, client, needed, newFolder, refused, run, serve, type Caller, type Server } from "./harness.ts";
import { onPostgresql } from "./stores.ts";

let server: Server;
let token: string;
let caller: Caller, other: Caller;
let projectId: string, database: string;

beforeAll(async () => {
  const data = newFolder();
  token = addUser(data, "olga");
  const others = addUser(data, "sam");
  server = await serve(data);
  caller = client(server, token);
  other = client(server, others);
  projectId = (await caller.mutation("projects.create", { name: "P" })).id;
  const connection = { projectId, connectionType: "postgresql", name: "db", connectionUrl: needed("PGURL") };
  database = (await caller.mutation("connections.create", connection)).id;
});

const workflow = async (name: string, query?: string) => {
  const node = { id: "q", type: "postgresql-query", name: "q", config: { connectionId: database, query } };
  const definition = { nodes: query ? [node] : [{ id: "start", type: "manual-trigger", name: "Start" }], edges: [] };
  return (await caller.mutation("workflows.create", { projectId, name, definition })).id as string;
};
const execute = async (workflowId: string) =>
  (await caller.mutation("workflows.execute", { workflowId, waitMs: 30000 })).execution;

test("projects, their workflows and the last executions of those, by the hour", async () => {
  const counts = async (who: Caller) =>
    (await who.query("projects.list")).projects.map((one: any) => [one.name, one.workflowCount, one.connectionCount, one.recentFailures]);
  expect(await counts(caller)).toEqual([["P", 0, 1, 0]]);
  const good = await workflow("Good");
  const bad = await workflow("Bad", "SELECT 1/0");
  const idle = await workflow("Idle");
  const gone = await workflow("Gone");
  const slow = await workflow("Slow", "SELECT pg_sleep(60)");
  await execute(gone);
  for (let i = 0; i < 3; i++) await execute(good);
  const failed = [await execute(bad), await execute(bad)];
  const newest = await execute(good);
  const { executionId } = await caller.mutation("workflows.execute", { workflowId: slow });
  await caller.mutation("workflows.delete", { workflowId: gone });

  const last = async () =>
    Object.fromEntries((await caller.query("workflows.list", { projectId })).workflows.map((one: any) => [one.id, one.lastExecution]));
  expect(await last()).toMatchObject({
    [good]: { executionId: newest.id, status: "succeeded", createdAt: newest.createdAt },
    [bad]: { executionId: failed[1].id, status: "failed" },
    [slow]: { executionId },
  });
  /* What only memory knows is known here too. */
  const now = async () => [(await last())[slow].status, (await caller.query("executions.get", { executionId })).status];
  await expect.poll(now).toEqual(["running", "running"]);
  expect(await last()).toHaveProperty([idle], undefined);
  expect(await last()).not.toHaveProperty([gone]);
  await caller.mutation("executions.cancel", { executionId });
  expect((await last())[slow].status).toBe("cancelled");

  for (const [range, slices] of [["24h", 25], ["7d", 29], ["30d", 31]] as const) {
    const all = await caller.query("workflows.statistics", { projectId, range });
    expect(all.complete).toBe(true);
    expect(all.slices.length).toBe(slices);
    const times = all.slices.map((one: any) => one.at);
    const seen = Object.fromEntries(all.workflows.map((one: any) => [one.workflowId, one]));
    expect(Object.keys(seen).sort()).toEqual([good, bad, gone, slow].sort());
    for (const [id, key, count] of [[good, "succeeded", 4], [bad, "failed", 2], [slow, "cancelled", 1], [gone, "succeeded", 1]] as const) {
      expect(seen[id].executions).toBe(count);
      /* The clock may strike in between. */
      expect(seen[id].slices.reduce((sum: number, one: any) => sum + one[key], 0)).toBe(count);
      for (const slice of seen[id].slices) expect(times).toContain(slice.at);
      expect(seen[id].slices.length).toBeLessThanOrEqual(2);
    }
  }
  await refused(caller.query("workflows.statistics", { projectId, range: "1y" }), "BAD_REQUEST", "workflows.statistics", "range");

  expect(await counts(caller)).toEqual([["P", 4, 1, 2]]);
  expect(await counts(other)).toEqual([]);
  await other.mutation("projects.create", { name: "Other" });
  expect(await counts(other)).toEqual([["Other", 0, 0, 0]]);
});

test("the server says which key seals, and how large its store is", async () => {
  run("user", "grant-admin", "olga@tieline.test", "--data", server.data);
  const status = await caller.query("system.status");
  expect(readFileSync(join(server.data, "master.key"), "utf8")).toContain(status.keyId);
  const store = await caller.query("system.store");
  expect(store).toMatchObject({ kind: onPostgresql ? "postgresql" : "sqlite", users: 2, projects: 2, workflows: 4, connections: 1, openExecutions: 0 });
  expect(store).not.toHaveProperty("check");
  expect(store.freeBytes).toBeLessThan(store.bytes);
  if (onPostgresql) return; /* there is no file, and nothing of ours to look through */
  expect(store.bytes % 4096).toBe(0);
  /* What is in the log is part of the database, and not yet of its file. */
  expect(statSync(join(server.data, "tieline.db")).size).toBeLessThanOrEqual(store.bytes);
  expect(store.logBytes).toBeGreaterThan(0);
  await server.kill();
  server = await serve(server.data);
  caller = client(server, token);
  await expect.poll(async () => (await caller.query("system.store")).check).toBe("ok");
});
