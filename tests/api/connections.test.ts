/* SPDX-License-Identifier: Apache-2.0 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { addUser, client, needed, newFolder, refused, serve, type Caller, type Server } from "./harness.ts";
import { stored } from "./stores.ts";

let server: Server;
let caller: Caller;
let projectId: string;
let count = 0;
const secret = "s3same-0pen";
const url = `redis://:${secret}@127.0.0.1:1/0`;

beforeAll(async () => {
  const data = newFolder();
  const token = addUser(data, "olga");
  server = await serve(data);
  caller = client(server, token);
  projectId = (await caller.mutation("projects.create", { name: "P" })).id;
});

const create = (more: object = {}) =>
  caller.mutation("connections.create", { projectId, connectionType: "redis", name: `c${++count}`, connectionUrl: url, ...more });

describe("create", () => {
  test("masks the password and gives the config back as it was", async () => {
    const config = { pool: { max: 3 }, connectTimeoutMs: 1000 };
    const made = await create({ config });
    expect(made).toMatchObject({ projectId, connectionType: "redis", connectionUrl: "redis://:••••@127.0.0.1:1/0", config });
    expect(await caller.query("connections.get", { connectionId: made.id })).toEqual(made);
    const { connections } = await caller.query("connections.list", { projectId });
    expect(connections[0]).toEqual(made);
    expect((await caller.query("connections.list", { projectId, connectionType: "postgresql" })).connections).toEqual([]);
  });
  test.each([
    [{ connectionUrl: null }, "connectionUrl"],
    [{ connectionUrl: "" }, "connectionUrl"],
    [{ connectionUrl: "redis://:••••@127.0.0.1:1/0" }, "connectionUrl"],
    [{ connectionUrl: "http://127.0.0.1" }, "connectionUrl"],
    [{ connectionUrl: "redis://:a@b@127.0.0.1:1/0" }, "connectionUrl"],
    [{ connectionType: "fax" }, "connectionType"],
    [{ name: "" }, "name"],
    [{ name: "x".repeat(101) }, "name"],
    [{ config: { pool: { max: 0 } } }, "config.pool.max"],
    [{ config: { pool: { most: 1 } } }, "config.pool.most"],
    [{ colour: "red" }, "colour"],
  ])("refuses %j and stores nothing", async (bad, field) => {
    const before = (await caller.query("connections.list", { projectId })).connections.length;
    const failure = await refused(create(bad), "BAD_REQUEST", "connections.create", field);
    expect(JSON.stringify(failure)).not.toContain(secret);
    expect((await caller.query("connections.list", { projectId })).connections.length).toBe(before);
  });
  test("refuses a name that is taken", async () => {
    const { name } = await create();
    await refused(create({ name }), "CONFLICT", "connections.create", "name");
  });
});

describe("update", () => {
  test("keeps what is left out", async () => {
    const made = await create();
    const renamed = await caller.mutation("connections.update", { connectionId: made.id, name: `new ${made.name}` });
    expect(renamed).toMatchObject({ id: made.id, name: `new ${made.name}`, connectionUrl: made.connectionUrl });
    const pooled = await caller.mutation("connections.update", { connectionId: made.id, config: { pool: { max: 2 } } });
    expect(pooled).toMatchObject({ connectionUrl: made.connectionUrl, config: { pool: { max: 2 } } });
    const moved = await caller.mutation("connections.update", { connectionId: made.id, connectionUrl: "redis://127.0.0.1:2" });
    expect(moved).toMatchObject({ connectionUrl: "redis://127.0.0.1:2", config: { pool: { max: 2 } } });
  });
  test("needs something to change, and the URL with a change of TLS", async () => {
    const { id } = await create();
    await refused(caller.mutation("connections.update", { connectionId: id }), "BAD_REQUEST", "connections.update");
    const tls = { connectionId: id, config: { tls: { mode: "disable" } } };
    const failure = await caller.mutation("connections.update", tls).catch((error) => error);
    expect(failure.data).toMatchObject({ code: "BAD_REQUEST", reason: "SECRET_REQUIRED" });
  });
});

describe("delete", () => {
  const uses = (connectionId: string) => ({
    nodes: [{ id: "read", type: "redis-command", name: "Read", config: { connectionId, command: "GET", key: "k" } }],
    edges: [],
  });
  test("is refused while a workflow uses it, unless forced", async () => {
    const { id } = await create();
    const workflow = await caller.mutation("workflows.create", { projectId, name: "user", definition: uses(id) });
    const users = [{ id: workflow.id, name: "user", active: false, nodes: [{ id: "read", name: "Read" }] }];
    expect(await caller.query("connections.usage", { connectionId: id })).toEqual({ workflows: users });
    const failure = await refused(caller.mutation("connections.delete", { connectionId: id }), "CONFLICT", "connections.delete");
    expect(failure.data.workflows).toEqual(users);
    expect(failure.message).toContain('"user"');
    expect(await caller.mutation("connections.delete", { connectionId: id, force: true })).toEqual({ success: true });
    await refused(caller.query("connections.get", { connectionId: id }), "NOT_FOUND", "connections.get");
    const { problems } = await caller.query("workflows.get", { workflowId: workflow.id });
    expect(problems).toEqual([{ nodeId: "read", field: "connectionId", message: "This connection was deleted" }]);
    const { execution } = await caller.mutation("workflows.execute", { workflowId: workflow.id, waitMs: 10000 });
    expect(execution).toMatchObject({ status: "failed", error: { code: "CONNECTION_DELETED", nodeId: "read" } });
  });
  test("frees the name", async () => {
    const { id, name } = await create();
    await caller.mutation("connections.delete", { connectionId: id });
    expect(await create({ name })).toMatchObject({ name });
  });
});

describe("test", () => {
  test("tells the stages, saved and unsaved", async () => {
    const { id } = await create();
    const saved = await caller.mutation("connections.test", { connectionId: id });
    expect(saved).toMatchObject({ success: false, error: "REFUSED" });
    expect(saved.stages.map((stage: any) => [stage.name, stage.ok])).toEqual([["resolve", true], ["connect", false]]);
    const unsaved = { projectId, connectionType: "redis", connectionUrl: needed("REDISURL") };
    const good = await caller.mutation("connections.test", unsaved);
    expect(good).toMatchObject({ success: true });
    expect(good.serverVersion).toMatch(/^Redis \d/);
    const database = { projectId, connectionType: "postgresql", connectionUrl: needed("PGURL") };
    expect((await caller.mutation("connections.test", database)).serverVersion).toMatch(/^PostgreSQL \d/);
    const changed = await caller.mutation("connections.test", { connectionId: id, connectionUrl: needed("REDISURL") });
    expect(changed).toMatchObject({ success: true });
  });
  test("refuses malformed input before anything is dialled", async () => {
    const path = "connections.test";
    await refused(caller.mutation(path, { projectId, connectionType: "redis" }), "BAD_REQUEST", path, "connectionUrl");
    await refused(caller.mutation(path, { projectId, connectionUrl: url }), "BAD_REQUEST", path, "connectionType");
    const bad = { projectId, connectionType: "redis", connectionUrl: "redis://[::1" };
    await refused(caller.mutation(path, bad), "BAD_REQUEST", path, "connectionUrl");
  });
  test("is limited to thirty a minute", async () => {
    const unsaved = { projectId, connectionType: "redis", connectionUrl: url };
    const answers = [];
    for (let i = 0; i < 31; i++) answers.push(await caller.mutation("connections.test", unsaved).catch((error) => error.data.code));
    expect(answers.at(-1)).toBe("TOO_MANY_REQUESTS");
  });
});

test("no secret is readable in the data folder or in what the server printed", async () => {
  const texts = readdirSync(server.data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
  texts.push(...stored(server.data));
  expect(texts.length).toBeGreaterThan(1);
  for (const text of [...texts, server.output()]) expect(text.includes(secret)).toBe(false);
});
