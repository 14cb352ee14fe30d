/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that die unseen, and waiting for one that nobody wants any more. */
import { connect as dial, createServer, type AddressInfo, type Server as Listener, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addUser, client, needed, newFolder, serve, type Caller, type Server } from "./harness.ts";

let server: Server;
let token: string;
let caller: Caller;
let projectId: string;

beforeAll(async () => {
  const data = newFolder();
  token = addUser(data, "pia");
  server = await serve(data);
  caller = client(server, token);
  projectId = (await caller.mutation("projects.create", { name: "P" })).id;
});

const save = async (name: string, connectionUrl: string, config: object = {}) =>
  (await caller.mutation("connections.create", {
    projectId, connectionType: connectionUrl.startsWith("postgres") ? "postgresql" : "redis", name, connectionUrl, config,
  })).id as string;
const workflow = async (name: string, type: string, config: object) =>
  (await caller.mutation("workflows.create", {
    projectId, name, definition: { nodes: [{ id: "n", type, name: "n", config }], edges: [] },
  })).id as string;
const execute = async (workflowId: string) => (await caller.mutation("workflows.execute", { workflowId, waitMs: 30_000 })).execution;

/* --- a stretch of wire that breaks at the next word of the client's --- */

const open: { listener: Listener; sockets: Set<Socket> }[] = [];
afterAll(() => {
  for (const { listener, sockets } of open) {
    listener.close();
    for (const socket of sockets) socket.destroy();
  }
});

async function listen(take: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    take(socket);
  }).listen(0, "127.0.0.1");
  open.push({ listener, sockets });
  await new Promise((resolve) => listener.once("listening", resolve));
  return (listener.address() as AddressInfo).port;
}

/* "cut" more words from the client end their connection instead of reaching the server. */
async function wire(to: string) {
  const target = new URL(to);
  const behind = Number(target.port);
  const state = { cut: 0, url: "", opened: 0 };
  const port = await listen((socket) => {
    state.opened++;
    const upstream = dial(behind, "127.0.0.1").on("error", () => socket.destroy());
    upstream.on("data", (piece) => socket.write(piece)).on("close", () => socket.destroy());
    socket.on("close", () => upstream.destroy()).on("data", (piece) => {
      if (state.cut > 0) {
        state.cut--;
        socket.destroy();
      } else {
        upstream.write(piece);
      }
    });
  });
  target.port = String(port);
  state.url = target.href;
  return state;
}

test.each([
  ["PostgreSQL", "PGURL", "postgresql-query", { query: "SELECT 1 AS v" }],
  ["Redis", "REDISURL", "redis-command", { command: "GET", key: "sessions:none" }],
] as const)("%s: a session that ended before it was used is replaced, once and silently", async (name, variable, type, what) => {
  const state = await wire(needed(variable));
  const connectionId = await save(name, state.url, { pool: { max: 1 } });
  const workflowId = await workflow(name, type, { connectionId, ...what });
  expect((await execute(workflowId)).status).toBe("succeeded");
  expect(state.opened).toBe(1);

  state.cut = 1;
  const execution = await execute(workflowId);
  expect(execution, JSON.stringify(execution)).toMatchObject({ status: "succeeded", steps: [{ attempts: [{ number: 1, status: "succeeded" }] }] });
  expect(execution.steps[0].attempts).toHaveLength(1);
  expect(state).toMatchObject({ cut: 0, opened: 2 });

  /* The one dialled for it ends too: that is told. */
  state.cut = 2;
  const failed = await execute(workflowId);
  expect(failed, JSON.stringify(failed)).toMatchObject({ status: "failed" });
  expect(failed.steps[0].attempts).toHaveLength(1);
  state.cut = 0;
  expect((await execute(workflowId)).status).toBe("succeeded");
});

test("what may not happen twice is not sent twice", async () => {
  const state = await wire(needed("REDISURL"));
  const connectionId = await save("once", state.url, { pool: { max: 1 } });
  const workflowId = await workflow("once", "redis-command", { connectionId, command: "INCR", key: `sessions:${process.pid}` });
  expect((await execute(workflowId)).steps[0].output).toEqual({ value: 1 });
  state.cut = 1;
  expect(await execute(workflowId)).toMatchObject({ status: "failed", error: { code: "OUTCOME_UNKNOWN" } });
  expect((await execute(workflowId)).steps[0].output).toEqual({ value: 2 });
});

/* --- dialling that is given up --- */

const patient = { connectTimeoutMs: 60_000, statementTimeoutMs: 60_000 };

test.each([
  ["PostgreSQL", (port: number) => `postgresql://a:b@127.0.0.1:${port}/d`, { query: "SELECT 1" }],
  ["PostgreSQL without TLS", (port: number) => `postgresql://a:b@127.0.0.1:${port}/d?sslmode=disable`, { query: "SELECT 1" }],
  ["Redis", (port: number) => `redis://:b@127.0.0.1:${port}`, { command: "GET", key: "k" }],
  ["Redis over TLS", (port: number) => `rediss://:b@127.0.0.1:${port}`, { command: "GET", key: "k" }],
] as const)("%s: cancelling ends a wait for a server that does not answer", async (name, url, what) => {
  let came = () => {};
  const arrived = new Promise<void>((resolve) => (came = resolve));
  const port = await listen(() => came());
  const connectionId = await save(`silent ${name}`, url(port), patient);
  const workflowId = await workflow(`silent ${name}`, "query" in what ? "postgresql-query" : "redis-command", { connectionId, ...what });
  const { executionId } = await caller.mutation("workflows.execute", { workflowId });
  await arrived;
  const began = Date.now();
  expect(await caller.mutation("executions.cancel", { executionId })).toMatchObject({ status: "cancelled" });
  expect(Date.now() - began).toBeLessThan(2_000);
});

test("stopping does not wait for servers that do not answer", async () => {
  const data = newFolder();
  const own = addUser(data, "sam");
  const stopping = await serve(data);
  caller = client(stopping, own);
  projectId = (await caller.mutation("projects.create", { name: "P" })).id;
  let came = () => {};
  const arrived = new Promise<void>((resolve) => (came = resolve));
  const port = await listen(() => came());
  const connectionId = await save("silent", `redis://:b@127.0.0.1:${port}`, patient);
  const workflowId = await workflow("silent", "redis-command", { connectionId, command: "GET", key: "k" });
  await caller.mutation("workflows.execute", { workflowId });
  await arrived;
  const began = Date.now();
  expect(await stopping.stop()).toBe(0);
  expect(Date.now() - began).toBeLessThan(4_000);
});

test("nor for a test of a connection to one", async () => {
  const data = newFolder();
  const own = addUser(data, "tom");
  const stopping = await serve(data);
  const tester = client(stopping, own);
  const project = (await tester.mutation("projects.create", { name: "P" })).id;
  let came = () => {};
  const arrived = new Promise<void>((resolve) => (came = resolve));
  const port = await listen(() => came());
  const connectionUrl = `postgresql://a:b@127.0.0.1:${port}/d`;
  const tried = tester.mutation("connections.test", { projectId: project, connectionType: "postgresql", connectionUrl });
  await arrived;
  const began = Date.now();
  expect(await stopping.stop()).toBe(0);
  expect(Date.now() - began).toBeLessThan(3_000);
  expect(await tried).toMatchObject({ success: false, error: "CANCELLED" });
});
