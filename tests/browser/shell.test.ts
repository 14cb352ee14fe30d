/* SPDX-License-Identifier: Apache-2.0 */
/* What stands around every screen: ways about by keys, on narrow screens, and when the server is gone. */
import { expect, test } from "vitest";
import { addUser, client, newFolder, password, run, serve, type Server } from "../api/harness.ts";
import { isSound, type Page, signIn, visitor } from "./browser.ts";

const redis = { connectionType: "redis", connectionUrl: "redis://127.0.0.1:1" };
const definition = { nodes: [{ id: "start", type: "manual-trigger", name: "Start", config: {} }], edges: [] };

async function sample(): Promise<{ server: Server; token: string; data: string; projectId: string }> {
  const data = newFolder();
  const token = addUser(data, "ada");
  const server = await serve(data);
  const ada = client(server, token);
  const { id: projectId } = await ada.mutation("projects.create", { name: "Orders" });
  await ada.mutation("projects.create", { name: "Stock" });
  await ada.mutation("connections.create", { projectId, name: "Cache", ...redis });
  await ada.mutation("workflows.create", { projectId, name: "Nightly sync", definition });
  return { server, token, data, projectId };
}

const focused = (page: Page) =>
  page.evaluate(() => {
    const node = document.activeElement;
    return node?.getAttribute("aria-label") ?? (node as HTMLInputElement | null)?.labels?.[0]?.textContent ?? node?.textContent ?? "";
  });

/* As people do it: on with Tab until it is there. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const fits = (found: string) => (typeof name === "string" ? found.trim() === name : name.test(found));
  for (let i = 0; i < 60; i++) {
    if (fits(await focused(page))) return;
    await page.keyboard.press("Tab");
  }
  expect.fail(`Tab does not come to ${name}; it is at ${await focused(page)}`);
}

test("after set-up comes the first project", async () => {
  const server = await serve(newFolder());
  const page = await visitor(server);
  await page.goto(`/setup#token=${server.setupToken}`);
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("Email").fill("ada@tieline.test");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  const dialog = page.getByRole("dialog", { name: "Create your first project" });
  await dialog.waitFor();
  await isSound(page, "first-project");
  await dialog.getByLabel("Name").fill("Orders");
  await page.keyboard.press("Enter");
  await page.getByText("Project “Orders” created.").waitFor();
});

test("an address that works once signs in, leads to the page, and leaves nothing behind", async () => {
  const { server, token, projectId } = await sample();
  const { code } = await client(server, token).mutation("auth.createCode", {});
  const address = `/login?next=/projects/${projectId}#code=${code}`;
  const page = await visitor(server);
  await page.goto(address);
  await page.getByRole("heading", { name: "Orders", level: 1 }).waitFor();
  expect(page.url()).not.toContain("tl_");
  await page.reload();
  await page.getByRole("heading", { name: "Orders", level: 1 }).waitFor();
  expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))).not.toContain("tl_");

  const other = await visitor(server);
  await other.goto(address);
  await other.getByText("This address was used already, or has expired. Sign in with your password.").waitFor();
  await isSound(other, "login-code");
  await other.getByLabel("Email").fill("ada@tieline.test");
  await other.getByLabel("Password").fill(password);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByRole("heading", { name: "Orders", level: 1 }).waitFor();
});

test("Ctrl K goes to projects, pages, workflows and connections", async () => {
  const { server, projectId } = await sample();
  const page = await visitor(server);
  await signIn(page, "ada@tieline.test", password);
  await page.keyboard.press("Control+k");
  const finder = page.getByRole("dialog", { name: "Go to…" });
  await finder.waitFor();
  expect(await page.getByRole("combobox").evaluate((node) => node === document.activeElement)).toBe(true);
  await page.getByRole("option", { name: "Stock Project" }).waitFor();
  await isSound(page, "go-to");
  await page.keyboard.type("ord");
  await page.getByRole("option", { name: "Orders Project", selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Orders", level: 1 }).waitFor();
  await page.getByRole("button", { name: "Go to…" }).click();
  await page.getByRole("combobox").fill("cache");
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/projects/${projectId}/connections/`));
  await page.getByRole("dialog", { name: "Cache" }).waitFor();
  /* Not over what is open already. */
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Cache" }).waitFor({ state: "detached" });
  await page.keyboard.press("Control+k");
  await finder.waitFor();
  await page.keyboard.type("orders members");
  await page.keyboard.press("Enter");
  await page.getByRole("table", { name: "Members" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("nothing like it");
  await page.getByText("Nothing has this name.").waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("sync");
  await page.getByRole("option", { name: "Nightly sync Workflow" }).waitFor();
  const options = page.getByRole("option");
  /* Letters within the word "Workflow" find no workflow. */
  await page.keyboard.press("Control+a");
  await page.keyboard.type("or");
  await page.getByRole("option", { name: "Orders Project" }).waitFor();
  /* What begins with it comes before what contains it. */
  expect(await options.first().textContent()).toMatch(/^Orders/);
  expect(await page.getByRole("option", { name: "Nightly sync" }).count()).toBe(0);
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await options.nth(1).waitFor();
  const last = (await options.count()) - 1;
  await page.keyboard.press("ArrowUp");
  expect(await options.nth(last).getAttribute("aria-selected")).toBe("true");
  await page.keyboard.press("ArrowDown");
  expect(await options.first().getAttribute("aria-selected")).toBe("true");
});

