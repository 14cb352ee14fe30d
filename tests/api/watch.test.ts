/* SPDX-License-Identifier: Apache-2.0 */
/* executions.watch: what is told, to whom, and that nothing is missed or told twice. */
import { get, type IncomingMessage } from "node:http";
import { beforeAll, describe, expect, test } from "vitest";
import { addUser, client, needed, newFolder, serve, type Caller, type Server } from "./harness.ts";
import { bearer, cable, expectOneEnd, open, stories, until, watch, watchUrl, type Raw } from "./streams.ts";

let server: Server;
let token: string, other: string, guest: string;
let caller: Caller;
let projectId: string, database: string;
/* Opened first, looked at last: a stream of everything, one of nothing, one whose token ends. */
let quiet: Raw, silent: Raw, brief: Raw;

beforeAll(async () => {
  const data = newFolder();
  token = addUser(data, "olga");
  other = addUser(data, "otto");
  guest = addUser(data, "gina");
  server = await serve(data);
  caller = client(server, token);
  projectId = (await caller.mutation("projects.create", { name: "P" })).id;
  await caller.mutation("members.add", { projectId, email: "gina@tieline.test", role: "viewer" });
  const connection = { projectId, connectionType: "postgresql", name: "db", connectionUrl: needed("PGURL") };
  database = (await caller.mutation("connections.create", connection)).id;
  quiet = await open(watchUrl(server, { projectId }), bearer(token));
  silent = await open(watchUrl(server, { projectId: (await caller.mutation("projects.create", { name: "U" })).id }), bearer(token));
  const expiresAt = new Date(Date.now() + 2000).toISOString();
  const { secret } = await caller.mutation("tokens.create", { name: "brief", expiresAt });
  brief = await open(watchUrl(server, { projectId }), bearer(secret));
});

const start = { id: "start", type: "manual-trigger", name: "Start" };
const query = (id: string, text: string, more: object = {}, connectionId = database) => ({
  id, type: "postgresql-query", name: id, config: { connectionId, query: text }, ...more,
});
const chain = (...nodes: { id: string }[]) => ({
  nodes,
  edges: nodes.slice(1).map((node, i) => ({ source: nodes[i]!.id, target: node.id })),
});
const workflow = async (definition: object, by = caller, project = projectId) =>
  (await by.mutation("workflows.create", { projectId: project, name: "w", definition })).id as string;
const execute = async (workflowId: string, more: object = {}, by = caller) =>
  (await by.mutation("workflows.execute", { workflowId, ...more })).executionId as string;
const nap = (seconds: number) => `SELECT pg_sleep(${seconds})`;

