/* SPDX-License-Identifier: Apache-2.0 */
/* The Connections tab, on real PostgreSQL and Redis. */
import { createServer } from "node:net";
import { beforeAll, expect, test } from "vitest";
import { type Caller, needed, password, type Server } from "../api/harness.ts";
import { isSound, type Page, serveTwo, signIn, visitor } from "./browser.ts";

let server: Server;
let ada: Caller;
let projectId: string;
let projects = 0;
const pg = needed("PGURL");
const redis = needed("REDISURL");

beforeAll(async () => {
  ({ server, ada } = await serveTwo());
});

/* A project of its own for each test, and its Connections tab. */
async function tab(who = "ada", looks = {}): Promise<Page> {
  projectId = (await ada.mutation("projects.create", { name: `Orders ${++projects}` })).id;
  const page = await visitor(server, looks);
  if (who !== "ada") await ada.mutation("members.add", { projectId, email: `${who}@tieline.test`, role: "viewer" });
  await signIn(page, `${who}@tieline.test`, password, `/projects/${projectId}/connections`);
  await page.getByRole("heading", { name: "Connections", exact: true }).waitFor();
  return page;
}

function connection(name: string, url: string, more = {}): Promise<{ id: string }> {
  const connectionType = url.startsWith("postgres") ? "postgresql" : "redis";
  return ada.mutation("connections.create", { projectId, connectionType, name, connectionUrl: url, ...more });
}

function workflow(name: string, connectionId: string, active = false): Promise<{ id: string }> {
  const config = { connectionId, query: "SELECT 1" };
  const definition = { nodes: [{ id: "read", type: "postgresql-query", name: "Load orders", config }], edges: [] };
  return ada
    .mutation("workflows.create", { projectId, name, definition })
    .then((made) => (active ? ada.mutation("workflows.update", { workflowId: made.id, active }) : made));
}

const row = (page: Page, name: string) => page.locator("tbody[data-row]", { hasText: name });
const dialog = (page: Page, name: string) => page.getByRole("dialog", { name });

async function add(page: Page, type: string, name: string, url: string): Promise<void> {
  await page.getByRole("button", { name: "Add Connection" }).click();
  const form = dialog(page, "Add Connection");
  await form.getByRole("radio", { name: type }).click();
  await form.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await form.getByLabel("URL", { exact: true }).fill(url);
  await form.getByRole("button", { name: "Create" }).click();
  await form.waitFor({ state: "hidden" });
}

test("the documentation's steps, from the projects to connections that were tested", async () => {
  const page = await visitor(server);
  await signIn(page, "ada@tieline.test", password);
  await page.getByRole("button", { name: "New Project" }).click();
  await isSound(page, "new-project");
  await page.getByRole("dialog").getByLabel("Name").fill("Documentation");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.locator("main").getByRole("link", { name: /^Documentation/ }).click();
  await page.getByRole("link", { name: "Connections" }).click();
  await page.getByText("No connections yet").waitFor();
  await isSound(page, "connections-empty");

  await add(page, "PostgreSQL", "Production DB", pg);
  await page.getByText("Connection “Production DB” created.").waitFor();
  await add(page, "Redis", "Cache Server", redis);
  await page.getByRole("button", { name: "Test Production DB" }).click();
  await row(page, "Production DB").getByRole("status").getByText(/^Connection successful · \d+ ms · PostgreSQL 15\.\d+ · /).waitFor();
  await page.getByRole("button", { name: "Test Cache Server" }).click();
  await row(page, "Cache Server").getByRole("status").getByText(/^Connection successful · \d+ ms · Redis /).waitFor();
  await row(page, "Production DB").getByRole("button", { name: "Details" }).click();
  await row(page, "Production DB").getByText("Sign in").waitFor();
  await isSound(page, "connections-tested");

  await page.goto("/projects");
  await page.locator("main").getByRole("link", { name: /^Documentation/ }).waitFor();
  await isSound(page, "projects");
});

