/* SPDX-License-Identifier: Apache-2.0 */
/* What became of executions: counted, looked at in part, run again. */
import { randomUUID } from "node:crypto";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { needed, refused, serveProject, type Caller, type Server } from "./harness.ts";
import { until, watch } from "./streams.ts";

let server: Server;
let caller: Caller;
let projectId: string;
let database: string, nowhere: string;

beforeAll(async () => {
  ({ server, caller, projectId } = await serveProject("olga"));
  database = await connect("db", needed("PGURL"));
  nowhere = await connect("nowhere", "postgresql://u:p@127.0.0.1:1/d");
});

const connect = async (name: string, connectionUrl: string) =>
  (await caller.mutation("connections.create", { projectId, connectionType: "postgresql", name, connectionUrl })).id as string;
const start = { id: "start", type: "manual-trigger", name: "Start" };
const query = (id: string, text: string, connectionId = database, more: object = {}) => ({
  id, type: "postgresql-query", name: id, config: { connectionId, query: text, ...more },
});
const chain = (...nodes: { id: string }[]) => ({
  nodes,
  edges: nodes.slice(1).map((node, i) => ({ source: nodes[i]!.id, target: node.id })),
});
const workflow = async (name: string, definition: object) =>
  (await caller.mutation("workflows.create", { projectId, name, definition })).id as string;
const execute = async (workflowId: string, input?: unknown): Promise<any> =>
  (await caller.mutation("workflows.execute", { workflowId, input, waitMs: 30000 })).execution;
const numbers = (one: any) => [one.executions, one.succeeded, one.failed, one.cancelled, one.open];

