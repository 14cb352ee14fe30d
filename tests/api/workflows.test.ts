/* SPDX-License-Identifier: Apache-2.0 */
import { beforeAll, describe, expect, test } from "vitest";
import { addUser, client, needed, newFolder, refused, serve, type Caller, type Server } from "./harness.ts";

let server: Server;
let caller: Caller, batch: Caller;
let projectId: string, cache: string, database: string;

beforeAll(async () => {
  const data = newFolder();
  const token = addUser(data, "olga");
  server = await serve(data);
  caller = client(server, token);
  batch = client(server, token, true);
  projectId = (await caller.mutation("projects.create", { name: "P" })).id;
  const connect = async (connectionType: string, connectionUrl: string) =>
    (await caller.mutation("connections.create", { projectId, connectionType, name: connectionType, connectionUrl })).id;
  cache = await connect("redis", needed("REDISURL"));
  database = await connect("postgresql", needed("PGURL"));
});

const trigger = { id: "start", type: "manual-trigger", name: "Start" };
const create = async (definition: object, name = "w") =>
  (await caller.mutation("workflows.create", { projectId, name, definition })).id as string;
const sleeper = () => ({
  nodes: [{ id: "nap", type: "postgresql-query", name: "Nap", config: { connectionId: database, query: "SELECT pg_sleep(60)" } }],
  edges: [],
});

describe("saving", () => {
  test("rises the version with the definition only", async () => {
    const workflowId = await create({ nodes: [trigger], edges: [] }, "first");
    const made = await caller.query("workflows.get", { workflowId });
    expect(made).toMatchObject({ version: 1, active: false, problems: [], savedBy: "olga" });
    const renamed = await caller.mutation("workflows.update", { workflowId, name: "second", active: true });
    expect(renamed).toMatchObject({ version: 1, name: "second", active: true });
    const definition = { nodes: [], edges: [] };
    await refused(caller.mutation("workflows.update", { workflowId, definition }), "BAD_REQUEST", "workflows.update", "version");
    const saved = await caller.mutation("workflows.update", { workflowId, version: 1, definition });
    expect(saved).toMatchObject({ version: 2, definition, name: "second", savedBy: "olga" });
    expect(Date.parse(saved.savedAt)).toBeGreaterThan(Date.parse(made.savedAt));
    expect(renamed.savedAt).toBe(made.savedAt);
    const stale = await caller.mutation("workflows.update", { workflowId, version: 1, definition }).catch((error) => error);
    expect(stale.data.code).toBe("CONFLICT");
    const { workflows } = await caller.query("workflows.list", { projectId });
    expect(workflows[0]).toMatchObject({ id: workflowId, version: 2 });
    expect(workflows[0]).not.toHaveProperty("definition");
    expect(await caller.mutation("workflows.delete", { workflowId })).toEqual({ success: true });
    await refused(caller.query("workflows.get", { workflowId }), "NOT_FOUND", "workflows.get");
  });
  test.each([
    ["an unknown type", { nodes: [{ ...trigger, type: "fax" }], edges: [] }],
    ["a malformed id", { nodes: [{ ...trigger, id: "Start!" }], edges: [] }],
    ["two nodes of one id", { nodes: [trigger, trigger], edges: [] }],
    ["an edge to nowhere", { nodes: [trigger], edges: [{ source: "start", target: "gone" }] }],
    ["a circle", { nodes: [trigger], edges: [{ source: "start", target: "start" }] }],
    ["a missing list", { nodes: [trigger] }],
    ["an unknown key", { nodes: [{ ...trigger, colour: 1 }], edges: [] }],
  ])("refuses %s", async (_what, definition) => {
    const failure = await caller.mutation("workflows.create", { projectId, name: "bad", definition }).catch((error) => error);
    expect(failure.data).toMatchObject({ code: "BAD_REQUEST", httpStatus: 400 });
    expect(failure.data.field).toMatch(/^definition/);
  });
  test("refuses a connection of another project", async () => {
    const other = (await caller.mutation("projects.create", { name: "Other" })).id;
    const definition = sleeper();
    const failure = await caller.mutation("workflows.create", { projectId: other, name: "w", definition }).catch((error) => error);
    expect(failure.data.code).toBe("BAD_REQUEST");
    expect(failure.message).toContain("nap");
  });
  test("takes unfinished nodes, which do not execute", async () => {
    const workflowId = await create({ nodes: [{ id: "read", type: "redis-command", name: "Read" }], edges: [] });
    const { problems } = await caller.query("workflows.get", { workflowId });
    expect(problems).toContainEqual(expect.objectContaining({ nodeId: "read", field: "connectionId" }));
    const failure = await refused(caller.mutation("workflows.execute", { workflowId }), "BAD_REQUEST", "workflows.execute");
    expect(failure.message).toContain('"read"');
  });
});

