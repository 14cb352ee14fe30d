/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what: every procedure that the program lists, asked by everybody there is. The table
 * below says by itself what each procedure needs; one without a row fails.
 */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { addUser, client, newFolder, password, run, serve, type Caller, type Server } from "./harness.ts";

type Level = "anyone" | "signed-in" | "self" | "administrator" | "viewer" | "editor" | "owner";
type Actor = keyof typeof actors;

/* What an actor gets at each level: "ok", or the error's key. Not named: UNAUTHORIZED. */
const inProject = (project: Partial<Record<Level, string>>, administrator = "FORBIDDEN") => ({
  anyone: "ok",
  "signed-in": "ok",
  self: "ok",
  administrator,
  ...project,
});
const nothing = { viewer: "NOT_FOUND", editor: "NOT_FOUND", owner: "NOT_FOUND" };
const actors: Record<string, Partial<Record<Level, string>>> = {
  nobody: { anyone: "ok" },
  expired: {},
  revoked: {},
  disabled: {},
  stranger: inProject(nothing),
  viewer: inProject({ viewer: "ok", editor: "FORBIDDEN", owner: "FORBIDDEN" }),
  editor: inProject({ viewer: "ok", editor: "ok", owner: "FORBIDDEN" }),
  owner: inProject({ viewer: "ok", editor: "ok", owner: "ok" }),
  administrator: inProject(nothing, "ok"),
  /* A token of the owner's and one of the administrator's, both of access "read". */
  ownerReading: inProject({ viewer: "ok", editor: "ok", owner: "ok" }),
  administratorReading: inProject(nothing, "ok"),
};

interface Fixture {
  projectId: string;
  connectionId: string;
  workflowId: string;
  executionId: string;
  userId: string; /* of a member, a viewer */
  guest: string; /* the address of a user who is no member */
  otherId: string; /* somebody else's */
  invitationId: string;
  tokenId: string; /* of the actor, if they have any */
}

interface Row {
  needs: Level;
  input?: (f: Fixture) => unknown;
  /* What everybody gets who comes so far, when that is no success. */
  then?: string;
}

const definition = { nodes: [{ id: "start", type: "manual-trigger", name: "Start", config: {} }], edges: [] };
const project = (f: Fixture) => ({ projectId: f.projectId });
const connection = (f: Fixture) => ({ connectionId: f.connectionId });
const workflow = (f: Fixture) => ({ workflowId: f.workflowId });
const execution = (f: Fixture) => ({ executionId: f.executionId });

