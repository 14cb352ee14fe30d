/* SPDX-License-Identifier: Apache-2.0 */
/* Members and invitations, users, the account, a project's settings. */
import { beforeAll, expect, test } from "vitest";
import { addUser, client, newFolder, password, run, serve, type Caller, type Server } from "../api/harness.ts";
import { isSound, type Page, signIn, visitor } from "./browser.ts";

let server: Server;
let ada: Caller;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  const data = newFolder();
  for (const name of ["ada", "bea", "cleo", "dan", "eve", "boss"]) tokens[name] = addUser(data, name);
  run("user", "grant-admin", "boss@tieline.test", "--data", data);
  server = await serve(data);
  ada = client(server, tokens.ada);
});

async function newProject(name: string, roles: Record<string, string> = {}): Promise<string> {
  const { id: projectId } = await ada.mutation("projects.create", { name });
  for (const [who, role] of Object.entries(roles))
    await ada.mutation("members.add", { projectId, email: `${who}@tieline.test`, role });
  return projectId;
}

async function enter(name: string, path: string, looks = {}): Promise<Page> {
  const page = await visitor(server, looks);
  await page.goto(path);
  await page.getByLabel("Email").fill(`${name}@tieline.test`);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor({ state: "detached" });
  return page;
}

const choose = async (page: Page, label: string, option: string) => {
  await page.getByRole("combobox", { name: label, exact: true }).click();
  await page.getByRole("option", { name: option }).click();
};