test("letters go about, are listed, and stay letters where people write", async () => {
  const { server, projectId } = await sample();
  const page = await visitor(server);
  await signIn(page, "ada@tieline.test", password);
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await isSound(page, "shortcuts");
  await page.keyboard.press("n");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(new URL(page.url()).search).toBe("");
  await page.keyboard.press("n");
  const dialog = page.getByRole("dialog", { name: "New Project" });
  await dialog.waitFor();
  await page.keyboard.type("gpn?/");
  expect(await dialog.getByLabel("Name").inputValue()).toBe("gpn?/");
  await page.keyboard.press("Escape");
  await page.getByRole("alertdialog", { name: "Discard changes?" }).getByRole("button", { name: "Discard" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.goto(`/projects/${projectId}/members`);
  await page.getByRole("table", { name: "Members" }).waitFor();
  /* It is not on the page that follows: the heading has the focus then. */
  await page.getByRole("button", { name: "Invite" }).focus();
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await page.getByRole("table", { name: "Connections" }).waitFor();
  await expect.poll(() => focused(page)).toBe("Orders");
  expect(await page.title()).toBe("Connections · Orders · Tieline");
  await page.keyboard.press("n");
  await page.getByRole("dialog", { name: "Add Connection" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("/");
  expect(await focused(page)).toBe("Search connections");
  await page.keyboard.press("g");
  expect(await page.getByLabel("Search connections").inputValue()).toBe("g");
  await page.locator("h2").first().click();
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await page.getByRole("heading", { name: "Projects", level: 1 }).waitFor();
});

test("everything here is done by keys alone", async () => {
  const { server } = await sample();
  const page = await visitor(server);
  await page.goto("/");
  await tabTo(page, "Email");
  await page.keyboard.type("ada@tieline.test");
  await tabTo(page, "Password");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Projects", level: 1 }).waitFor();
  /* Past the header and the rail: the next stop is on the screen. */
  await tabTo(page, "Skip to content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  expect(await focused(page)).toBe("New Project");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "New Project" }).waitFor();
  await page.keyboard.type("By keys");
  await page.keyboard.press("Enter");
  await page.getByText("Project “By keys” created.").waitFor();
  await page.waitForFunction(() => document.activeElement?.textContent?.startsWith("By keys"));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "By keys", level: 1 }).waitFor();
  await tabTo(page, "Members");
  await page.keyboard.press("Enter");
  await page.getByRole("table", { name: "Members" }).waitFor();
  await tabTo(page, "Invite");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.type("key@tieline.test");
  await tabTo(page, "Role");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await tabTo(page, "Invite");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Copy link" }).waitFor();
  await tabTo(page, "Done");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  /* The focus is where it was. */
  await page.waitForFunction(() => document.activeElement?.textContent === "Invite");
  await tabTo(page, "Withdraw the invitation of key@tieline.test");
  await page.keyboard.press("Enter");
  await page.getByText("The invitation of key@tieline.test was withdrawn.").waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("account");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Account", level: 1 }).waitFor();
  await tabTo(page, "Account of ada");
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Sign out" }).waitFor();
  for (let i = 0; i < 10 && (await focused(page)) !== "Sign out"; i++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});

/* 320 px is what 1280 px are at a zoom of 400 %. */
test("at 320 pixels nothing is cut off, on any screen of the shell", async () => {
  const { server, projectId } = await sample();
  const page = await visitor(server, { width: 320, height: 640 });
  const fits = async (name: string) => {
    const wide = await page.evaluate(() => {
      const beyond = [...document.querySelectorAll("body *")].filter((node) => {
        if (node.closest(".tabs, .hidden-text, [data-scrolls], thead, .skip, .react-flow")) return false;
        const { right, width, height } = node.getBoundingClientRect();
        return width > 0 && height > 0 && right > innerWidth + 1;
      });
      return [document.documentElement.scrollWidth, ...beyond.slice(0, 3).map((node) => node.outerHTML.slice(0, 120))];
    });
    expect(wide, name).toEqual([320]);
    /* Nor between a telephone and a desk, where the rail takes its part. */
    if (["workflows", "members", "account"].includes(name)) {
      await page.setViewportSize({ width: 768, height: 640 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBe(768);
      await page.setViewportSize({ width: 320, height: 640 });
    }
    /* The others differ from their wide selves in no way that axe sees. */
    if (["menu", "members", "account"].includes(name)) await isSound(page, `narrow-${name}`);
  };
  await page.goto("/login");
  await page.getByLabel("Email").waitFor();
  await fits("login");
  await signIn(page, "ada@tieline.test", password);
  await fits("projects");
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Orders" }).waitFor();
  await fits("menu");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Orders" }).click();
  await page.getByRole("heading", { name: "Orders", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Nightly sync" }).or(page.getByText("Nightly sync")).first().waitFor();
  await fits("workflows");
  for (const [tab, ready] of [
    ["connections", page.getByText("redis://127.0.0.1:1")],
    ["members", page.getByText("(you)")],
    ["settings", page.getByRole("button", { name: "Delete project…" })],
  ] as const) {
    await page.goto(`/projects/${projectId}/${tab}`);
    await ready.first().waitFor();
    await fits(tab);
  }
  await page.goto(`/projects/${projectId}/members?add=true`);
  await page.getByRole("dialog").getByLabel("Email").fill("narrow@tieline.test");
  await page.getByRole("dialog").getByRole("button", { name: "Invite" }).click();
  await page.getByRole("button", { name: "Copy link" }).waitFor();
  await fits("link");
  await page.goto("/account");
  await page.getByRole("table", { name: "API tokens" }).getByText("test").waitFor();
  await fits("account");
  await page.getByRole("button", { name: "Go to…" }).click();
  await page.getByRole("combobox").waitFor();
  await fits("go-to");
});

test("the server stops and comes back: it is said, and what is shown is current without a reload", async () => {
  const data = newFolder();
  const token = addUser(data, "ada");
  const first = await serve(data);
  const port = new URL(first.base).port;
  const page = await visitor(first);
  await signIn(page, "ada@tieline.test", password);
  await page.getByText("No projects yet").waitFor();
  await first.kill();
  await page.getByRole("button", { name: "New Project" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Orders");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByText("The server could not be reached. Reconnecting…").waitFor();
  await page.getByText("The server could not be reached.", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await isSound(page, "unreachable");

  const again = await serve(data, "--listen", `127.0.0.1:${port}`);
  await client(again, token).mutation("projects.create", { name: "Made meanwhile" });
  await page.getByRole("heading", { name: "Made meanwhile" }).waitFor();
  await page.getByText("The server could not be reached. Reconnecting…").waitFor({ state: "detached" });
});

test("being offline is said, and taken back", async () => {
  const { server } = await sample();
  const page = await visitor(server);
  await signIn(page, "ada@tieline.test", password);
  await page.context().setOffline(true);
  await page.getByText("You are offline. Changes are kept in this tab.").waitFor();
  await isSound(page, "offline");
  await page.context().setOffline(false);
  await page.getByText("You are offline. Changes are kept in this tab.").waitFor({ state: "detached" });
});

test("addresses that lead nowhere say so, and lead on", async () => {
  const { server, projectId } = await sample();
  const page = await visitor(server);
  await signIn(page, "ada@tieline.test", password);
  for (const path of ["/projects/x", `/projects/${crypto.randomUUID()}`, `/projects/${projectId}/nothing`, "/account/nothing"]) {
    await page.goto(path);
    await page.getByRole("heading", { name: "Not found" }).waitFor();
  }
  for (const [part, up] of [["workflows", "Go to the workflows of “Orders”"], ["executions", "Go to the executions of “Orders”"]] as const) {
    await page.goto(`/projects/${projectId}/${part}/${crypto.randomUUID()}`);
    await page.getByRole("link", { name: up }).click();
    await page.waitForURL(new RegExp(`/${part}$`));
  }
  await page.goto(`/projects/${projectId}/connections/${crypto.randomUUID()}`);
  await page.getByRole("dialog", { name: "Not found" }).getByRole("link", { name: "Back to the connections" }).click();
  await page.getByRole("table", { name: "Connections" }).waitFor();
  /* The page that a link leads to has the focus. */
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Projects" }).click();
  await page.waitForFunction(() => document.activeElement?.tagName === "H1" && document.title === "Projects · Tieline");
  await page.goto("/nothing");
  await page.getByRole("heading", { name: "Not found" }).waitFor();
  await page.getByRole("link", { name: "Go to your projects" }).click();
  await page.getByRole("heading", { name: "Projects", level: 1 }).waitFor();
});

test("lists say what happened last, as it happens; the server says how it is", async () => {
  const { server, token, data, projectId } = await sample();
  addUser(data, "vera");
  const ada = client(server, token);
  await ada.mutation("members.add", { projectId, email: "vera@tieline.test", role: "viewer" });
  const node = { id: "q", type: "redis-command", name: "q", retry: { strategy: "none" }, config: { connectionId: "", command: "GET", key: "k" } };
  node.config.connectionId = (await ada.query("connections.list", { projectId })).connections[0].id;
  const { id: failing } = await ada.mutation("workflows.create", { projectId, name: "Failing", definition: { nodes: [node], edges: [] } });
  const good = (await ada.query("workflows.list", { projectId })).workflows.find((one: any) => one.name === "Nightly sync").id;
  run("user", "grant-admin", "ada@tieline.test", "--data", data);

  const page = await visitor(server);
  await signIn(page, "ada@tieline.test", password);
  await page.getByText("2 workflows · 1 connection").waitFor();
  await page.goto(`/projects/${projectId}/workflows`);
  const row = (name: string) => page.locator("tbody[data-row]", { hasText: name });
  await row("Failing").getByText("Not run yet").waitFor();
  await ada.mutation("workflows.execute", { workflowId: good, waitMs: 30000 });
  await row("Nightly sync").getByText("Succeeded").waitFor();
  await ada.mutation("workflows.execute", { workflowId: failing, waitMs: 30000 });
  await row("Failing").getByText("Failed").waitFor();
  await row("Failing").getByRole("link", { name: "Failing: 1 execution in 24 h, 1 failed" }).waitFor();
  await isSound(page, "workflows-list");
  await row("Nightly sync").getByRole("link", { name: "Nightly sync: 1 execution in 24 h, none failed" }).click();
  await page.waitForURL((url) => url.searchParams.get("range") === "24h" && url.searchParams.get("workflow") === good);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Projects" }).click();
  await page.getByText("1 failure in 24 h").waitFor();
  await isSound(page, "projects-counts");
  await page.getByRole("link", { name: "System" }).click();
  await page.getByText("SQLite, embedded").waitFor();
  await page.getByText((await ada.query("system.status")).keyId, { exact: true }).waitFor();
  await isSound(page, "system");

  /* A name typed is kept until somebody says otherwise, on whatever way one goes. */
  await page.goto(`/projects/${projectId}/workflows`);
  await page.getByRole("button", { name: "New Workflow" }).click();
  await page.getByRole("dialog", { name: "New Workflow" }).getByLabel("Name").fill("Half");
  const question = page.getByRole("alertdialog", { name: "Discard changes?" });
  await page.goBack();
  await question.getByRole("button", { name: "Keep editing" }).click();
  await question.waitFor({ state: "detached" });
  expect(await page.getByRole("dialog", { name: "New Workflow" }).getByLabel("Name").inputValue()).toBe("Half");
  await page.goBack();
  await question.getByRole("button", { name: "Discard" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(new URL(page.url()).search).toBe("");
  /* The row behind takes the focus of one that is deleted. */
  await page.getByRole("button", { name: "Delete Failing" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await row("Failing").waitFor({ state: "detached" });
  await page.waitForFunction(() => document.activeElement?.textContent === "Nightly sync");

  const vera = await visitor(server);
  await signIn(vera, "vera@tieline.test", password);
  await vera.goto(`/projects/${projectId}/workflows`);
  const active = vera.getByRole("switch", { name: "Nightly sync active" });
  await active.focus();
  await vera.getByRole("tooltip", { name: "Only editors can change workflows." }).waitFor();
  await active.press("Space");
  expect(await active.isChecked()).toBe(false);
  await vera.goto("/admin/system");
  await vera.getByText("You do not have access to this page.").waitFor();
});