const rows: Record<string, Row> = {
  "auth.status": { needs: "anyone" },
  "auth.setup": {
    needs: "anyone",
    input: () => ({ token: "none", name: "N", email: "n@tieline.test", password }),
    then: "FORBIDDEN",
  },
  "auth.login": { needs: "anyone", input: () => ({ email: "stranger@tieline.test", password }) },
  "auth.logout": { needs: "anyone", input: () => ({}) },
  "auth.viewInvitation": { needs: "anyone", input: () => ({ code: "none" }), then: "NOT_FOUND" },
  "auth.acceptInvitation": { needs: "anyone", input: () => ({ code: "none" }), then: "NOT_FOUND" },
  "auth.createCode": { needs: "self", input: () => ({}) },
  "auth.loginWithCode": { needs: "anyone", input: () => ({ code: "none" }), then: "UNAUTHORIZED" },
  "auth.changePassword": { needs: "self", input: () => ({ current: password, password }) },
  "tokens.list": { needs: "self" },
  "tokens.create": { needs: "self", input: () => ({ name: "t" }) },
  "tokens.revoke": { needs: "self", input: (f) => ({ tokenId: f.tokenId }) },
  "users.list": { needs: "administrator", input: () => ({}) },
  "users.create": {
    needs: "administrator",
    input: () => ({ name: "N", email: `${randomUUID()}@tieline.test`, password }),
  },
  "users.update": { needs: "administrator", input: (f) => ({ userId: f.otherId, name: "Other" }) },
  "users.resetPassword": { needs: "administrator", input: (f) => ({ userId: f.otherId, password }) },
  "projects.list": { needs: "signed-in" },
  "projects.get": { needs: "viewer", input: project },
  "projects.create": { needs: "self", input: () => ({ name: "P" }) },
  "projects.update": { needs: "owner", input: (f) => ({ ...project(f), name: "Renamed" }) },
  "projects.delete": { needs: "owner", input: project },
  "members.list": { needs: "viewer", input: project },
  "members.add": { needs: "owner", input: (f) => ({ ...project(f), email: f.guest, role: "viewer" }) },
  "members.update": { needs: "owner", input: (f) => ({ ...project(f), userId: f.userId, role: "viewer" }) },
  "members.remove": { needs: "owner", input: (f) => ({ ...project(f), userId: f.userId }) },
  "members.invitations": { needs: "owner", input: project },
  "members.invite": { needs: "owner", input: (f) => ({ ...project(f), email: "new@tieline.test", role: "viewer" }) },
  "members.uninvite": { needs: "owner", input: (f) => ({ ...project(f), invitationId: f.invitationId }) },
  "connections.list": { needs: "viewer", input: project },
  "connections.get": { needs: "viewer", input: connection },
  "connections.usage": { needs: "viewer", input: connection },
  "connections.statistics": { needs: "viewer", input: (f) => ({ ...project(f), range: "24h" }) },
  "connections.delete": { needs: "editor", input: connection },
  "connections.create": {
    needs: "editor",
    input: (f) => ({ ...project(f), connectionType: "redis", name: randomUUID(), connectionUrl: "redis://127.0.0.1:1" }),
  },
  "connections.update": { needs: "editor", input: (f) => ({ ...connection(f), name: randomUUID() }) },
  "connections.templates": { needs: "signed-in" },
  "connections.test": { needs: "editor", input: connection },
  "components.list": { needs: "signed-in" },
  "workflows.list": { needs: "viewer", input: project },
  "workflows.get": { needs: "viewer", input: workflow },
  "workflows.create": { needs: "editor", input: (f) => ({ ...project(f), name: "W", definition }) },
  "workflows.update": { needs: "editor", input: (f) => ({ ...workflow(f), name: "W" }) },
  "workflows.delete": { needs: "editor", input: workflow },
  "workflows.execute": { needs: "editor", input: workflow },
  "executions.list": { needs: "viewer", input: project },
  "executions.get": { needs: "viewer", input: execution },
  "executions.step": { needs: "viewer", input: (f) => ({ ...execution(f), nodeId: "start" }) },
  "executions.definition": { needs: "viewer", input: execution },
  "workflows.statistics": { needs: "viewer", input: (f) => ({ ...project(f), range: "24h" }) },
  "executions.statistics": { needs: "viewer", input: (f) => ({ ...project(f), range: "24h" }) },
  "executions.runAgain": { needs: "editor", input: execution },
  "executions.cancel": { needs: "editor", input: execution },
  "executions.watch": { needs: "viewer", input: execution },
  "system.status": { needs: "administrator" },
  "system.store": { needs: "administrator" },
};

const listed: { path: string; kind: "query" | "mutation" | "subscription"; needs: Level; about: string }[] = JSON.parse(
  run("types", "--json"),
);

let server: Server;
let owner: Caller;
let administrator: Caller;
const tokens: Record<Actor, string | undefined> = { nobody: undefined };
const ids: Record<string, string> = {};

/* The status and key of one call, made as any HTTP client may. */
async function ask(kind: string, path: string, input: unknown, token: string | undefined) {
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const url = `${server.base}/trpc/${path}`;
  const text = input === undefined ? undefined : JSON.stringify(input);
  const response =
    kind === "mutation"
      ? await fetch(url, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: text ?? null })
      : await fetch(text ? `${url}?input=${encodeURIComponent(text)}` : url, {
          headers: kind === "subscription" ? { ...headers, accept: "text/event-stream" } : headers,
        });
  if (kind === "subscription" && response.headers.get("content-type")?.startsWith("text/event-stream")) {
    /* The execution has ended, and so does the stream. */
    const stream = await response.text();
    const error = /^event: serialized-error\ndata: (.*)$/m.exec(stream);
    if (!error) expect(stream).toMatch(/^event: return$/m);
    const shape = error ? JSON.parse(error[1]!) : undefined;
    return { key: shape ? shape.data.code : "ok", message: shape?.message };
  }
  const answer: any = await response.json();
  expect(response.ok, `${path} ${response.status}`).toBe(!answer.error);
  return { key: answer.error ? answer.error.data.code : "ok", message: answer.error?.message };
}