describe("an execution", () => {
  test("is told as it stands, then as it changes, and its end ends the sequence", async () => {
    const workflowId = await workflow(chain(start, query("one", nap(0.4)), query("two", "SELECT 2 AS n")));
    const executionId = await execute(workflowId);
    const seen = watch(server.base, token, { executionId });
    await seen.ended;
    expect(seen.errors).toEqual([]);
    expect(seen.completed).toBe(1);
    expectOneEnd(seen.events, executionId, "succeeded");
    const last = seen.events.at(-1)!;
    expect(last.id).toBe(`${executionId}.end`);
    expect(last.data.execution).toMatchObject({ id: executionId, projectId, workflowId, status: "succeeded" });
    expect(last.data.execution).not.toHaveProperty("steps");
    for (const node of ["start", "one", "two"]) expect(stories(seen.events).get(node)!.at(-1)).toBe("succeeded");
    expect(stories(seen.events).get("two")![0]).toBe("pending");
    const steps = seen.events.filter(({ data }) => data.type === "step" && data.step.nodeId === "two");
    expect(steps.at(-1)!.data).toMatchObject({ executionId, step: { output: { rows: [{ n: 2 }] }, attempts: [{ number: 1 }] } });
    const { steps: stored } = await caller.query("executions.get", { executionId });
    expect(steps.at(-1)!.data.step).toEqual(stored[2]);
    expect(new Set(seen.events.map(({ id }) => id)).size).toBe(seen.events.length);
  });
  test("that has ended is told once, whole", async () => {
    const workflowId = await workflow(chain(start, query("bad", "SELECT 1/0")));
    const executionId = await execute(workflowId, { waitMs: 20000 });
    const seen = watch(server.base, token, { executionId });
    await seen.ended;
    expect(seen.completed).toBe(1);
    expect([...stories(seen.events)]).toEqual([["start", ["succeeded"]], ["bad", ["failed"]], [executionId, ["failed"]]]);
    expect(seen.events.at(-1)!.data.execution.error).toMatchObject({ code: "SERVER_ERROR", nodeId: "bad" });
  });
  test("goes on behind the last event, and tells an end that was seen no more", async () => {
    const executionId = await execute(await workflow(chain(start, query("one", "SELECT 1"))), { waitMs: 20000 });
    const whole = await open(watchUrl(server, { executionId }), bearer(token));
    expect(await whole.ended).toBe(true);
    const told = whole.frames.filter((frame) => frame.event === "message");
    expect(told).toHaveLength(3);
    for (let seen = 0; seen < told.length; seen++) {
      for (const way of ["header", "query", "input"]) {
        const id = told[seen]!.id!;
        const input = way === "input" ? { executionId, lastEventId: id } : { executionId };
        const again = await open(watchUrl(server, input, way === "query" ? `lastEventId=${id}&` : ""), {
          ...bearer(token),
          ...(way === "header" ? { "last-event-id": id } : {}),
        });
        expect(await again.ended).toBe(true);
        expect(again.frames.map((frame) => frame.event)).toEqual(["connected", ...told.slice(seen + 1).map(() => "message"), "return"]);
        expect(again.frames.filter((frame) => frame.event === "message")).toEqual(told.slice(seen + 1));
      }
    }
    const foreign = await open(watchUrl(server, { executionId, lastEventId: "0123456789abcdef.7" }), bearer(token));
    await foreign.ended;
    expect(foreign.frames.filter((frame) => frame.event === "message")).toEqual(told);
  });
  test("is told of waits, cancels and executions that nobody has taken up", async () => {
    const retry = { strategy: "fixed", maxAttempts: 5, delayMs: 60000 };
    const gone = await caller.mutation("connections.create", {
      projectId, connectionType: "postgresql", name: "gone", connectionUrl: "postgresql://u:p@127.0.0.1:1/d",
    });
    const executionId = await execute(await workflow(chain(start, query("try", "SELECT 1", { retry }, gone.id))));
    const seen = watch(server.base, token, { executionId });
    await until(() => stories(seen.events).get(executionId)?.includes("waiting"));
    const waiting = seen.events.findLast(({ data }) => data.step?.nodeId === "try")!;
    expect(waiting.data.step).toMatchObject({ status: "waiting", attempts: [{ status: "failed", error: { code: "REFUSED" } }] });
    await caller.mutation("executions.cancel", { executionId });
    await seen.ended;
    expect(seen.completed).toBe(1);
    expectOneEnd(seen.events, executionId, "cancelled");
    expect(stories(seen.events).get("try")!.at(-1)).toBe("cancelled");
  });
  test("leaves out what is too long for an event, and says so", async () => {
    const executionId = await execute(await workflow(chain(start, query("long", "SELECT repeat('x', 100000) AS x"))), { waitMs: 20000 });
    const seen = watch(server.base, token, { executionId });
    await seen.ended;
    const long = seen.events.find(({ data }) => data.step?.nodeId === "long")!.data;
    expect(long).toMatchObject({ partial: true, step: { status: "succeeded" } });
    expect(long.step).not.toHaveProperty("output");
    expect(seen.events.find(({ data }) => data.step?.nodeId === "start")!.data).not.toHaveProperty("partial");
  });
  test("is watched by many at once, each of whom is told everything", async () => {
    const executionId = await execute(await workflow(chain(start, query("a", nap(0.3)), query("b", nap(0.3)), query("c", nap(0.1)))));
    const all = Array.from({ length: 20 }, () => watch(server.base, token, { executionId }));
    await Promise.all(all.map((one) => one.ended));
    for (const one of all) {
      expect(one.completed).toBe(1);
      expectOneEnd(one.events, executionId, "succeeded");
      for (const node of ["a", "b", "c"]) expect(stories(one.events).get(node)!.at(-1)).toBe("succeeded");
    }
  });
});