test("a failed test says why and where it stopped, on the row it is about", async () => {
  const page = await tab();
  const silent = createServer(() => undefined);
  await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
  const port = (silent.address() as { port: number }).port;
  await connection("Silent", `postgresql://u:p@127.0.0.1:${port}/d`);
  await connection("Refused", "postgresql://u:p@127.0.0.1:1/d");
  await connection("Nowhere", "postgresql://u:p@nowhere.invalid/d");
  const wrong = new URL(pg);
  wrong.password = "not-the-password";
  await connection("Wrong password", wrong.href);
  await page.reload();
  const expectations: [string, RegExp, string][] = [
    ["Refused", /^Connection failed: .*127\.0\.0\.1.*refused/, "Is the server running, and is the port right?"],
    ["Nowhere", /^Connection failed: .*nowhere\.invalid/, "Check the host name."],
    ["Wrong password", /^Connection failed: .*password/, "Check user and password"],
  ];
  for (const [name, words, advice] of expectations) {
    await page.getByRole("button", { name: `Test ${name}` }).click();
    const status = row(page, name).getByRole("status");
    await status.getByText(words).waitFor();
    await status.getByText(advice).waitFor();
  }
  expect(await row(page, "Silent").getByRole("status").count()).toBe(0);
  await row(page, "Refused").getByRole("button", { name: "Details" }).click();
  await row(page, "Refused").getByText("Stopped here").waitFor();
  await isSound(page, "connections-failed");

  const before = Date.now();
  await page.getByRole("button", { name: "Test Silent" }).click();
  await row(page, "Silent").getByRole("status").getByText(/^Connection failed: .*/).waitFor();
  expect(Date.now() - before).toBeGreaterThan(4000);

  await row(page, "Silent").getByRole("button", { name: /^Test/ }).click();
  await row(page, "Silent").getByRole("button", { name: "Cancel" }).click();
  await row(page, "Silent").getByText("The test was cancelled.").waitFor();
  silent.close();
});

test("a result goes when its connection is edited", async () => {
  const page = await tab();
  await connection("Cache", redis);
  await page.reload();
  await page.getByRole("button", { name: "Test Cache" }).click();
  await row(page, "Cache").getByText(/^Connection successful/).waitFor();
  await page.getByRole("button", { name: "Edit Cache" }).click();
  await dialog(page, "Edit connection").getByRole("textbox", { name: "Name", exact: true }).fill("Cache 2");
  await dialog(page, "Edit connection").getByRole("button", { name: "Save" }).click();
  await page.getByText("Connection “Cache 2” saved.").waitFor();
  await row(page, "Cache 2").waitFor();
  expect(await row(page, "Cache 2").getByText(/^Connection successful/).count()).toBe(0);
});

test("a rename keeps the secret, a new URL replaces it, and no password comes back", async () => {
  const page = await tab();
  const answers: string[] = [];
  page.on("response", async (response) => {
    if (response.url().includes("/trpc/")) answers.push(await response.text().catch(() => ""));
  });
  const secret = decodeURIComponent(new URL(pg).password);
  const made = await connection("Orders DB", pg);
  await page.reload();
  await page.getByRole("button", { name: "Edit Orders DB" }).click();
  const form = dialog(page, "Edit connection");
  expect(await form.getByLabel("URL", { exact: true }).inputValue()).toBe("");
  await form.getByText("Leave empty to keep the current.").waitFor();
  await isSound(page, "connection-edit");
  await form.getByRole("textbox", { name: "Name", exact: true }).fill("Orders");
  await form.getByRole("button", { name: "Test" }).click();
  await form.getByText(/^Connection successful/).waitFor();
  await form.getByRole("button", { name: "Save" }).click();
  await form.waitFor({ state: "hidden" });
  expect(await ada.mutation("connections.test", { connectionId: made.id })).toMatchObject({ success: true });

  await page.getByRole("button", { name: "Edit Orders" }).click();
  await form.getByLabel("URL", { exact: true }).fill("postgresql://u:other-secret@127.0.0.1:1/d");
  await form.getByText("Host 127.0.0.1 · Port 1 · User u · Database d · TLS prefer").waitFor();
  await form.getByRole("button", { name: "Save" }).click();
  await form.waitFor({ state: "hidden" });
  expect(await ada.mutation("connections.test", { connectionId: made.id })).toMatchObject({ success: false, error: "REFUSED" });
  await page.getByText("postgresql://u:••••@127.0.0.1:1/d").waitFor();

  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  const shown = (await page.content()) + (await page.evaluate(() => [...document.querySelectorAll("input")].map((i) => i.value).join()));
  for (const text of [kept, shown, ...answers]) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain("other-secret");
  }
});