test("components are listed with their fields", async () => {
  const { components } = await caller.query("components.list");
  expect(components.map((component: any) => component.name)).toEqual(
    expect.arrayContaining(["manual-trigger", "postgresql-query", "redis-command"]),
  );
  const query = components.find((component: any) => component.name === "postgresql-query");
  expect(query.fields.find((field: any) => field.name === "parameters")).toMatchObject({ templates: true });
});

describe("executing", () => {
  const chain = () => ({
    nodes: [
      trigger,
      { id: "load", type: "postgresql-query", name: "Load",
        config: { connectionId: database, query: "SELECT $1::int * 2 AS twice", parameters: ["{{ trigger.number }}"] } },
      { id: "keep", type: "redis-command", name: "Keep",
        config: { connectionId: cache, command: "SET", key: "twice:{{ execution.id }}", value: "{{ nodes.load.rows[0].twice }}" } },
      { id: "back", type: "redis-command", name: "Back",
        config: { connectionId: cache, command: "GET", key: "twice:{{ execution.id }}" } },
    ],
    edges: [
      { source: "start", target: "load" },
      { source: "load", target: "keep" },
      { source: "keep", target: "back" },
    ],
  });
  test("carries values from PostgreSQL to Redis and back", async () => {
    const workflowId = await create(chain());
    const { executionId, execution } = await caller.mutation("workflows.execute", { workflowId, input: { number: 21 }, waitMs: 20000 });
    expect(execution.error).toBeUndefined();
    expect(execution).toMatchObject({ id: executionId, projectId, workflowId, status: "succeeded", input: { number: 21 } });
    expect(execution.steps.map((step: any) => step.status)).toEqual(["succeeded", "succeeded", "succeeded", "succeeded"]);
    expect(execution.steps[3].output).toEqual({ value: "42" });
    expect(await caller.query("executions.get", { executionId })).toEqual(execution);
  });
  test("answers before the end without waitMs, and when the wait is over", async () => {
    const workflowId = await create(sleeper());
    const started = await caller.mutation("workflows.execute", { workflowId });
    expect(Object.keys(started)).toEqual(["executionId"]);
    const waited = await caller.mutation("workflows.execute", { workflowId, waitMs: 100 });
    expect(["queued", "running"]).toContain(waited.execution.status);
    for (const { executionId } of [started, waited]) {
      const ended = await caller.mutation("executions.cancel", { executionId });
      expect(ended).toMatchObject({ id: executionId, status: "cancelled" });
      expect(await caller.mutation("executions.cancel", { executionId })).toEqual(ended);
    }
  });
  test("a key gives the same execution again, and refuses another body", async () => {
    const workflowId = await create({ nodes: [trigger], edges: [] });
    const body = { workflowId, input: { a: 1 }, idempotencyKey: "once", waitMs: 10000 };
    const first = await caller.mutation("workflows.execute", body);
    expect(first.execution.status).toBe("succeeded");
    expect(await caller.mutation("workflows.execute", body)).toEqual(first);
    const other = await caller.mutation("workflows.execute", { ...body, input: { a: 2 } }).catch((error) => error);
    expect(other.data.code).toBe("CONFLICT");
  });
  test("refuses waits and inputs out of bounds", async () => {
    const workflowId = await create({ nodes: [trigger], edges: [] });
    const path = "workflows.execute";
    await refused(caller.mutation(path, { workflowId, waitMs: 60001 }), "BAD_REQUEST", path, "waitMs");
    await refused(caller.mutation(path, { workflowId, input: "x".repeat(1 << 20) }), "BAD_REQUEST", path, "input");
  });
  test("pages through executions, newest first", async () => {
    const workflowId = await create({ nodes: [trigger], edges: [] });
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await caller.mutation("workflows.execute", { workflowId, waitMs: 10000 })).executionId);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page: any = await caller.query("executions.list", { projectId, workflowId, status: "succeeded", limit: 2, ...(cursor ? { cursor } : {}) });
      expect(page.executions[0]).not.toHaveProperty("steps");
      seen.push(...page.executions.map((row: any) => row.id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toEqual(ids);
    expect((await caller.query("executions.list", { projectId, workflowId, status: "failed" })).executions).toEqual([]);
    await refused(caller.query("executions.list", { projectId, limit: 0 }), "BAD_REQUEST", "executions.list", "limit");
  });
});

test("a batch answers each of its calls", async () => {
  const workflowId = await create({ nodes: [trigger], edges: [] });
  const [started, missing, other] = await Promise.allSettled([
    batch.mutation("workflows.execute", { workflowId, waitMs: 10000 }),
    batch.mutation("workflows.execute", { workflowId: projectId }),
    batch.mutation("projects.create", { name: "In a batch" }),
  ]);
  expect(started).toMatchObject({ status: "fulfilled", value: { execution: { status: "succeeded" } } });
  expect(missing).toMatchObject({ status: "rejected", reason: { data: { code: "NOT_FOUND", path: "workflows.execute" } } });
  expect(other).toMatchObject({ status: "fulfilled", value: { name: "In a batch" } });
});
