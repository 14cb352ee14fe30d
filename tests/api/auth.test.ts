/* SPDX-License-Identifier: Apache-2.0 */
import { beforeAll, describe, expect, test } from "vitest";
import { client, newFolder, password, refused, serve, type Server } from "./harness.ts";
import { until } from "./streams.ts";

let server: Server;
const owner = { name: "Ada", email: "ada@tieline.test" };

beforeAll(async () => {
  server = await serve(newFolder());
});

/* A call as a browser makes it. */
async function browse(path: string, input: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.base}/trpc/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(input),
  });
  const { status, headers: said } = response;
  return { status, cookie: said.get("set-cookie"), retryAfter: said.get("retry-after"), answer: (await response.json()) as any };
}

async function signIn(pass = password): Promise<string> {
  const { cookie, status } = await browse("auth.login", { email: owner.email, password: pass });
  expect(status).toBe(200);
  return cookie!.split(";")[0]!;
}

describe("set-up", () => {
  test("is required at first, and the token is printed", async () => {
    expect(await client(server).query("auth.status")).toEqual({ setupRequired: true });
    expect(server.setupToken).toMatch(/^tl_/);
  });
  test("refuses a wrong token and a short password", async () => {
    const wrong = { ...owner, token: `tl_00000000_${"A".repeat(43)}`, password };
    await refused(client(server).mutation("auth.setup", wrong), "FORBIDDEN", "auth.setup", "token");
    const short = { ...owner, token: server.setupToken, password: "short" };
    await refused(client(server).mutation("auth.setup", short), "BAD_REQUEST", "auth.setup", "password");
  });
  test("makes an admin and signs in, once", async () => {
    const { status, cookie, answer } = await browse("auth.setup", { ...owner, token: server.setupToken, password });
    expect(status).toBe(200);
    expect(answer.result.data.user).toMatchObject({ ...owner, admin: true });
    expect(cookie).toMatch(/^tieline_session=.*HttpOnly/);
    await refused(
      client(server).mutation("auth.setup", { ...owner, token: server.setupToken, password }),
      "FORBIDDEN",
      "auth.setup",
    );
  });
});

describe("sessions", () => {
  test("an unknown address and a wrong password answer the same", async () => {
    const wrong = await refused(
      client(server).mutation("auth.login", { email: owner.email, password: "wrong password" }),
      "UNAUTHORIZED",
      "auth.login",
    );
    const unknown = await refused(
      client(server).mutation("auth.login", { email: "nobody@tieline.test", password }),
      "UNAUTHORIZED",
      "auth.login",
    );
    expect(wrong.message).toBe(unknown.message);
  });
  test("mutations by cookie need the header of our page", async () => {
    const cookie = await signIn();
    expect((await browse("projects.create", { name: "P" }, { cookie })).status).toBe(403);
    const origin = server.base;
    expect((await browse("projects.create", { name: "P" }, { cookie, origin, "x-tieline": "1" })).status).toBe(200);
    const foreign = { cookie, origin: "http://elsewhere.test", "x-tieline": "1" };
    expect((await browse("projects.create", { name: "P" }, foreign)).status).toBe(403);
  });
  test("a start by cookie is one by hand; who came is seen, who never did is not", async () => {
    const ours = { cookie: await signIn(), origin: server.base, "x-tieline": "1" };
    const call = async (path: string, input: object) => (await browse(path, input, ours)).answer.result.data;
    const { id: projectId } = await call("projects.create", { name: "Seen" });
    const definition = { nodes: [{ id: "start", type: "manual-trigger", name: "Start", config: {} }], edges: [] };
    const { id: workflowId } = await call("workflows.create", { projectId, name: "W", definition });
    const { execution } = await call("workflows.execute", { workflowId, waitMs: 30_000 });
    expect(execution).toMatchObject({ status: "succeeded", trigger: "manual", attemptCount: 0 });
    await call("users.create", { name: "Late", email: "late@tieline.test", password });
    expect(await call("members.add", { projectId, email: "late@tieline.test", role: "viewer" })).not.toHaveProperty("lastSeenAt");
    const caller = client(server, (await call("tokens.create", { name: "looks" })).secret);
    const seen = await until(async () => (await caller.query("members.list", { projectId })).members[0].lastSeenAt);
    expect(Math.abs(Date.parse(seen) - Date.now())).toBeLessThan(600_000);
  });
  test("logout ends the session", async () => {
    const cookie = await signIn();
    const ours = { cookie, origin: server.base, "x-tieline": "1" };
    const { answer, cookie: cleared } = await browse("auth.logout", {}, ours);
    expect(answer.result.data).toEqual({ success: true });
    expect(cleared).toMatch(/^tieline_session=;/);
    expect((await browse("projects.create", { name: "P" }, ours)).status).toBe(401);
  });
  test("a new password ends the other sessions", async () => {
    const [kept, other] = [await signIn(), await signIn()];
    const ours = (cookie: string) => ({ cookie, origin: server.base, "x-tieline": "1" });
    const next = { current: password, password: "another battery" };
    expect((await browse("auth.changePassword", { ...next, current: "not this one" }, ours(kept))).answer.error.data).toMatchObject({
      code: "FORBIDDEN",
      field: "current",
    });
    expect((await browse("auth.changePassword", next, ours(kept))).answer.result.data).toEqual({ success: true });
    expect((await browse("projects.create", { name: "P" }, ours(other))).status).toBe(401);
    expect((await browse("projects.create", { name: "P" }, ours(kept))).status).toBe(200);
    await browse("auth.changePassword", { current: "another battery", password }, ours(kept));
  });
});