test("every mistake is named where it was made", async () => {
  const page = await tab();
  await connection("Taken", redis);
  await page.reload();
  await page.getByRole("button", { name: "Add Connection" }).click();
  const form = dialog(page, "Add Connection");
  const name = form.getByRole("textbox", { name: "Name", exact: true });
  const url = form.getByLabel("URL", { exact: true });
  await form.getByRole("button", { name: "Create" }).click();
  await form.getByText("Enter a name.").waitFor();
  await form.getByText("Enter the connection URL.").waitFor();
  await isSound(page, "connection-add-errors");
  expect(await name.evaluate((node) => node === document.activeElement)).toBe(true);
  await name.fill("x".repeat(101));
  await form.getByText("Use at most 100 characters.").waitFor();
  await name.fill("Taken");
  const urls: [string, string][] = [
    ["db.internal", "This is not a URL."],
    ["redis://db", "A PostgreSQL URL starts with postgresql:// or postgres://."],
    ["postgresql:///d", "The URL has no host."],
    ["postgresql://db:70000/d", "The port must be between 1 and 65535."],
    ["postgresql://u:[YOUR-PASSWORD]@db/d", "Replace [YOUR-PASSWORD] with your password."],
    ["postgresql://u:p@ss@127.0.0.1:1/d", "The password contains @. Write it as %40."],
  ];
  for (const [typed, words] of urls) {
    await url.fill(typed);
    await form.getByText(words).waitFor();
  }
  await form.getByRole("button", { name: "Encode it for me" }).click();
  expect(await url.inputValue()).toBe("postgresql://u:p%40ss@127.0.0.1:1/d");
  await form.getByRole("button", { name: "Create" }).click();
  await form.getByText("A connection with this name exists in this project.").waitFor();
  await name.fill("Mine");
  await form.getByText("Pool and timeouts").click();
  await form.getByLabel("Max connections").fill("1000");
  await form.getByRole("button", { name: "Create" }).click();
  await form.getByText(/100/).waitFor();
  await isSound(page, "connection-add-pool");
  await form.getByLabel("Max connections").fill("7");
  await form.getByLabel("Statement timeout (ms)").fill("2000");
  await form.getByRole("button", { name: "Create" }).click();
  await form.waitFor({ state: "hidden" });
  const { connections } = await ada.query("connections.list", { projectId });
  expect(connections.find((one: { name: string }) => one.name === "Mine")).toMatchObject({
    config: { pool: { max: 7 }, statementTimeoutMs: 2000 },
    connectionUrl: "postgresql://u:••••@127.0.0.1:1/d",
  });
});