/* A project of the owner's with one of everything, and viewer and editor in it. */
async function make(actor: Actor): Promise<Fixture> {
  const { id: projectId } = await owner.mutation("projects.create", { name: "Matrix" });
  for (const role of ["viewer", "editor"])
    await owner.mutation("members.add", { projectId, email: `${role}@tieline.test`, role });
  await owner.mutation("members.add", { projectId, email: "member@tieline.test", role: "viewer" });
  const invited = { projectId, email: "invited@tieline.test", role: "viewer" };
  const { invitation } = await owner.mutation("members.invite", invited);
  const url = { connectionType: "redis", name: "Nowhere", connectionUrl: "redis://127.0.0.1:1" };
  const { id: connectionId } = await owner.mutation("connections.create", { projectId, ...url });
  const { id: workflowId } = await owner.mutation("workflows.create", { projectId, name: "W", definition });
  const { executionId } = await owner.mutation("workflows.execute", { workflowId, waitMs: 10000 });
  const token = tokens[actor];
  const own = token && (await ask("mutation", "tokens.create", { name: "own" }, token)).key === "ok";
  const tokenId = own ? (await client(server, token).mutation("tokens.create", { name: "own" })).token.id : randomUUID();
  const [userId, otherId] = [ids.member!, ids.other!];
  const guest = "guest@tieline.test";
  return { projectId, connectionId, workflowId, executionId, userId, guest, otherId, tokenId, invitationId: invitation.id };
}

function expected(actor: Actor, row: Row, kind: string): string {
  const says = actors[actor]![row.needs] ?? "UNAUTHORIZED";
  if (says !== "ok") {
    /* A read-only token learns first that it may not change anything. */
    return actor.endsWith("Reading") && kind === "mutation" ? "FORBIDDEN" : says;
  }
  if (actor.endsWith("Reading") && kind === "mutation" && row.needs !== "anyone") return "FORBIDDEN";
  return row.then ?? "ok";
}

beforeAll(async () => {
  const data = newFolder();
  for (const name of ["viewer", "editor", "owner", "stranger", "administrator", "member", "other", "guest", "disabled"])
    tokens[name] = addUser(data, name);
  run("user", "grant-admin", "administrator@tieline.test", "--data", data);
  server = await serve(data);
  owner = client(server, tokens.owner);
  administrator = client(server, tokens.administrator);
  for (const { id, name } of (await administrator.query("users.list", {})).users) ids[name] = id;
  const mint = async (of: string, more: object) => client(server, tokens[of]).mutation("tokens.create", { name: "t", ...more });
  tokens.ownerReading = (await mint("owner", { access: "read" })).secret;
  tokens.administratorReading = (await mint("administrator", { access: "read" })).secret;
  const { token, secret } = await mint("owner", {});
  tokens.revoked = secret;
  await owner.query("projects.list");
  await client(server, secret).query("projects.list");
  await owner.mutation("tokens.revoke", { tokenId: token.id });
  await client(server, tokens.disabled).query("projects.list");
  await administrator.mutation("users.update", { userId: ids.disabled, disabled: true });
  tokens.expired = (await mint("owner", { expiresAt: new Date(Date.now() + 1000).toISOString() })).secret;
  const ended = async () => expect((await ask("query", "projects.list", undefined, tokens.expired)).key).toBe("UNAUTHORIZED");
  await vi.waitFor(ended, { timeout: 10000 });
}, 60000);

test("every procedure has a row, and every row a procedure, and they agree", () => {
  expect(Object.fromEntries(listed.map(({ path, needs }) => [path, needs]))).toEqual(
    Object.fromEntries(Object.entries(rows).map(([path, row]) => [path, row.needs])),
  );
});

