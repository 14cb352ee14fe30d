/* SPDX-License-Identifier: Apache-2.0 */
/* Projects, members, roles, and that a project's things are nobody else's, for every procedure. */
import { beforeAll, describe, expect, test } from "vitest";
import { addUser, client, newFolder, refused, run, serve, type Caller, type Server } from "./harness.ts";

let server: Server;
let owner: Caller, editor: Caller, viewer: Caller, stranger: Caller, nobody: Caller;
let projectId: string, connectionId: string, workflowId: string, executionId: string;

const url = "redis://:sesame@127.0.0.1:1/0";
const definition = { nodes: [{ id: "start", type: "manual-trigger", name: "Start" }], edges: [] };
const addresses = { editor: "edith@tieline.test", viewer: "vera@tieline.test", stranger: "sam@tieline.test" };

beforeAll(async () => {
  const data = newFolder();
  const tokens = ["olga", "edith", "vera", "sam"].map((name) => addUser(data, name));
  server = await serve(data);
  [owner, editor, viewer, stranger] = tokens.map((token) => client(server, token)) as [Caller, Caller, Caller, Caller];
  nobody = client(server);
  projectId = (await owner.mutation("projects.create", { name: "First" })).id;
  await stranger.mutation("projects.create", { name: "Another" });
  for (const role of ["editor", "viewer"] as const)
    await owner.mutation("members.add", { projectId, email: addresses[role], role });
  const saved = { projectId, connectionType: "redis", name: "cache", connectionUrl: url };
  connectionId = (await owner.mutation("connections.create", saved)).id;
  workflowId = (await owner.mutation("workflows.create", { projectId, name: "w", definition })).id;
  executionId = (await owner.mutation("workflows.execute", { workflowId, waitMs: 10000 })).executionId;
});

describe("projects", () => {
  test("are listed for their members with their roles", async () => {
    expect((await viewer.query("projects.list")).projects).toMatchObject([{ id: projectId, name: "First", role: "viewer" }]);
    expect((await stranger.query("projects.list")).projects).toMatchObject([{ name: "Another", role: "owner" }]);
    expect(await editor.query("projects.get", { projectId })).toMatchObject({ id: projectId, role: "editor" });
  });
  test("are renamed and deleted by owners", async () => {
    const { id } = await owner.mutation("projects.create", { name: "Passing" });
    expect(await owner.mutation("projects.update", { projectId: id, name: "Past" })).toMatchObject({ id, name: "Past" });
    expect(await owner.mutation("projects.delete", { projectId: id })).toEqual({ success: true });
    await refused(owner.query("projects.get", { projectId: id }), "NOT_FOUND", "projects.get");
  });
  test("need a name", async () => {
    await refused(owner.mutation("projects.create", {}), "BAD_REQUEST", "projects.create", "name");
    await refused(owner.mutation("projects.create", { name: "" }), "BAD_REQUEST", "projects.create", "name");
    await refused(owner.mutation("projects.create", { name: "x", color: 1 }), "BAD_REQUEST", "projects.create", "color");
  });
});

describe("members", () => {
  test("are listed, changed and removed", async () => {
    const { members } = await viewer.query("members.list", { projectId });
    expect(members.map((member: any) => member.role)).toEqual(["owner", "editor", "viewer"]);
    const added = await owner.mutation("members.add", { projectId, email: addresses.stranger, role: "viewer" });
    expect(added).toMatchObject({ email: addresses.stranger, role: "viewer" });
    expect(await stranger.query("projects.get", { projectId })).toMatchObject({ role: "viewer" });
    const member = { projectId, userId: added.userId };
    expect(await owner.mutation("members.update", { ...member, role: "editor" })).toMatchObject({ role: "editor" });
    expect(await owner.mutation("members.remove", member)).toEqual({ success: true });
    await refused(stranger.query("projects.get", { projectId }), "NOT_FOUND", "projects.get");
  });
  test("an unknown address, a member already, the last owner", async () => {
    const unknown = { projectId, email: "nobody@tieline.test", role: "viewer" };
    await refused(owner.mutation("members.add", unknown), "NOT_FOUND", "members.add", "email");
    const again = await owner.mutation("members.add", { projectId, email: addresses.viewer, role: "viewer" }).catch((e) => e);
    expect(again.data.code).toBe("CONFLICT");
    const { members } = await owner.query("members.list", { projectId });
    const last = { projectId, userId: members[0].userId };
    const left = await owner.mutation("members.remove", last).catch((e) => e);
    expect(left.data.code).toBe("CONFLICT");
    const lowered = await owner.mutation("members.update", { ...last, role: "viewer" }).catch((e) => e);
    expect(lowered.data.code).toBe("CONFLICT");
  });
});

