/* SPDX-License-Identifier: Apache-2.0 */
/* Ways in that work once: invitations to a project, and codes that sign in. */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { addUser, client, newFolder, password, refused, run, serve, type Caller, type Server } from "./harness.ts";
import { inStore, stored } from "./stores.ts";

let server: Server;
let owner: Caller;
let other: Caller;
let administrator: Caller;
let projectId: string;
const tokens: Record<string, string> = {};
const ids: Record<string, string> = {};

beforeAll(async () => {
  const data = newFolder();
  for (const name of ["owner", "other", "guest", "boss", "locked"]) tokens[name] = addUser(data, name);
  run("user", "grant-admin", "boss@tieline.test", "--data", data);
  server = await serve(data);
  owner = client(server, tokens.owner);
  other = client(server, tokens.other);
  administrator = client(server, tokens.boss);
  for (const { id, name } of (await administrator.query("users.list", {})).users) ids[name] = id;
  ({ id: projectId } = await owner.mutation("projects.create", { name: "Orders" }));
});

const nobody = () => client(server);
const unused = `tl_00000000_${"A".repeat(43)}`;
const address = () => `${randomUUID()}@tieline.test`;
const invite = (email: string, role = "viewer", by = owner) => by.mutation("members.invite", { projectId, email, role });
const accept = (code: string, more: object = {}) => nobody().mutation("auth.acceptInvitation", { code, ...more });
const members = async () => (await owner.query("members.list", { projectId })).members;

/* Time does not pass for tests: what is to have expired gets an earlier end. */
function sql(statement: string): void {
  inStore(server.data, statement);
}