describe("a password that an administrator resets", () => {
  test("ends the sessions, and the old one counts no more", async () => {
    const ours = { cookie: await signIn(), origin: server.base, "x-tieline": "1" };
    const bob = { name: "Bob", email: "bob@tieline.test", password };
    const { id } = (await browse("users.create", bob, ours)).answer.result.data;
    const logIn = (pass: string) => browse("auth.login", { email: bob.email, password: pass });
    const theirs = { cookie: (await logIn(password)).cookie!.split(";")[0]!, origin: server.base, "x-tieline": "1" };
    expect((await browse("projects.create", { name: "P" }, theirs)).status).toBe(200);
    expect((await browse("users.resetPassword", { userId: id, password: "another battery" }, ours)).status).toBe(200);
    expect((await browse("projects.create", { name: "P" }, theirs)).status).toBe(401);
    expect((await logIn(password)).status).toBe(401);
    expect((await logIn("another battery")).status).toBe(200);
    const unknown = { userId: "01a2082d-765f-75fb-a363-f60582dbbb64", password };
    expect((await browse("users.resetPassword", unknown, ours)).status).toBe(404);
    expect((await browse("users.update", { userId: id }, ours)).answer.error.message).toMatch(/nothing would change/);
  });
});

describe("tokens", () => {
  test("act for their user until they are revoked; the secret is shown once", async () => {
    const ours = { cookie: await signIn(), origin: server.base, "x-tieline": "1" };
    const { token, secret } = (await browse("tokens.create", { name: "ci" }, ours)).answer.result.data;
    expect(token).toMatchObject({ name: "ci", access: "write" });
    expect(secret.startsWith(token.prefix)).toBe(true);
    const caller = client(server, secret);
    const { tokens } = await caller.query("tokens.list");
    expect(tokens.map((row: any) => row.id)).toContain(token.id);
    expect(JSON.stringify(tokens)).not.toContain(secret);
    expect(await caller.query("auth.status")).toMatchObject({ user: owner });
    expect(await caller.mutation("tokens.revoke", { tokenId: token.id })).toEqual({ success: true });
    await refused(caller.query("projects.list"), "UNAUTHORIZED", "projects.list");
  });
  test("of access read cannot change anything", async () => {
    const ours = { cookie: await signIn(), origin: server.base, "x-tieline": "1" };
    const { secret } = (await browse("tokens.create", { name: "reader", access: "read" }, ours)).answer.result.data;
    const reader = client(server, secret);
    expect((await reader.query("projects.list")).projects.length).toBeGreaterThan(0);
    await refused(reader.mutation("projects.create", { name: "P" }), "FORBIDDEN", "projects.create");
  });
  test("cannot end before they begin, and unknown ones are not found", async () => {
    const ours = { cookie: await signIn(), origin: server.base, "x-tieline": "1" };
    const { secret } = (await browse("tokens.create", { name: "t" }, ours)).answer.result.data;
    const caller = client(server, secret);
    const past = { name: "t", expiresAt: "2001-01-01T00:00:00Z" };
    await refused(caller.mutation("tokens.create", past), "BAD_REQUEST", "tokens.create", "expiresAt");
    const unknown = { tokenId: "01a2082d-765f-75fb-a363-f60582dbbb64" };
    await refused(caller.mutation("tokens.revoke", unknown), "NOT_FOUND", "tokens.revoke");
  });
});

describe("limits", () => {
  test("count each login of a batch", { timeout: 60000 }, async () => {
    const caller = client(server, undefined, true);
    const tries = Array.from({ length: 30 }, () =>
      caller
        .mutation("auth.login", { email: "guessed@tieline.test", password: "wrong password" })
        .catch((error) => error.data.code),
    );
    const codes = await Promise.all(tries);
    expect(codes.filter((code) => code === "UNAUTHORIZED").length).toBe(20);
    expect(codes.filter((code) => code === "TOO_MANY_REQUESTS").length).toBe(10);
  });
  test("say in the message and in Retry-After when to come again", { timeout: 60000 }, async () => {
    const login = () => browse("auth.login", { email: "ada.nobody@tieline.test", password: "wrong password" });
    for (let i = 0; i < 20; i++) expect((await login()).status).toBe(401);
    const refusal = await login();
    expect(refusal.status).toBe(429);
    const seconds = Number(refusal.retryAfter);
    expect(seconds).toBeGreaterThan(1);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refusal.answer.error.message).toBe(`too many failed sign-ins: try again in ${seconds} s`);
  });
  test("count each test of a batch", { timeout: 60000 }, async () => {
    const ours = { cookie: await signIn(), origin: server.base, "x-tieline": "1" };
    const { secret } = (await browse("tokens.create", { name: "t" }, ours)).answer.result.data;
    const { id: projectId } = await client(server, secret).mutation("projects.create", { name: "P" });
    const caller = client(server, secret, true);
    const unsaved = { projectId, connectionType: "redis", connectionUrl: "redis://127.0.0.1:1" };
    const tests = Array.from({ length: 40 }, () => caller.mutation("connections.test", unsaved).then((result) => result.error, (error) => error.data.code));
    const codes = await Promise.all(tests);
    expect(codes.filter((code) => code === "REFUSED").length).toBe(30);
    expect(codes.filter((code) => code === "TOO_MANY_REQUESTS").length).toBe(10);
  });
});