describe("a lost connection", () => {
  test("is taken up again without a missed or a doubled end, however often it is cut", async () => {
    const line = await cable();
    const data = newFolder();
    const mine = addUser(data, "carla");
    const far = await serve(data, "--public-url", line.base);
    line.leadTo(far);
    const by = client(far, mine);
    const project = (await by.mutation("projects.create", { name: "Q" })).id;
    const connection = { projectId: project, connectionType: "postgresql", name: "db", connectionUrl: needed("PGURL") };
    const db = (await by.mutation("connections.create", connection)).id;
    const steps = ["a", "b", "c", "d", "e", "f", "g", "h"].map((id) => query(id, nap(1), {}, db));
    const executionId = await execute(await workflow(chain(start, ...steps), by, project), {}, by);
    const seen = watch(line.base, mine, { executionId });
    const whole = watch(line.base, mine, { projectId: project });
    for (let cuts = 0; cuts < 2; cuts++) {
      const told = seen.events.length;
      await until(() => seen.events.length > told && stories(whole.events).has(executionId));
      expect(line.cut()).toBeGreaterThan(0);
    }
    expect(stories(seen.events).get("h")).toEqual(["pending"]);
    await seen.ended;
    expect(seen.errors).toEqual([]);
    expect(seen.completed).toBe(1);
    expectOneEnd(seen.events, executionId, "succeeded");
    for (const { id } of steps) expect(stories(seen.events).get(id)!.at(-1)).toBe("succeeded");
    /* Nothing is told twice by one process. */
    expect(new Set(seen.events.map(({ id }) => id)).size).toBe(seen.events.length);
    await until(() => stories(whole.events).get(executionId)?.includes("succeeded"));
    expectOneEnd(whole.events, executionId, "succeeded");
    expect(stories(whole.events).has("gap")).toBe(false);
    whole.stop();
  });
  test.each(["SIGTERM", "SIGKILL"])("is taken up again by the next process (%s)", async (signal) => {
    const line = await cable();
    const data = newFolder();
    const mine = addUser(data, "carla");
    const first = await serve(data, "--public-url", line.base);
    line.leadTo(first);
    const by = client(first, mine);
    const project = (await by.mutation("projects.create", { name: "Q" })).id;
    const connection = { projectId: project, connectionType: "postgresql", name: "db", connectionUrl: needed("PGURL") };
    const db = (await by.mutation("connections.create", connection)).id;
    const ended = await execute(await workflow(chain(start, query("z", "SELECT 1", {}, db)), by, project), { waitMs: 20000 }, by);
    const steps = [query("a", nap(0.2), {}, db), query("b", nap(1), { config: { connectionId: db, query: nap(1), repeatable: true } })];
    const executionId = await execute(await workflow(chain(start, ...steps), by, project), {}, by);
    const seen = watch(line.base, mine, { executionId });
    const whole = watch(line.base, mine, { projectId: project });
    await until(() => stories(seen.events).get("b")?.includes("running"));
    await until(() => stories(whole.events).has(executionId));
    line.leadTo(undefined);
    if (signal === "SIGKILL") await first.kill();
    else expect(await first.stop()).toBe(0);
    line.leadTo(await serve(data, "--public-url", line.base));
    await seen.ended;
    expect(seen.errors).toEqual([]);
    expect(seen.completed).toBe(1);
    expectOneEnd(seen.events, executionId, "succeeded");
    for (const { id } of steps) expect(stories(seen.events).get(id)!.at(-1)).toBe("succeeded");
    /* The new process does not know what was told of the project: it says so. */
    await until(() => stories(whole.events).has("gap"));
    expectOneEnd(whole.events, ended, "succeeded");
    whole.stop();
  }, 60_000);
});