/* Every procedure that is about a project, with the least role that may call it. */
const userId = "01a2082d-765f-75fb-a363-f60582dbbb64";
const matrix: [string, "query" | "mutation", "viewer" | "editor" | "owner", () => object][] = [
  ["projects.get", "query", "viewer", () => ({ projectId })],
  ["projects.update", "mutation", "owner", () => ({ projectId, name: "n" })],
  ["projects.delete", "mutation", "owner", () => ({ projectId })],
  ["members.list", "query", "viewer", () => ({ projectId })],
  ["members.add", "mutation", "owner", () => ({ projectId, email: addresses.stranger, role: "owner" })],
  ["members.update", "mutation", "owner", () => ({ projectId, userId, role: "owner" })],
  ["members.remove", "mutation", "owner", () => ({ projectId, userId })],
  ["connections.list", "query", "viewer", () => ({ projectId })],
  ["connections.get", "query", "viewer", () => ({ connectionId })],
  ["connections.usage", "query", "viewer", () => ({ connectionId })],
  ["connections.create", "mutation", "editor", () => ({ projectId, connectionType: "redis", name: "n", connectionUrl: url })],
  ["connections.update", "mutation", "editor", () => ({ connectionId, name: "n" })],
  ["connections.delete", "mutation", "editor", () => ({ connectionId })],
  ["connections.test", "mutation", "editor", () => ({ connectionId })],
  ["workflows.list", "query", "viewer", () => ({ projectId })],
  ["workflows.get", "query", "viewer", () => ({ workflowId })],
  ["workflows.create", "mutation", "editor", () => ({ projectId, name: "n" })],
  ["workflows.update", "mutation", "editor", () => ({ workflowId, name: "n" })],
  ["workflows.delete", "mutation", "editor", () => ({ workflowId })],
  ["workflows.execute", "mutation", "editor", () => ({ workflowId })],
  ["executions.list", "query", "viewer", () => ({ projectId })],
  ["executions.get", "query", "viewer", () => ({ executionId })],
  ["executions.cancel", "mutation", "editor", () => ({ executionId })],
];
const aboutNoProject = [
  "auth.status", "auth.setup", "auth.login", "auth.logout", "auth.changePassword", "tokens.list", "tokens.create",
  "tokens.revoke", "projects.list", "projects.create", "components.list",
];

test("the matrix names every procedure that there is", () => {
  const types = run("types");
  for (const [path] of matrix) expect(types).toContain(path.split(".")[1]!);
  const count = [...types.matchAll(/TRPC(Query|Mutation|Subscription)Procedure</g)].length;
  expect(count).toBe(matrix.length + aboutNoProject.length);
});

describe.each(matrix)("%s", (path, kind, role, input) => {
  test("answers a stranger like an unknown id", async () => {
    const theirs = await refused(stranger[kind](path, input()), "NOT_FOUND", path);
    const unknown = Object.fromEntries(
      Object.entries(input()).map(([key, value]) => [key, key !== "userId" && key.endsWith("Id") ? userId : value]),
    );
    const nowhere = await refused(stranger[kind](path, unknown), "NOT_FOUND", path);
    expect(theirs.message).toBe(nowhere.message);
  });
  test("needs a sign-in", async () => {
    await refused(nobody[kind](path, input()), "UNAUTHORIZED", path);
  });
  test("is refused to lower roles", async () => {
    if (role !== "viewer") await refused(viewer[kind](path, input()), "FORBIDDEN", path);
    if (role === "owner") await refused(editor[kind](path, input()), "FORBIDDEN", path);
  });
});
