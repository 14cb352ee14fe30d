/* SPDX-License-Identifier: Apache-2.0 */
/* Projects and members. Who may do what: rights.test.ts. */
import { beforeAll, describe, expect, test } from "vitest";
import { addUser, client, newFolder, refused, serve, type Caller, type Server } from "./harness.ts";

let server: Server;
let owner: Caller, editor: Caller, viewer: Caller, stranger: Caller;
let projectId: string;

const addresses = { editor: "edith@tieline.test", viewer: "vera@tieline.test", stranger: "sam@tieline.test" };

beforeAll(async () => {
  const data = newFolder();
  const tokens = ["olga", "edith", "vera", "sam"].map((name) => addUser(data, name));
  server = await serve(data);
  [owner, editor, viewer, stranger] = tokens.map((token) => client(server, token)) as [Caller, Caller, Caller, Caller];
  projectId = (await owner.mutation("projects.create", { name: "First" })).id;
  await stranger.mutation("projects.create", { name: "Another" });
  for (const role of ["editor", "viewer"] as const)
    await owner.mutation("members.add", { projectId, email: addresses[role], role });
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