test("a template fills the URL, says what to know, and passes only when nothing is left to fill in", async () => {
  const page = await tab();
  await page.getByRole("button", { name: "Add Connection" }).click();
  const form = dialog(page, "Add Connection");
  const url = form.getByRole("textbox", { name: "URL", exact: true });
  const startFrom = async (title: string) => {
    await form.getByRole("combobox", { name: "Start from" }).click();
    await page.getByRole("option", { name: title, exact: true }).click();
  };
  const selected = () => url.evaluate((node: HTMLInputElement) => node.value.slice(node.selectionStart!, node.selectionEnd!));
  await startFrom("Aiven for PostgreSQL");
  const about = form.getByRole("region", { name: "About Aiven for PostgreSQL" });
  await about.waitFor();
  await expect.poll(selected).toBe("[YOUR-PASSWORD]");
  expect(await url.evaluate((node) => node === document.activeElement)).toBe(true);
  expect(await form.getByLabel("Max connections").inputValue()).toBe("2");
  await page.keyboard.type("hush");
  await about.getByRole("button", { name: "[HOST]" }).click();
  await page.keyboard.type("db.example.com");
  expect(await url.inputValue()).toBe("postgresql://avnadmin:hush@db.example.com:[PORT]/defaultdb?sslmode=verify-full");
  await about.getByText("In the Aiven Console, the service's page Overview").waitFor();
  const links = await about.getByRole("link").evaluateAll((nodes) => nodes.map((node) => [node.getAttribute("href"), node.getAttribute("rel")]));
  expect(links.length).toBeGreaterThan(3);
  for (const [href, rel] of links) expect([href?.startsWith("https://aiven.io/"), rel]).toEqual([true, "noreferrer"]);
  await isSound(page, "connection-add-template");

  await form.getByRole("textbox", { name: "Name", exact: true }).fill("Aiven");
  await form.getByRole("button", { name: "Create" }).click();
  await form.getByText("Replace [PORT] with your port.").waitFor();
  await about.getByRole("button", { name: "[PORT]" }).click();
  await page.keyboard.type("12691");
  await form.getByLabel("Max connections").fill("3");
  expect(await form.getByLabel("URL", { exact: true }).getAttribute("type")).toBe("password");
  await form.getByLabel("CA certificate (PEM)").fill("no certificate");
  await form.getByRole("button", { name: "Create" }).click();
  await form.getByText("-----BEGIN CERTIFICATE-----").waitFor();
  await form.getByLabel("CA certificate (PEM)").fill("");
  /* What was completed and changed by hand outlives another choice. */
  await startFrom("Supabase, transaction pooler");
  expect(await form.getByLabel("Max connections").inputValue()).toBe("3");
  await form.getByRole("button", { name: "Create" }).click();
  await form.waitFor({ state: "hidden" });
  expect((await ada.query("connections.list", { projectId })).connections).toMatchObject([
    { connectionUrl: "postgresql://avnadmin:••••@db.example.com:12691/defaultdb?sslmode=verify-full", config: { pool: { max: 3 } } },
  ]);
});

test("values that were not saved can be tested; what was changed is not lost unasked", async () => {
  const page = await tab();
  await page.getByRole("button", { name: "Add Connection" }).click();
  const form = dialog(page, "Add Connection");
  await form.getByRole("button", { name: "Test" }).click();
  await form.getByText("Enter the connection URL.").waitFor();
  await form.getByText("Enter fields instead").click();
  const place = new URL(pg);
  await form.getByLabel("Host").fill(place.hostname);
  await form.getByLabel("Port").fill(place.port);
  await form.getByLabel("User").fill(decodeURIComponent(place.username));
  await form.getByLabel("Password", { exact: true }).fill(decodeURIComponent(place.password));
  await form.getByLabel("Database").fill(place.pathname.slice(1));
  await isSound(page, "connection-add-fields");
  await form.getByRole("button", { name: "Write into URL" }).click();
  await form.getByRole("button", { name: "Test" }).click();
  await form.getByText(/^Connection successful/).waitFor();
  await page.keyboard.press("Escape");
  const question = page.getByRole("alertdialog", { name: "Discard changes?" });
  await question.waitFor();
  await isSound(page, "discard");
  await page.keyboard.press("Escape");
  await question.waitFor({ state: "hidden" });
  await page.keyboard.press("Escape");
  await question.waitFor();
  await question.getByRole("button", { name: "Keep editing" }).click();
  await question.waitFor({ state: "hidden" });
  expect(await form.getByLabel("URL", { exact: true }).inputValue()).toContain(place.host);
  await form.getByRole("button", { name: "Cancel" }).click();
  await question.getByRole("button", { name: "Discard" }).click();
  await form.waitFor({ state: "hidden" });
  expect((await ada.query("connections.list", { projectId })).connections).toEqual([]);
});