describe("a project", () => {
  test("begins with its newest executions, and tells each that comes to another status", async () => {
    const mine = (await caller.mutation("projects.create", { name: "R" })).id;
    const workflowId = await workflow(chain(start), caller, mine);
    const before = [];
    for (let i = 0; i < 3; i++) before.push(await execute(workflowId, { waitMs: 20000 }));
    const seen = watch(server.base, token, { projectId: mine });
    await until(() => seen.events.length === 3);
    expect(seen.events.map(({ data }) => [data.type, data.execution.id, data.execution.status])).toEqual(
      before.map((id) => ["execution", id, "succeeded"]),
    );
    const after = [];
    for (let i = 0; i < 30; i++) after.push(execute(workflowId));
    const ids = await Promise.all(after);
    await until(() => ids.every((id) => stories(seen.events).get(id)?.includes("succeeded")));
    const { executions } = await caller.query("executions.list", { projectId: mine, limit: 200 });
    for (const id of ids) {
      expectOneEnd(seen.events, id, "succeeded");
      const told = seen.events.findLast(({ data }) => data.execution.id === id)!;
      expect(told.data.execution).toEqual(executions.find((one: any) => one.id === id));
    }
    /* Another one goes on where this one stood. */
    const middle = seen.events[Math.floor(seen.events.length / 2)]!;
    const at = seen.events.indexOf(middle);
    const again = await open(watchUrl(server, { projectId: mine, lastEventId: middle.id }), bearer(token));
    const missed = new Set(seen.events.slice(at + 1).map(({ data }) => data.execution.id as string));
    const told = () => again.frames.filter((frame) => frame.event === "message");
    await until(() => [...missed].every((id) => stories(told()).get(id)?.includes("succeeded")));
    for (const id of missed) expectOneEnd(told(), id, "succeeded");
    expect([...stories(told()).keys()].filter((id) => !missed.has(id))).toEqual([]);
    again.stop();
    seen.stop();
    expect(seen.errors).toEqual([]);
  });
  test("says when it cannot know what was missed", async () => {
    for (const id of ["0123456789abcdef.7", "nonsense", "x.y.z", "."]) {
      const raw = await open(watchUrl(server, { projectId, lastEventId: id }), bearer(token));
      await until(() => raw.frames.length >= 2);
      expect(raw.frames[1]).toMatchObject({ event: "message", data: { type: "gap" } });
      raw.stop();
    }
  });
  test("says so too when too much has happened meanwhile", async () => {
    const mine = (await caller.mutation("projects.create", { name: "S" })).id;
    const workflowId = await workflow(chain(start), caller, mine);
    await execute(workflowId, { waitMs: 20000 });
    const raw = await open(watchUrl(server, { projectId: mine }), bearer(token));
    await until(() => raw.frames.length >= 2);
    raw.stop();
    const many = client(server, token, true);
    for (let round = 0; round < 7; round++)
      await Promise.all(Array.from({ length: 100 }, () => many.mutation("workflows.execute", { workflowId, waitMs: 20000 })));
    const late = await open(watchUrl(server, { projectId: mine, lastEventId: raw.frames[1]!.id }), bearer(token));
    await until(() => late.frames.length >= 2);
    expect(late.frames[1]).toMatchObject({ event: "message", data: { type: "gap" } });
    const executionId = await execute(workflowId, { waitMs: 20000 });
    await until(() => stories(late.frames.slice(1)).get(executionId)?.includes("succeeded"));
    expect([...stories(late.frames.slice(1)).keys()]).toEqual(["gap", executionId]);
    late.stop();
  });
});