test("a new person is invited, sets a password, gets another role, and is removed", async () => {
  const id = await newProject("Orders");
  const page = await enter("ada", `/projects/${id}/members`);
  await page.getByRole("button", { name: "Invite" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Invite" }).click();
  await dialog.getByText("Enter an email address.").waitFor();
  await isSound(page, "members-invite");
  await dialog.getByLabel("Email").fill("new@tieline.test");
  await choose(page, "Role", "Viewer");
  await dialog.getByRole("button", { name: "Invite" }).click();
  const link = await dialog.getByLabel("Invitation link").inputValue();
  expect(link).toMatch(new RegExp(`^${server.base}/invite#code=tl_`));
  const copy = dialog.getByRole("button", { name: "Copy link" });
  expect(await copy.evaluate((node) => node === document.activeElement)).toBe(true);
  await copy.click();
  await dialog.getByText("Invitation link copied.").waitFor();
  await isSound(page, "members-link");
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByRole("table", { name: "Pending invitations" }).getByText("new@tieline.test").waitFor();
  await isSound(page, "members");

  const guest = await visitor(server);
  await guest.goto(link);
  await guest.getByRole("heading", { name: "Join a project" }).waitFor();
  await guest.getByText("ada invites you to “Orders” as Viewer.").waitFor();
  await guest.waitForURL((url) => url.hash === "");
  await isSound(guest, "invite");
  await guest.getByRole("button", { name: "Create account and join" }).click();
  await guest.getByText("Enter a name.").waitFor();
  await guest.getByText("Use at least 8 characters.").waitFor();
  await guest.getByLabel("Name").fill("Nora");
  await guest.getByLabel("Password").fill("a new password");
  await guest.getByRole("button", { name: "Create account and join" }).click();
  await guest.getByRole("heading", { name: "Orders", level: 1 }).waitFor();
  expect(await guest.getByRole("link", { name: "Settings" }).count()).toBe(0);
  await guest.getByRole("link", { name: "Members" }).click();
  await guest.getByRole("table", { name: "Members" }).getByText("(you)").waitFor();
  const invite = guest.getByRole("button", { name: "Invite" });
  expect(await invite.getAttribute("aria-disabled")).toBe("true");
  await invite.hover();
  await guest.getByText("Only owners can manage members.").first().waitFor();

  const late = await visitor(server);
  await late.goto(link);
  await late.getByRole("heading", { name: "This invitation does not work" }).waitFor();
  await isSound(late, "invite-gone");

  await page.reload();
  await page.getByRole("row", { name: /^Nora/ }).locator('[data-label="Last seen"]').getByText("now").waitFor();
  expect(await page.getByText("Pending invitations").count()).toBe(0);
  await choose(page, "Role of Nora", "Editor");
  await page.getByText("Nora is now Editor.").waitFor();
  await page.getByRole("button", { name: "Remove Nora" }).click();
  const question = page.getByRole("alertdialog", { name: "Remove member?" });
  await question.getByText("Nora will no longer see “Orders”.", { exact: false }).waitFor();
  await question.getByRole("button", { name: "Remove" }).click();
  await page.getByText("Nora was removed.").waitFor();
  await question.waitFor({ state: "detached" });
  expect(await page.getByRole("table", { name: "Members" }).getByText("Nora").count()).toBe(0);
  await guest.reload();
  await guest.getByRole("heading", { name: "Not found" }).waitFor();
});

test("who has an account joins at once; an invitation can be withdrawn; the last owner stays one", async () => {
  const id = await newProject("Stock");
  const page = await enter("ada", `/projects/${id}/members?add=true`);
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Email").fill("BEA@tieline.test");
  await dialog.getByRole("button", { name: "Invite" }).click();
  await page.getByText("bea is a member now.").waitFor();
  await page.getByRole("table", { name: "Members" }).getByText("bea@tieline.test").waitFor();
  await page.getByRole("button", { name: "Invite" }).click();
  await dialog.getByLabel("Email").fill("bea@tieline.test");
  await dialog.getByRole("button", { name: "Invite" }).click();
  await dialog.getByText("This person is a member already.").waitFor();
  await dialog.getByLabel("Email").fill("late@tieline.test");
  await dialog.getByRole("button", { name: "Invite" }).click();
  const link = await dialog.getByLabel("Invitation link").inputValue();
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Withdraw the invitation of late@tieline.test" }).click();
  await page.getByText("The invitation of late@tieline.test was withdrawn.").waitFor();
  const guest = await visitor(server);
  await guest.goto(link);
  await guest.getByRole("heading", { name: "This invitation does not work" }).waitFor();
  await choose(page, "Role of ada", "Viewer");
  await page.getByText("A project needs an owner: this is the last one.").waitFor();
});

test("a user of the server accepts with their password, or without when signed in", async () => {
  const id = await newProject("Shared");
  const invite = async (email: string) => (await ada.mutation("members.invite", { projectId: id, email, role: "editor" })).code;
  const page = await visitor(server);
  await page.goto(`/invite#code=${await invite("cleo@tieline.test")}`);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Join project" }).click();
  await page.getByText("This is not the password of your account.").waitFor();
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Join project" }).click();
  await page.getByRole("heading", { name: "Shared", level: 1 }).waitFor();

  const other = await newProject("Other");
  const { code } = await ada.mutation("members.invite", { projectId: other, email: "cleo@tieline.test", role: "viewer" });
  await page.goto(`/invite#code=${code}`);
  await page.getByText("ada invites you to “Other” as Viewer.").waitFor();
  expect(await page.getByLabel("Password").count()).toBe(0);
  await page.getByRole("button", { name: "Join project" }).click();
  await page.getByRole("heading", { name: "Other", level: 1 }).waitFor();
});

test("a project is renamed and, with its name typed, deleted; others do not get there", async () => {
  const id = await newProject("Old name", { bea: "editor" });
  const editor = await enter("bea", `/projects/${id}/settings`);
  await editor.getByRole("heading", { name: "You do not have access to this page." }).waitFor();
  await isSound(editor, "no-access");

  const page = await enter("ada", `/projects/${id}/settings`);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Change the name first.").waitFor();
  await page.getByLabel("Name").fill("");
  await page.getByText("Enter a name.").waitFor();
  await page.getByLabel("Name").fill("New name");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "New name", level: 1 }).waitFor();
  await page.getByRole("navigation", { name: "Main" }).getByText("New name").waitFor();
  await isSound(page, "settings");

  await page.getByRole("button", { name: "Delete project…" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Delete project?" });
  expect(await dialog.getByRole("button", { name: "Cancel" }).evaluate((node) => node === document.activeElement)).toBe(true);
  await dialog.getByRole("button", { name: "Delete", exact: true }).click();
  await dialog.getByText("This is not the name of the project.").waitFor();
  await isSound(page, "settings-delete");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Delete project…" }).click();
  await dialog.getByLabel("Type New name to confirm").fill("New name");
  await dialog.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("Project “New name” deleted.").waitFor();
  await page.getByRole("heading", { name: "Projects", level: 1 }).waitFor();
  await page.goto(`/projects/${id}`);
  await page.getByRole("heading", { name: "Not found" }).waitFor();
  await isSound(page, "not-found");
});

test("a token is shown once, and stops when it is revoked", async () => {
  const page = await enter("dan", "/account");
  await page.getByText("dan@tieline.test").waitFor();
  const before = page.getByRole("row", { name: /test/ });
  await before.waitFor();
  await page.getByRole("button", { name: "Create token" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Create token" }).click();
  await dialog.getByText("Enter a name.").waitFor();
  await isSound(page, "token-create");
  await dialog.getByLabel("Name").fill("nightly report");
  await choose(page, "Scope", "Read only");
  await dialog.getByRole("button", { name: "Create token" }).click();
  await dialog.getByText("Copy this token now. It will not be shown again.").waitFor();
  const secret = await dialog.getByLabel("Token").inputValue();
  const caller = client(server, secret);
  expect(await caller.query("projects.list")).toBeDefined();
  await expect(caller.mutation("projects.create", { name: "P" })).rejects.toThrow("may only read");
  await isSound(page, "token-once");
  await dialog.getByRole("button", { name: "Done" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await page.content()).not.toContain(secret);
  await page.reload();
  await page.getByRole("row", { name: /nightly report.*Read only/ }).waitFor();
  expect(await page.content()).not.toContain(secret);
  await isSound(page, "account");
  await page.getByRole("button", { name: "Revoke nightly report" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByText("Token “nightly report” revoked.").waitFor();
  await expect(caller.query("projects.list")).rejects.toThrow("revoked");
});

test("a password is changed; other browsers are signed out and find their way back", async () => {
  const page = await enter("eve", "/account");
  const other = await enter("eve", "/projects?add=true");
  await page.getByLabel("Current password").fill("wrong password");
  await page.getByLabel("New password", { exact: true }).fill("another password");
  await page.getByLabel("New password again").fill("another passwort");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("These are not the same.").waitFor();
  await page.getByLabel("New password again").fill("another password");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("This is not your password.").waitFor();
  await page.getByLabel("Current password").fill(password);
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Password changed.").waitFor();
  expect(await page.getByLabel("Current password").inputValue()).toBe("");

  /* A change is refused there: first signing in, then back at the same place. */
  await other.getByRole("dialog").getByLabel("Name").fill("Late");
  await other.getByRole("button", { name: "Create", exact: true }).click();
  await other.getByText("Your session has ended. Sign in to go on where you were.").waitFor();
  await isSound(other, "login-ended");
  await other.getByLabel("Email").fill("eve@tieline.test");
  await other.getByLabel("Password").fill("another password");
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByRole("dialog", { name: "New Project" }).waitFor();
});

test("appearance and single letters are chosen in the account, and kept", async () => {
  const page = await enter("dan", "/account");
  await page.getByRole("radio", { name: "Dark" }).check();
  await page.waitForFunction(() => document.documentElement.dataset.mantineColorScheme === "dark");
  await page.getByRole("switch", { name: "Shortcuts of a single letter" }).click();
  await page.reload();
  await page.getByRole("heading", { name: "Account", level: 1 }).waitFor();
  expect(await page.evaluate(() => document.documentElement.dataset.mantineColorScheme)).toBe("dark");
  await page.keyboard.press("?");
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog", { name: "Go to…" }).waitFor();
  await page.keyboard.press("Escape");
  expect(await page.getByRole("dialog", { name: "Keyboard shortcuts" }).count()).toBe(0);
  await page.getByRole("button", { name: "Show all shortcuts" }).click();
  await page.getByText("Single letters are switched off in your account.").waitFor();
});

test("an administrator adds, changes, disables, enables and resets users; others do not get there", async () => {
  const stranger = await enter("bea", "/admin/users");
  await stranger.getByRole("heading", { name: "You do not have access to this page." }).waitFor();
  expect(await stranger.getByText("Administration").count()).toBe(0);

  const page = await enter("boss", "/projects");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Users" }).click();
  await page.getByRole("heading", { name: "Users", level: 1 }).waitFor();
  const mine = page.getByRole("button", { name: "Disable boss" });
  expect(await mine.getAttribute("aria-disabled")).toBe("true");
  await page.getByRole("button", { name: "Add User" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Add" }).click();
  for (const words of ["Enter a name.", "Enter an email address.", "Use at least 8 characters."]) await dialog.getByText(words).waitFor();
  await isSound(page, "users-add");
  await dialog.getByLabel("Name").fill("Fay");
  await dialog.getByLabel("Email").fill("ada@tieline.test");
  await dialog.getByLabel("Password").fill("first password");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.getByText("A user with this address exists.").waitFor();
  await dialog.getByLabel("Email").fill("fay@tieline.test");
  await dialog.getByRole("button", { name: "Add" }).click();
  await page.getByText("User Fay added.").waitFor();

  const fay = await visitor(server);
  await signIn(fay, "fay@tieline.test", "first password");
  await page.getByRole("button", { name: "Reset password of Fay" }).click();
  await page.getByRole("dialog").getByLabel("New password").fill("second password");
  await page.getByRole("dialog").getByRole("button", { name: "Reset password" }).click();
  await page.getByText("Fay has a new password.").waitFor();
  await fay.reload();
  await fay.getByRole("heading", { name: "Sign in" }).waitFor();
  await signIn(fay, "fay@tieline.test", "second password");

  await page.getByRole("button", { name: "Disable Fay" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Disable" }).click();
  await page.getByText("Fay was disabled.").waitFor();
  await page.getByRole("row", { name: /Fay.*Disabled/ }).waitFor();
  await isSound(page, "users");
  await fay.reload();
  await fay.getByLabel("Email").fill("fay@tieline.test");
  await fay.getByLabel("Password").fill("second password");
  await fay.getByRole("button", { name: "Sign in" }).click();
  await fay.getByText("This account is disabled. Ask an administrator of this server.").waitFor();
  await page.getByRole("button", { name: "Enable Fay" }).click();
  await page.getByText("Fay was enabled.").waitFor();
  await signIn(fay, "fay@tieline.test", "second password");

  await page.getByRole("button", { name: "Edit Fay" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Faye");
  await page.getByRole("dialog").getByRole("switch", { name: "Administrator" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /Faye.*Administrator/ }).waitFor();
  await fay.reload();
  await fay.getByRole("link", { name: "Users" }).waitFor();

  await page.getByLabel("Search users").fill("fay@");
  await page.waitForURL((url) => url.searchParams.get("q") === "fay@");
  await page.getByRole("row", { name: /ada@/ }).waitFor({ state: "detached" });
  await page.getByLabel("Search users").fill("zzz");
  await page.getByText("Nothing matches these filters.").waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByRole("row", { name: /ada@/ }).waitFor();
});

test("hostile names are text", async () => {
  const name = '<img src=x onerror="document.title=1">';
  const id = await newProject(name);
  await ada.mutation("members.invite", { projectId: id, email: "<b>@tieline.test", role: "viewer" }).catch(() => undefined);
  const page = await enter("ada", `/projects/${id}/members`);
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill("onerror");
  await page.getByRole("option", { name: `${name} Project` }).waitFor();
  expect(await page.locator("img").count()).toBe(0);
});