test("an unused connection is deleted after a question; Cancel and Escape keep it", async () => {
  const page = await tab();
  await connection("First", redis);
  await connection("Second", redis);
  await page.reload();
  const question = page.getByRole("alertdialog", { name: "Delete connection?" });
  for (const leave of [() => question.getByRole("button", { name: "Cancel" }).click(), () => page.keyboard.press("Escape")]) {
    await page.getByRole("button", { name: "Delete Second" }).click();
    await question.getByText("No workflow uses this connection.").waitFor();
    expect(await question.getByRole("button", { name: "Cancel" }).evaluate((node) => node === document.activeElement)).toBe(true);
    await leave();
    await question.waitFor({ state: "hidden" });
    await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Delete Second");
  }
  await page.getByRole("button", { name: "Delete Second" }).click();
  await question.getByText("No workflow uses this connection.").waitFor();
  await question.getByRole("button", { name: "Delete" }).click();
  await page.getByText("Connection “Second” deleted.").waitFor();
  await row(page, "Second").waitFor({ state: "detached" });
  await page.waitForFunction(() => document.activeElement?.textContent === "First");
});

test("a used connection lists its workflows, and its name must be typed when one is active", async () => {
  const page = await tab();
  const made = await connection("Orders DB", pg);
  await workflow("Nightly sync", made.id, true);
  const idle = await workflow("Import", made.id);
  await page.reload();
  await row(page, "Orders DB").getByText("2 workflows").waitFor();
  await page.getByRole("button", { name: "Delete Orders DB" }).click();
  const question = page.getByRole("alertdialog", { name: "Delete connection?" });
  await question.getByText("Used by 2 workflows").waitFor();
  await question.getByText("Nightly sync (active) — Load orders").waitFor();
  await question.getByText("Import (inactive) — Load orders").waitFor();
  await isSound(page, "connection-delete");
  await question.getByRole("button", { name: "Delete" }).click();
  await question.getByText("This is not the name of the connection.").waitFor();
  await question.getByLabel("Type Orders DB to confirm").fill("Orders DB");
  await question.getByRole("button", { name: "Delete" }).click();
  await page.getByText("Connection “Orders DB” deleted.").waitFor();
  await page.getByText("No connections yet").waitFor();
  const { problems } = await ada.query("workflows.get", { workflowId: idle.id });
  expect(problems[0].message).toBe("This connection was deleted");
  await page.getByRole("link", { name: "Workflows" }).click();
  await page.getByText("1 problem").first().waitFor();
  await isSound(page, "workflows");
});

test("when usage cannot be known, the question says so and wants the name", async () => {
  const page = await tab();
  await connection("Cache", redis);
  await page.route("**/trpc/**connections.usage**", (route) => route.abort());
  await page.reload();
  await page.getByRole("button", { name: "Delete Cache" }).click();
  const question = page.getByRole("alertdialog", { name: "Delete connection?" });
  await question.getByText("Usage could not be loaded. Workflows may use this connection.").waitFor();
  await question.getByLabel("Type Cache to confirm").fill("Cache");
  await question.getByRole("button", { name: "Delete" }).click();
  await page.getByText("Connection “Cache” deleted.").waitFor();
});

test("filters and search are in the address; one connection opens in a drawer over the list", async () => {
  const page = await tab();
  await connection("Cache", redis);
  const made = await connection("Orders DB", pg, { config: { pool: { max: 3 } } });
  await page.reload();
  /* In order of their names, as the head of the column says. */
  await row(page, "Orders DB").waitFor();
  expect(await page.locator("tbody[data-row] a.title").allTextContents()).toEqual(["Cache", "Orders DB"]);
  await page.getByLabel("Search connections").fill("orders");
  await row(page, "Cache").waitFor({ state: "detached" });
  await page.waitForURL(/q=orders/);
  await page.reload();
  await row(page, "Orders DB").waitFor();
  expect(await row(page, "Cache").count()).toBe(0);
  await page.getByLabel("Search connections").fill("nothing like it");
  await page.getByText("Nothing matches these filters.").waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByRole("combobox", { name: "Type" }).click();
  await page.getByRole("option", { name: "Redis" }).click();
  await row(page, "Orders DB").waitFor({ state: "detached" });
  await page.goto(`/projects/${projectId}/connections/${made.id}`);
  const drawer = page.getByRole("dialog", { name: "Orders DB" });
  await drawer.getByText("No workflow uses this connection.").waitFor();
  await isSound(page, "connection-drawer");
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "hidden" });
  await page.goto(`/projects/${projectId}/connections/0193e4d4-0000-7000-8000-000000000000`);
  await page.getByText("This connection does not exist, or you have no access to it.").waitFor();
});