test("a reader that does not read holds nobody up, and is told everything once it reads", async () => {
  const connection = { projectId, connectionType: "redis", name: "cache", connectionUrl: needed("REDISURL"), config: { pool: { max: 8 } } };
  const cache = (await caller.mutation("connections.create", connection)).id;
  const redis = (id: string, command: string, more: object) => ({
    id, type: "redis-command", name: id, config: { connectionId: cache, command, key: `watch:${projectId}`, ...more },
  });
  const reads = Array.from({ length: 300 }, (_, i) => redis(`get_${i}`, "GET", {}));
  const definition = {
    nodes: [redis("put", "SET", { value: "x".repeat(15000) }), ...reads],
    edges: reads.map(({ id }) => ({ source: "put", target: id })),
  };
  const executionId = await execute(await workflow(definition), { waitMs: 60000 });
  expect(await caller.query("executions.list", { projectId, limit: 1 })).toMatchObject({ executions: [{ id: executionId, status: "succeeded" }] });
  const readers = await Promise.all(
    Array.from({ length: 4 }, () => {
      const headers = { ...bearer(token), accept: "text/event-stream" };
      return new Promise<IncomingMessage>((resolve, reject) => {
        get(watchUrl(server, { executionId }), { headers, agent: false }, resolve).on("error", reject);
      });
    }),
  );
  /* 4.5 MB each: more than the system keeps for them. Others are served meanwhile. */
  const quick = watch(server.base, token, { executionId });
  await quick.ended;
  expect(quick.completed).toBe(1);
  const seen = new Set(quick.events.map(({ id }) => id));
  expect(seen.size).toBe(302);
  const read = async (reader: IncomingMessage) => {
    let text = "";
    for await (const part of reader.setEncoding("utf8")) text += part;
    expect(text.endsWith("event: return\ndata:\n\n")).toBe(true);
    const ids = [...text.matchAll(/^id: (\S+)$/gm)].map(([, id]) => id);
    expect(ids.length).toBe(302);
    expect(new Set(ids)).toEqual(seen);
  };
  await Promise.all(readers.map(read));
}, 90_000);