/* A call as our page makes it. */
async function browse(path: string, input: unknown, cookie?: string) {
  const response = await fetch(`${server.base}/trpc/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: server.base, "x-tieline": "1", ...(cookie ? { cookie } : {}) },
    body: JSON.stringify(input),
  });
  const set = response.headers.get("set-cookie");
  return { status: response.status, set, cookie: set?.split(";")[0], answer: (await response.json()) as any };
}

async function whoIs(cookie: string | undefined) {
  const response = await fetch(`${server.base}/trpc/auth.status`, { headers: { cookie: cookie ?? "" } });
  return ((await response.json()) as any).result.data.user;
}

describe("an invitation", () => {
  test("lets a new person set a password, join and be signed in, once", async () => {
    const email = address();
    const { invitation, code } = await invite(email, "editor");
    expect(invitation).toMatchObject({ email, role: "editor" });
    const days = (Date.parse(invitation.expiresAt) - Date.parse(invitation.createdAt)) / 86_400_000;
    expect(days).toBe(7);
    expect(JSON.stringify(invitation)).not.toContain(code);
    expect(await nobody().mutation("auth.viewInvitation", { code })).toEqual({
      projectName: "Orders",
      email,
      role: "editor",
      invitedBy: "owner",
      known: false,
      expiresAt: invitation.expiresAt,
    });
    await refused(accept(code, { password }), "BAD_REQUEST", "auth.acceptInvitation", "name");
    await refused(accept(code, { name: "New" }), "BAD_REQUEST", "auth.acceptInvitation", "password");
    await refused(accept(code, { name: "New", password: "short" }), "BAD_REQUEST", "auth.acceptInvitation", "password");

    const { answer, cookie, set } = await browse("auth.acceptInvitation", { code, name: "New", password });
    expect(answer.result.data).toMatchObject({ projectId, user: { name: "New", email, admin: false } });
    expect(set).toMatch(/^tieline_session=tl_.*HttpOnly/);
    expect(await whoIs(cookie)).toMatchObject({ email });
    expect((await members()).find((one: any) => one.email === email)).toMatchObject({ role: "editor", name: "New" });
    expect((await browse("auth.login", { email, password })).status).toBe(200);

    await refused(accept(code, { name: "Again", password }), "NOT_FOUND", "auth.acceptInvitation", "code");
    await refused(nobody().mutation("auth.viewInvitation", { code }), "NOT_FOUND", "auth.viewInvitation", "code");
    expect((await owner.query("members.invitations", { projectId })).invitations).toEqual([]);
  });

  test("taken up at the same time makes one user and one member", async () => {
    const email = address();
    const { code } = await invite(email);
    const tries = await Promise.all(
      Array.from({ length: 8 }, (_, i) => browse("auth.acceptInvitation", { code, name: `N${i}`, password })),
    );
    expect(tries.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await members()).filter((one: any) => one.email === email)).toHaveLength(1);
    expect((await administrator.query("users.list", { email })).users).toHaveLength(1);
  });

  test("lets a user of the server join with their password; a wrong one leaves it open", async () => {
    const { code } = await invite("GUEST@tieline.test");
    expect((await nobody().mutation("auth.viewInvitation", { code })).known).toBe(true);
    await refused(accept(code), "BAD_REQUEST", "auth.acceptInvitation", "password");
    await refused(accept(code, { password: "wrong password" }), "FORBIDDEN", "auth.acceptInvitation", "password");
    const { answer, cookie } = await browse("auth.acceptInvitation", { code, password });
    expect(answer.result.data.user.email).toBe("guest@tieline.test");
    expect(await whoIs(cookie)).toMatchObject({ name: "guest" });
    await refused(invite("guest@tieline.test"), "CONFLICT", "members.invite", "email");
    await owner.mutation("members.remove", { projectId, userId: ids.guest });
  });

  test("needs no password of who is signed in with its address, and one of anybody else", async () => {
    const { cookie } = await browse("auth.login", { email: "guest@tieline.test", password });
    const { cookie: foreign } = await browse("auth.login", { email: "other@tieline.test", password });
    const { code } = await invite("guest@tieline.test");
    expect((await browse("auth.acceptInvitation", { code }, foreign)).status).toBe(400);
    /* A token is no person before a page. */
    await refused(client(server, tokens.guest).mutation("auth.acceptInvitation", { code }), "BAD_REQUEST", "auth.acceptInvitation", "password");
    const { status, set } = await browse("auth.acceptInvitation", { code }, cookie);
    expect([status, set]).toEqual([200, null]);
    expect((await client(server, tokens.guest).query("projects.get", { projectId })).role).toBe("viewer");
    await owner.mutation("members.remove", { projectId, userId: ids.guest });
  });

  test("of a member keeps the role they have by now", async () => {
    const { code } = await invite("guest@tieline.test", "owner");
    await owner.mutation("members.add", { projectId, email: "guest@tieline.test", role: "viewer" });
    await accept(code, { password });
    expect((await client(server, tokens.guest).query("projects.get", { projectId })).role).toBe("viewer");
    await owner.mutation("members.remove", { projectId, userId: ids.guest });
  });

  test("of a user who is disabled is refused", async () => {
    await administrator.mutation("users.update", { userId: ids.locked, disabled: true });
    const { code } = await invite("locked@tieline.test");
    await refused(accept(code, { password }), "FORBIDDEN", "auth.acceptInvitation");
    await administrator.mutation("users.update", { userId: ids.locked, disabled: false });
  });

  test("ends when it is withdrawn, or another takes its place", async () => {
    const email = address();
    const first = await invite(email);
    const second = await invite(email.toUpperCase(), "editor");
    const { invitations } = await owner.query("members.invitations", { projectId });
    expect(invitations.filter((one: any) => one.email.toLowerCase() === email)).toHaveLength(1);
    await refused(accept(first.code, { name: "N", password }), "NOT_FOUND", "auth.acceptInvitation", "code");
    const mine = await other.mutation("projects.create", { name: "Mine" });
    const foreign = { projectId: mine.id, invitationId: second.invitation.id };
    await refused(other.mutation("members.uninvite", foreign), "NOT_FOUND", "members.uninvite");
    await owner.mutation("members.uninvite", { projectId, invitationId: second.invitation.id });
    await refused(accept(second.code, { name: "N", password }), "NOT_FOUND", "auth.acceptInvitation", "code");
  });

  test("does not count while whoever made it is no owner, or disabled", async () => {
    await owner.mutation("members.add", { projectId, email: "other@tieline.test", role: "owner" });
    const { code } = await invite(address(), "viewer", other);
    const look = () => nobody().mutation("auth.viewInvitation", { code });
    expect((await look()).invitedBy).toBe("other");
    await owner.mutation("members.update", { projectId, userId: ids.other, role: "editor" });
    await refused(look(), "NOT_FOUND", "auth.viewInvitation", "code");
    expect((await owner.query("members.invitations", { projectId })).invitations.map((one: any) => one.email)).not.toContain("other");
    await owner.mutation("members.update", { projectId, userId: ids.other, role: "owner" });
    await look();
    await administrator.mutation("users.update", { userId: ids.other, disabled: true });
    await refused(accept(code, { name: "N", password }), "NOT_FOUND", "auth.acceptInvitation", "code");
    await administrator.mutation("users.update", { userId: ids.other, disabled: false });
    await owner.mutation("members.remove", { projectId, userId: ids.other });
  });

  test("goes with its project, and there are not more than 200", { timeout: 60000 }, async () => {
    const { id } = await owner.mutation("projects.create", { name: "Short-lived" });
    const of = (email: string) => owner.mutation("members.invite", { projectId: id, email, role: "viewer" });
    const { code } = await of(address());
    for (let i = 1; i < 200; i++) await of(`p${i}@tieline.test`);
    await refused(of(address()), "CONFLICT", "members.invite");
    await of("p1@tieline.test");
    await owner.mutation("projects.delete", { projectId: id });
    await refused(accept(code, { name: "N", password }), "NOT_FOUND", "auth.acceptInvitation", "code");
  });

  test("is refused with a code that never was, or is too long", async () => {
    await refused(accept(unused, { name: "N", password }), "NOT_FOUND", "auth.acceptInvitation", "code");
    await refused(accept("x".repeat(201)), "BAD_REQUEST", "auth.acceptInvitation", "code");
  });

  test("is not slowed by others, but wrong passwords for it are counted", { timeout: 60000 }, async () => {
    const { code } = await invite("locked@tieline.test");
    let key = "";
    for (let i = 0; i < 30 && key !== "TOO_MANY_REQUESTS"; i++)
      key = (await browse("auth.acceptInvitation", { code, password: `wrong password ${i}` })).answer.error.data.code;
    expect(key).toBe("TOO_MANY_REQUESTS");
  });
});

describe("a code that signs in", () => {
  test("works once, and only the last one of a user", async () => {
    const first = await owner.mutation("auth.createCode", {});
    const { code, expiresAt } = await owner.mutation("auth.createCode", { minutes: 60 });
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(59 * 60_000 - 5_000);
    const login = (value: string) => nobody().mutation("auth.loginWithCode", { code: value });
    await refused(login(first.code), "UNAUTHORIZED", "auth.loginWithCode");
    const tries = await Promise.all(Array.from({ length: 8 }, () => browse("auth.loginWithCode", { code })));
    const good = tries.filter(({ status }) => status === 200);
    expect(good).toHaveLength(1);
    expect(good[0]!.answer.result.data.user.name).toBe("owner");
    expect(await whoIs(good[0]!.cookie)).toMatchObject({ name: "owner" });
    await refused(login(unused), "UNAUTHORIZED", "auth.loginWithCode");
  });

  test("ends with a new password, and while its user is disabled", async () => {
    const guest = client(server, tokens.guest);
    const { code } = await guest.mutation("auth.createCode", {});
    await administrator.mutation("users.resetPassword", { userId: ids.guest, password });
    await refused(nobody().mutation("auth.loginWithCode", { code }), "UNAUTHORIZED", "auth.loginWithCode");
    const later = await guest.mutation("auth.createCode", {});
    await administrator.mutation("users.update", { userId: ids.guest, disabled: true });
    await refused(nobody().mutation("auth.loginWithCode", later), "BAD_REQUEST", "auth.loginWithCode", "expiresAt");
    await refused(nobody().mutation("auth.loginWithCode", { code: later.code }), "UNAUTHORIZED", "auth.loginWithCode");
    await administrator.mutation("users.update", { userId: ids.guest, disabled: false });
  });

  test("ends by itself", async () => {
    await refused(owner.mutation("auth.createCode", { minutes: 0 }), "BAD_REQUEST", "auth.createCode", "minutes");
    await refused(owner.mutation("auth.createCode", { minutes: 1441 }), "BAD_REQUEST", "auth.createCode", "minutes");
    const { code } = await owner.mutation("auth.createCode", { minutes: 1 });
    sql("UPDATE sign_in_codes SET expires_at = (SELECT min(created_at) FROM users)");
    await refused(nobody().mutation("auth.loginWithCode", { code }), "UNAUTHORIZED", "auth.loginWithCode");
  });
});

test("an invitation that has expired is gone from the list, and opens nothing", async () => {
  const { code, invitation } = await invite(address());
  sql(`UPDATE invitations SET expires_at = created_at WHERE id = '${invitation.id}'`);
  const { invitations } = await owner.query("members.invitations", { projectId });
  expect(invitations.map((one: any) => one.id)).not.toContain(invitation.id);
  await refused(accept(code, { name: "N", password }), "NOT_FOUND", "auth.acceptInvitation", "code");
});

test("no code is on the disk, nor in what the server says", async () => {
  const { code: invited } = await invite(address());
  const { code: signing } = await owner.mutation("auth.createCode", {});
  const texts = [server.output(), ...stored(server.data)];
  expect(texts.length).toBeGreaterThan(1);
  for (const text of texts) for (const code of [invited, signing]) expect(text).not.toContain(code.slice(12));
});