test("a viewer sees why they may not test or change, and no failure of the connection", async () => {
  const page = await tab("vera");
  await connection("Cache", redis);
  await page.reload();
  const button = page.getByRole("button", { name: "Test Cache" });
  expect(await button.getAttribute("aria-disabled")).toBe("true");
  await button.focus();
  await page.getByRole("tooltip", { name: "Only editors can test connections." }).waitFor();
  await button.click({ force: true });
  expect(await row(page, "Cache").getByRole("status").count()).toBe(0);
  expect(await page.getByRole("button", { name: "Edit Cache" }).getAttribute("aria-disabled")).toBe("true");
  await isSound(page, "connections-viewer");
});

test("hostile names and URLs are text", async () => {
  const page = await tab();
  const hostile = `<img src=x onerror="document.title='broken'">`;
  await connection(hostile, "postgresql://u:p@127.0.0.1:1/%3Cscript%3E");
  await page.reload();
  await page.getByText(hostile).first().waitFor();
  await page.getByRole("button", { name: `Delete ${hostile}` }).click();
  await page.getByText(`Delete “${hostile}”?`, { exact: false }).waitFor();
  expect(await page.locator("main img").count()).toBe(0);
  expect(await page.title()).not.toBe("broken");
});

test("a list that cannot be loaded says so, with another try", async () => {
  const page = await tab();
  await connection("Cache", redis);
  const data = { code: "INTERNAL_SERVER_ERROR", httpStatus: 500, requestId: "7-1" };
  await page.route("**/trpc/**connections.list**", (route) => {
    const calls = new URL(route.request().url()).pathname.split(",");
    const body = calls.map((path) => ({ error: { message: "the disk is on fire", code: -32603, data: { ...data, path } } }));
    return route.fulfill({ status: 500, contentType: "application/json", body: JSON.stringify(body) });
  });
  await page.reload();
  const alert = page.getByRole("alert");
  await alert.getByText("Connections could not be loaded").waitFor();
  await alert.getByText("Request 7-1", { exact: true }).waitFor();
  await isSound(page, "connections-error");
  await page.unroute("**/trpc/**connections.list**");
  await page.getByRole("button", { name: "Try again" }).click();
  await row(page, "Cache").waitFor();
});

test("ids of nothing and of other people's projects look alike", async () => {
  const page = await tab();
  for (const id of ["0193e4d4-0000-7000-8000-000000000000", "nonsense"]) {
    await page.goto(`/projects/${id}/connections`);
    await page.getByRole("heading", { name: "Not found" }).waitFor();
  }
  await isSound(page, "not-found");
  await page.goto("/nowhere");
  await page.getByRole("heading", { name: "Not found" }).waitFor();
});

test("320 px wide, everything is there and nothing is cut off", async () => {
  const page = await tab("ada", { width: 320, height: 640 });
  await connection("Orders database of the warehouse", "postgresql://app:secret@a-rather-long-host-name.example.com:5432/orders");
  await page.reload();
  await row(page, "Orders database").waitFor();
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(await overflow()).toBe(0);
  await isSound(page, "connections-320");
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Projects" }).waitFor();
  await isSound(page, "menu-320");
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Add Connection" }).click();
  await dialog(page, "Add Connection").waitFor();
  expect(await overflow()).toBe(0);
  await isSound(page, "connection-add-320");
});