describe.each(Object.keys(actors))("%s", (actor) => {
  test("may do what the table says, and nothing else", { timeout: 120000 }, async () => {
    const wrong: string[] = [];
    let fixture = await make(actor);
    for (const { path, kind } of listed) {
      const row = rows[path]!;
      const wanted = expected(actor, row, kind);
      const { key, message } = await ask(kind, path, row.input?.(fixture), tokens[actor]);
      if (key !== wanted) wrong.push(`${path}: ${key} (${message}), not ${wanted}`);
      /* What succeeded may have taken away what the next one needs. */
      if (key === "ok" && kind === "mutation" && !["anyone", "signed-in"].includes(row.needs)) fixture = await make(actor);
    }
    expect(wrong).toEqual([]);
  });
});

test("what is foreign answers like what does not exist", { timeout: 60000 }, async () => {
  const fixture = await make("stranger");
  const unknown: Fixture = { ...fixture, projectId: randomUUID(), connectionId: randomUUID(), workflowId: randomUUID(), executionId: randomUUID() };
  for (const { path, kind, about } of listed.filter((one) => one.about !== "nothing")) {
    const foreign = await ask(kind, path, rows[path]!.input!(fixture), tokens.stranger);
    expect(await ask(kind, path, rows[path]!.input!(unknown), tokens.stranger), path).toEqual(foreign);
    expect(foreign, path).toMatchObject({ key: "NOT_FOUND", message: `there is no such ${about}` });
  }
});

test("an id of another project beside the own one is unknown, too", async () => {
  const fixture = await make("owner");
  const stranger = client(server, tokens.stranger);
  const { id: projectId } = await stranger.mutation("projects.create", { name: "Own" });
  expect(await stranger.query("executions.list", { projectId, workflowId: fixture.workflowId })).toEqual({ executions: [] });
  const theirs = await ask("mutation", "members.remove", { projectId, userId: ids.viewer }, tokens.stranger);
  expect(theirs.key).toBe("NOT_FOUND");
  const node = { id: "get", type: "redis-command", name: "Get", config: { connectionId: fixture.connectionId, command: "GET", key: "k" } };
  const foreign = { projectId, name: "W", definition: { nodes: [node], edges: [] } };
  expect((await ask("mutation", "workflows.create", foreign, tokens.stranger)).key).toBe("BAD_REQUEST");
});

describe("rights that are taken away are gone with the very next call", () => {
  test("of a member who is removed, or gets a lower role", async () => {
    const { projectId } = await make("owner");
    const editor = client(server, tokens.editor);
    const create = () => ask("mutation", "workflows.create", { projectId, name: "W", definition }, tokens.editor);
    for (let round = 0; round < 20; round++) {
      expect((await create()).key).toBe("ok");
      await owner.mutation("members.update", { projectId, userId: ids.editor, role: "viewer" });
      expect((await create()).key).toBe("FORBIDDEN");
      expect((await editor.query("projects.get", { projectId })).role).toBe("viewer");
      await owner.mutation("members.remove", { projectId, userId: ids.editor });
      expect((await create()).key).toBe("NOT_FOUND");
      expect((await ask("query", "projects.get", { projectId }, tokens.editor)).key).toBe("NOT_FOUND");
      await owner.mutation("members.add", { projectId, email: "editor@tieline.test", role: "editor" });
    }
  });
  test("of a user who is disabled, until they are enabled", async () => {
    const look = async () => (await ask("query", "projects.list", undefined, tokens.other)).key;
    expect(await look()).toBe("ok");
    await administrator.mutation("users.update", { userId: ids.other, disabled: true });
    expect(await look()).toBe("UNAUTHORIZED");
    await administrator.mutation("users.update", { userId: ids.other, disabled: false });
    expect(await look()).toBe("ok");
  });
  test("of an administrator who is one no more; the last one stays", async () => {
    const status = async () => (await ask("query", "system.status", undefined, tokens.other)).key;
    await administrator.mutation("users.update", { userId: ids.other, admin: true });
    expect(await status()).toBe("ok");
    await administrator.mutation("users.update", { userId: ids.other, admin: false });
    expect(await status()).toBe("FORBIDDEN");
    const last = await ask("mutation", "users.update", { userId: ids.administrator, admin: false }, tokens.administrator);
    expect(last.key).toBe("CONFLICT");
  });
});

test("the header of the operator's socket says nothing elsewhere", async () => {
  const headers = { "tieline-user": "administrator@tieline.test" };
  expect((await fetch(`${server.base}/trpc/system.status`, { headers })).status).toBe(401);
});