describe("statistics", () => {
  test("of a project without executions are all nought", async () => {
    const { id } = await caller.mutation("projects.create", { name: "Empty" });
    const all = await caller.query("executions.statistics", { projectId: id, range: "7d" });
    expect(all).toMatchObject({ complete: true, workflows: [] });
    expect(numbers(all)).toEqual([0, 0, 0, 0, 0]);
    expect(all).not.toHaveProperty("medianMs");
    expect(Date.parse(all.until) - Date.parse(all.since)).toBe(7 * 24 * 3600_000);
    expect(await caller.query("connections.statistics", { projectId: id, range: "7d" })).toMatchObject({ complete: true, connections: [] });
  });
  test("are what the list says, by workflow, over time and by connection", async () => {
    const good = await workflow("Good", chain(start, query("a", "SELECT pg_sleep(0.02)"), query("b", "SELECT 2")));
    const retry = { strategy: "fixed", maxAttempts: 3, delayMs: 1 };
    const bad = await workflow("Bad", chain(start, { ...query("c", "SELECT 1", nowhere), retry } as never, query("d", "SELECT 1")));
    const slow = await workflow("Slow", chain(start, query("nap", "SELECT pg_sleep(60)")));
    const times: number[] = [];
    for (let i = 0; i < 7; i++) {
      const { startedAt, finishedAt } = await execute(good);
      times.push(Date.parse(finishedAt) - Date.parse(startedAt));
    }
    for (let i = 0; i < 3; i++) await execute(bad);
    const { executionId } = await caller.mutation("workflows.execute", { workflowId: slow });
    for (const range of ["24h", "7d", "30d"]) {
      const all = await caller.query("executions.statistics", { projectId, range });
      expect(numbers(all), range).toEqual([11, 7, 3, 0, 1]);
      expect(all.complete).toBe(true);
      expect(all.workflows.map((one: any) => [one.workflowId, one.name, ...numbers(one)])).toEqual([
        [good, "Good", 7, 7, 0, 0, 0],
        [bad, "Bad", 3, 0, 3, 0, 0],
        [slow, "Slow", 1, 0, 0, 0, 1],
      ]);
      expect(all.slices.length).toBe({ "24h": 25, "7d": 29, "30d": 31 }[range]);
      for (const key of ["succeeded", "failed", "cancelled", "open"])
        expect(all.slices.reduce((sum: number, one: any) => sum + one[key], 0), key).toBe(all[key]);
      const first = Date.parse(all.slices[0].at);
      expect(first <= Date.parse(all.since) && Date.parse(all.slices.at(-1).at) <= Date.parse(all.until)).toBe(true);
      /* Nearest rank; of 7 the 4th and the 7th. Times in answers are whole milliseconds. */
      const sorted = [...times].sort((a, b) => a - b);
      const { medianMs, p95Ms } = all.workflows[0];
      expect(Math.abs(medianMs - sorted[3]!)).toBeLessThanOrEqual(1);
      expect(Math.abs(p95Ms - sorted[6]!)).toBeLessThanOrEqual(1);
      expect(all.workflows[2]).not.toHaveProperty("medianMs");
    }
    await caller.mutation("executions.cancel", { executionId });
    const ended = await caller.query("executions.statistics", { projectId, range: "24h" });
    expect(numbers(ended)).toEqual([11, 7, 3, 1, 0]);
    for (const status of ["succeeded", "failed", "cancelled"])
      expect((await caller.query("executions.list", { projectId, status })).executions.length).toBe(ended[status]);
    const { connections } = await caller.query("connections.statistics", { projectId, range: "24h" });
    expect(connections).toMatchObject([
      { connectionId: database, name: "db", connectionType: "postgresql", steps: 15, succeeded: 14, failed: 0, retries: 0 },
      { connectionId: nowhere, name: "nowhere", steps: 3, succeeded: 0, failed: 3, retries: 6 },
    ]);
    expect(connections[0].p95Ms).toBeGreaterThanOrEqual(connections[0].medianMs);
    expect(connections[0]).not.toHaveProperty("deleted");
  });
  test("still know a connection that was deleted", async () => {
    await caller.mutation("connections.delete", { connectionId: nowhere, force: true });
    const { connections } = await caller.query("connections.statistics", { projectId, range: "30d" });
    expect(connections[1]).toMatchObject({ name: "nowhere", deleted: true });
  });
  test("refuse another range", async () => {
    await refused(caller.query("executions.statistics", { projectId, range: "1y" }), "BAD_REQUEST", "executions.statistics", "range");
  });
  test("and a cancel wait for no connection test, however many hang", async () => {
    const open: Socket[] = [];
    const silent = createServer((socket) => open.push(socket)).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const connectionUrl = `redis://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { id } = await caller.mutation("projects.create", { name: "Hanging" });
    const nap = await workflow("Nap", chain(start, query("nap", "SELECT pg_sleep(60)")));
    const { executionId } = await caller.mutation("workflows.execute", { workflowId: nap });
    let ended = 0;
    const tests = Array.from({ length: 12 }, async () => {
      const result = await caller.mutation("connections.test", { projectId: id, connectionType: "redis", connectionUrl });
      ended++;
      return result;
    });
    await until(() => open.length >= 4); /* all that run at once */
    expect(await caller.query("executions.statistics", { projectId: id, range: "24h" })).toMatchObject({ complete: true });
    expect((await caller.mutation("executions.cancel", { executionId })).status).toBe("cancelled");
    expect(ended).toBe(0);
    silent.close();
    for (const socket of open) socket.destroy();
    await caller.mutation("workflows.delete", { workflowId: nap });
    await Promise.all(tests);
  });
});

describe("executions", () => {
  test("are listed since a moment, on every page and in every way", async () => {
    const workflowId = await workflow("Since", chain(start));
    for (let i = 0; i < 3; i++) await execute(workflowId);
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.unshift((await execute(workflowId)).id);
    const { createdAt: since } = await caller.query("executions.get", { executionId: ids[2] });
    for (const more of [{}, { workflowId }, { status: "succeeded" }, { status: "succeeded", workflowId }]) {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await caller.query("executions.list", { projectId, since, limit: 2, ...more, ...(cursor && { cursor }) });
        found.push(...page.executions.map((one: any) => one.id));
        cursor = page.nextCursor;
      } while (cursor);
      /* The same millisecond may hold one more. */
      expect(found.slice(0, 3), JSON.stringify(more)).toEqual(ids);
      expect(found.length).toBeLessThanOrEqual(4);
    }
    /* Whoever asks for what was accepted since an execution was, is given that one too, each time. */
    const many = await Promise.all(Array.from({ length: 200 }, () => execute(workflowId)));
    const millisecond = (id: string) => parseInt(id.replace("-", "").slice(0, 12), 16);
    expect(many.filter(({ id, createdAt }) => millisecond(id) !== Date.parse(createdAt))).toEqual([]);
    const later = new Date(Date.now() + 60_000).toISOString();
    for (const status of [undefined, "failed", "running"])
      expect((await caller.query("executions.list", { projectId, since: later, status })).executions).toEqual([]);
  });
  test("come without what is long when they are asked for in brief, and a step comes whole", async () => {
    const long = query("long", "SELECT repeat('x', 100000) AS x, 12345678901234567890.10 AS exact");
    const executionId = (await execute(await workflow("Long", chain(start, long, query("short", "SELECT 1 AS n"))))).id;
    const whole = await caller.query("executions.get", { executionId });
    expect(whole.steps.some((step: any) => "partial" in step)).toBe(false);
    const brief = await caller.query("executions.get", { executionId, brief: true });
    const [, longStep, shortStep] = brief.steps;
    expect(longStep).toMatchObject({ nodeId: "long", status: "succeeded", partial: true, input: whole.steps[1].input });
    expect(longStep).not.toHaveProperty("output");
    expect(shortStep).toEqual(whole.steps[2]);
    expect(await caller.query("executions.step", { executionId, nodeId: "long" })).toEqual(whole.steps[1]);
    /* In brief it comes cut, and says so; what is short is the same. */
    const many = query("many", "SELECT n, repeat('é', 20) AS x FROM generate_series(1, 20000) AS n", database, { maxRows: 20000 });
    const manyId = (await execute(await workflow("Many", chain(start, many)))).id;
    const all = await caller.query("executions.step", { executionId: manyId, nodeId: "many" });
    const some = await caller.query("executions.step", { executionId: manyId, nodeId: "many", brief: true });
    expect(some).toMatchObject({ input: all.input, output: { rowCount: 20000, columns: all.output.columns, command: "SELECT" } });
    expect(some.output.rows).toEqual(all.output.rows.slice(0, some.output.rows.length));
    expect(JSON.stringify(some.output).length).toBeLessThan(68_000);
    expect(some.output.rows.length).toBeGreaterThan(500);
    expect(some.outputBytes).toBe(Buffer.byteLength(JSON.stringify(all.output)));
    expect(some).not.toHaveProperty("inputBytes");
    const text = await caller.query("executions.step", { executionId, nodeId: "long", brief: true });
    expect(text.output.rows[0].x).toMatch(/^x{60000,66000}$/);
    expect(await caller.query("executions.step", { executionId, nodeId: "short", brief: true })).toEqual(whole.steps[2]);
    await refused(caller.query("executions.step", { executionId, nodeId: "none" }), "NOT_FOUND", "executions.step", "nodeId");
    await refused(caller.query("executions.step", { executionId: randomUUID(), nodeId: "long" }), "NOT_FOUND", "executions.step");
  });
  test("say what to do about an error, the execution's, the step's and each attempt's, and in the stream", async () => {
    const away = await connect("away", "postgresql://u:p@127.0.0.1:1/d");
    const retry = { strategy: "fixed", maxAttempts: 2, delayMs: 1 };
    const executionId = (await execute(await workflow("Away", chain(start, { ...query("c", "SELECT 1", away), retry } as never)))).id;
    const advice = "Is the server running, and is the port right? PostgreSQL must also listen on this address (listen_addresses).";
    const error = { code: "REFUSED", advice };
    for (const brief of [false, true]) {
      const found = await caller.query("executions.get", { executionId, brief });
      expect(found).toMatchObject({ error: { ...error, nodeId: "c" }, attemptCount: 2 });
      expect(found.steps[1]).toMatchObject({ error, attempts: [{ error }, { error }] });
    }
    expect(await caller.query("executions.step", { executionId, nodeId: "c" })).toMatchObject({ error, attempts: [{ error }, { error }] });
    const seen = watch(server.base, await token(), { executionId });
    await seen.ended;
    expect(seen.events.find(({ data }) => data.step?.nodeId === "c")!.data.step).toMatchObject({ error });
    expect(seen.events.at(-1)!.data.execution).toMatchObject({ error });
  });
  test("know the definition that they ran, when the workflow is another one or is gone", async () => {
    const first = chain(start, query("a", "SELECT 1")), second = chain(start);
    const workflowId = await workflow("Changed", first);
    const { id: executionId } = await execute(workflowId);
    await caller.mutation("workflows.update", { workflowId, version: 1, definition: second });
    await caller.mutation("workflows.delete", { workflowId });
    const found = await caller.query("executions.definition", { executionId });
    expect(found).toMatchObject({ version: 1, definition: { nodes: [{ id: "start" }, { id: "a" }], edges: first.edges } });
  });
  test("are run again with the same input, digit by digit, on the latest version", async () => {
    const echo = (text: string) => chain(start, query("echo", text, database, { parameters: ["{{ trigger.amount }}"] }));
    const workflowId = await workflow("Again", echo("SELECT $1::numeric AS amount"));
    const body = `{"workflowId":"${workflowId}","input":{"amount":12345678901234567890.10},"waitMs":30000}`;
    const headers = { authorization: `Bearer ${await token()}`, "content-type": "application/json" };
    const answer: any = await (await fetch(`${server.base}/trpc/workflows.execute`, { method: "POST", headers, body })).json();
    const old = answer.result.data.execution;
    expect(old.steps[1].output.rows).toEqual([{ amount: "12345678901234567890.10" }]);
    await caller.mutation("workflows.update", { workflowId, version: 1, definition: echo("SELECT $1::numeric AS again") });
    const { execution } = await caller.mutation("executions.runAgain", { executionId: old.id, waitMs: 30000 });
    expect(execution).toMatchObject({ status: "succeeded", rerunOf: old.id, workflowId, workflowVersion: 2 });
    expect(execution.steps[1].output.rows).toEqual([{ again: "12345678901234567890.10" }]);
    const stored = await caller.query("executions.get", { executionId: execution.id });
    expect(stored.rerunOf).toBe(old.id);
    expect(await caller.query("executions.get", { executionId: old.id })).not.toHaveProperty("rerunOf");
    const { executions } = await caller.query("executions.list", { projectId, workflowId });
    expect(executions.map((one: any) => one.rerunOf)).toEqual([old.id, undefined]);
    expect(executions).toMatchObject([{ trigger: "api", attemptCount: 1 }, { trigger: "api", attemptCount: 1 }]);
    await caller.mutation("workflows.delete", { workflowId });
    const gone = await refused(caller.mutation("executions.runAgain", { executionId: old.id }), "NOT_FOUND", "executions.runAgain");
    expect(gone.message).toBe("the workflow was deleted");
  });
});

async function token(): Promise<string> {
  return (await caller.mutation("tokens.create", { name: "raw" })).secret;
}