describe("rights", () => {
  const failed = (raw: Raw) => raw.frames.find((frame) => frame.event === "serialized-error")?.data;
  test("are asked for inside a stream of status 200", async () => {
    const executionId = await execute(await workflow(chain(start)), { waitMs: 20000 });
    const asked: [string, object, Record<string, string>, string][] = [
      ["nobody", { projectId }, {}, "UNAUTHORIZED"],
      ["a stranger", { projectId }, bearer(other), "NOT_FOUND"],
      ["a stranger", { executionId }, bearer(other), "NOT_FOUND"],
      ["a wrong token", { projectId }, bearer("nonsense"), "UNAUTHORIZED"],
      ["both", { projectId, executionId }, bearer(token), "BAD_REQUEST"],
      ["neither", {}, bearer(token), "BAD_REQUEST"],
      ["an unknown key", { projectId, colour: 1 }, bearer(token), "BAD_REQUEST"],
    ];
    for (const [who, input, headers, code] of asked) {
      const raw = await open(watchUrl(server, input), headers);
      expect(raw.status, who).toBe(200);
      expect(raw.headers.get("content-type"), who).toBe("text/event-stream");
      expect(await raw.ended, who).toBe(true);
      expect(raw.frames.map((frame) => frame.event), who).toEqual(["connected", "serialized-error"]);
      expect(failed(raw).data, who).toMatchObject({ code, path: "executions.watch" });
    }
    const seen = watch(server.base, other, { projectId });
    await seen.ended;
    expect(seen.completed).toBe(0);
    expect(seen.errors[0].data.code).toBe("NOT_FOUND");
  });
  test("end open streams at once when a token is revoked, and no others", async () => {
    const { token: row, secret } = await caller.mutation("tokens.create", { name: "short" });
    const raw = await open(watchUrl(server, { projectId }), bearer(secret));
    const params = await open(watchUrl(server, { projectId }, `connectionParams=${encodeURIComponent(JSON.stringify({ token: secret }))}&`));
    const stays = await open(watchUrl(server, { projectId }), bearer(token));
    await until(() => raw.frames.length > 0 && params.frames.length > 0 && stays.frames.length > 0);
    await caller.mutation("tokens.revoke", { tokenId: row.id });
    for (const one of [raw, params]) {
      expect(await one.ended).toBe(true);
      expect(failed(one).data).toMatchObject({ code: "UNAUTHORIZED", httpStatus: 401, path: "executions.watch" });
    }
    const told = stays.frames.length;
    await execute(await workflow(chain(start)), { waitMs: 20000 });
    await until(() => stays.frames.length > told);
    stays.stop();
  });
  test("end open streams at once when a member is removed", async () => {
    const executionId = await execute(await workflow(chain(start, query("long", nap(30)))));
    const { members } = await caller.query("members.list", { projectId });
    const gina = members.find((member: any) => member.email === "gina@tieline.test");
    const seen = [watch(server.base, guest, { projectId }), watch(server.base, guest, { executionId })];
    await until(() => seen.every((one) => one.events.length > 0));
    await caller.mutation("members.remove", { projectId, userId: gina.userId });
    for (const one of seen) {
      await one.ended;
      expect(one.errors[0].data.code).toBe("NOT_FOUND");
    }
    const told = seen.map((one) => one.events.length);
    await caller.mutation("executions.cancel", { executionId });
    expect(seen.map((one) => one.events.length)).toEqual(told);
  });
  test("end open streams at once when the session ends or the project is deleted", async () => {
    const login = await fetch(`${server.base}/trpc/auth.login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: "olga@tieline.test", password: "correct horse battery" }),
    });
    const cookie = login.headers.getSetCookie()[0]!.split(";")[0]!;
    const doomed = (await caller.mutation("projects.create", { name: "doomed" })).id;
    const raw = await open(watchUrl(server, { projectId }), { cookie });
    const mine = await open(watchUrl(server, { projectId: doomed }), bearer(token));
    await until(() => raw.frames.length > 0 && mine.frames.length > 0);
    const headers = { cookie, "x-tieline": "1", origin: server.base, "content-type": "application/json" };
    expect((await fetch(`${server.base}/trpc/auth.logout`, { method: "POST", headers })).status).toBe(200);
    expect(await raw.ended).toBe(true);
    expect(failed(raw).data.code).toBe("UNAUTHORIZED");
    await caller.mutation("projects.delete", { projectId: doomed });
    expect(await mine.ended).toBe(true);
    expect(failed(mine).data.code).toBe("NOT_FOUND");
  });
  test("end open streams when the token's time is over", async () => {
    expect(await brief.ended).toBe(true);
    expect(brief.frames[0]!.event).toBe("connected");
    expect(failed(brief).data.code).toBe("UNAUTHORIZED");
  });
  test("a user has so many streams, and room again when one is closed", async () => {
    const mine = client(server, other);
    const project = (await mine.mutation("projects.create", { name: "T" })).id;
    const all = await Promise.all(Array.from({ length: 64 }, () => open(watchUrl(server, { projectId: project }), bearer(other))));
    await until(() => all.every((one) => one.frames.length > 0));
    const over = await open(watchUrl(server, { projectId: project }), bearer(other));
    expect(await over.ended).toBe(true);
    expect(failed(over).data).toMatchObject({ code: "TOO_MANY_REQUESTS", httpStatus: 429 });
    all[0]!.stop();
    await until(async () => {
      const next = await open(watchUrl(server, { projectId: project }), bearer(other));
      await until(() => next.frames.length > 0);
      const refused = await Promise.race([next.ended, new Promise<false>((resolve) => setTimeout(() => resolve(false), 50))]);
      if (!refused) next.stop();
      return !refused;
    });
    for (const one of all) one.stop();
  });
});

test("a quiet stream is pinged, with a line of data", async () => {
  await until(() => silent.frames.find((frame) => frame.event === "ping"));
  expect(silent.text()).toContain("event: ping\ndata:\n\n");
  silent.stop();
});

test("a stop ends streams properly, without saying that they are over", async () => {
  const data = newFolder();
  const mine = addUser(data, "olga");
  const ending = await serve(data);
  const project = (await client(ending, mine).mutation("projects.create", { name: "P" })).id;
  const raw = await open(watchUrl(ending, { projectId: project }), bearer(mine));
  await until(() => raw.frames.length > 0);
  expect(await ending.stop()).toBe(0);
  expect(await raw.ended).toBe(true);
  expect(raw.frames.map((frame) => frame.event)).toEqual(["connected"]);
});

test("a stream that nobody ended has lost nothing meanwhile", () => {
  expect(quiet.frames[0]).toEqual({ event: "connected", data: { reconnectAfterInactivityMs: 45000 } });
  expect(quiet.frames.some((frame) => frame.event === "return" || frame.event === "serialized-error")).toBe(false);
  const ends = quiet.frames.filter((frame) => frame.data?.execution && frame.data.execution.finishedAt).map((frame) => frame.data.execution.id);
  expect(ends.length).toBeGreaterThan(5);
  expect(new Set(ends).size).toBe(ends.length);
  quiet.stop();
});
