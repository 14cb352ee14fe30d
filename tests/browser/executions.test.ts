/* SPDX-License-Identifier: Apache-2.0 */
/* Executions: the list, one of them, and statistics, on real PostgreSQL and Redis. */
import { statSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { type Caller, needed, password, type Server, serve } from "../api/harness.ts";
import { until } from "../api/streams.ts";
import { isSound, type Page, serveTwo, signIn, visitor } from "./browser.ts";

let server: Server;
let ada: Caller;
let projectId: string;
let database: string, cache: string, nowhere: string;
let projects = 0;

beforeAll(async () => {
  ({ server, ada } = await serveTwo());
});

/* A project of its own for each test. */
async function project(): Promise<void> {
  projectId = (await ada.mutation("projects.create", { name: `Orders ${++projects}` })).id;
  database = await connect("Orders DB", needed("PGURL"));
  cache = await connect("Cache", needed("REDISURL"));
  nowhere = await connect("Old cache", "redis://127.0.0.1:1");
}

async function connect(name: string, connectionUrl: string): Promise<string> {
  const connectionType = connectionUrl.startsWith("postgres") ? "postgresql" : "redis";
  return (await ada.mutation("connections.create", { projectId, connectionType, name, connectionUrl })).id;
}

async function open(path = "executions", who = "ada", looks = {}): Promise<Page> {
  const page = await visitor(server, looks);
  if (who !== "ada") await ada.mutation("members.add", { projectId, email: `${who}@tieline.test`, role: "viewer" });
  await signIn(page, `${who}@tieline.test`, password, `/projects/${projectId}/${path}`);
  return page;
}

const start = { id: "start", type: "manual-trigger", name: "Manual" };
const query = (id: string, name: string, text: string, more = {}) => ({
  id, type: "postgresql-query", name, config: { connectionId: database, query: text, timeoutMs: 600_000 }, ...more,
});
const redis = (id: string, name: string, config: object, more = {}) => ({
  id, type: "redis-command", name, config: { connectionId: cache, command: "GET", key: "orders", ...config }, ...more,
});
const chain = (...nodes: { id: string }[]) => ({
  nodes,
  edges: nodes.slice(1).map((node, i) => ({ source: nodes[i]!.id, target: node.id })),
});
const workflow = async (name: string, ...nodes: { id: string }[]): Promise<string> =>
  (await ada.mutation("workflows.create", { projectId, name, definition: chain(start, ...nodes) })).id;
const execute = async (workflowId: string, input?: unknown, waitMs?: number): Promise<string> =>
  (await ada.mutation("workflows.execute", { workflowId, input, ...(waitMs && { waitMs }) })).executionId;
const finish = (workflowId: string, input?: unknown) => execute(workflowId, input, 60_000);

/* Machines may be slow: what never comes is found by the time limit. */
const poll = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 30_000 });

const row = (page: Page, id: string) => page.locator(`tbody[data-execution="${id}"]`);
const rows = (page: Page) => page.locator("tbody[data-execution]");
const node = (page: Page, name: string) => page.getByRole("list", { name: "Nodes" }).getByRole("button", { name: new RegExp(name) });

/* What waits in the database until the returned function is called, however slow the machine is. */
let gates = 0;
async function gate(): Promise<{ sql: string; lift: () => Promise<void> }> {
  const key = 4_200_000 + ++gates;
  const holder = query("hold", "Hold", `SELECT pg_sleep(600) FROM pg_advisory_xact_lock(${key})`);
  const held = query("held", "Held", `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = ${key} AND granted`);
  const id = await execute(await workflow("Holder", holder));
  const look = await workflow("Look", held);
  await until(async () => {
    const { execution } = await ada.mutation("workflows.execute", { workflowId: look, waitMs: 60_000 });
    return execution.steps[1].output.rowCount === 1;
  });
  return {
    sql: `SELECT 1 AS n FROM pg_advisory_xact_lock(${key})`,
    lift: async () => void (await ada.mutation("executions.cancel", { executionId: id })),
  };
}

test("the list is empty, then shows what was run, and each row leads to its execution", async () => {
  await project();
  const page = await open("workflows");
  await page.getByRole("link", { name: "Executions", exact: true }).click();
  await page.getByText("No executions yet").waitFor();
  await page.getByText("Run a workflow to see it here.").waitFor();
  await isSound(page, "executions-empty");
  const id = await finish(await workflow("Nightly sync", query("load", "Load orders", "SELECT 1 AS n")));
  /* It comes by itself: nothing is there that could jump. */
  await row(page, id).getByText("Succeeded").waitFor();
  expect(await row(page, id).locator('[data-label="Trigger"], [data-label="Attempts"]').allTextContents()).toEqual(["API", "1"]);
  await row(page, id).getByRole("link", { name: "Nightly sync" }).click();
  await page.getByRole("heading", { name: "Nightly sync", level: 2 }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/projects/${projectId}/executions/${id}`);
});

test("an execution is watched live, with the result of each node, in timeline and graph", async () => {
  await project();
  const { sql, lift } = await gate();
  const id = await execute(
    await workflow(
      "Nightly sync",
      query("load", "Load orders", "SELECT n, 'order ' || n AS title FROM generate_series(1, 3) AS n"),
      query("nap", "Wait a while", sql),
      redis("save", "Save totals", { command: "SET", value: "{{ nodes.load.rowCount }}" }),
    ),
  );
  const page = await open(`executions/${id}`);
  await page.locator('.run[data-status="running"]').waitFor();
  await node(page, "Wait a while").getByText("Running").waitFor({ state: "attached" });
  await isSound(page, "execution-running");
  const moving = () => page.evaluate(() => document.getAnimations().filter((one) => one.playState === "running").length);
  expect(await moving()).toBe(0);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await poll(moving).toBeGreaterThan(0);
  await page.emulateMedia({ reducedMotion: "reduce" });
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await lift();
  await page.locator('.run[data-status="succeeded"]').waitFor();
  /* The end came by the stream: nobody asked for the execution again. */
  expect(asked.filter((url) => url.includes("executions.get"))).toEqual([]);
  await page.locator("[data-announcer]").getByText("Nightly sync: Succeeded").waitFor({ state: "attached" });
  await node(page, "Load orders").click();
  await page.getByRole("cell", { name: "order 3" }).waitFor();
  await page.getByText("3 rows", { exact: true }).waitFor();
  await isSound(page, "execution-table");
  await page.getByRole("button", { name: "JSON" }).click();
  await page.getByRole("button", { name: /rows/ }).waitFor();
  await isSound(page, "execution-json");
  await page.getByRole("tab", { name: "Input" }).click();
  await page.getByText('"SELECT n,').waitFor();
  await node(page, "Save totals").click();
  await page.getByRole("tab", { name: "Input" }).click();
  await page.getByText('"value": ').waitFor();
  await page.getByRole("tab", { name: "Graph" }).click();
  await page.getByRole("region", { name: "4 nodes, read-only" }).waitFor();
  await page.locator(".run-node", { hasText: "Load orders" }).click();
  await page.getByRole("heading", { name: "Load orders", level: 3 }).waitFor();
  await isSound(page, "execution-graph");
  /* Where somebody stood is in the address. No name is ever the server's word for it. */
  await page.addInitScript(() => {
    const look = () => document.body?.textContent?.includes("postgresql-query") && Object.assign(window, { raw: true });
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  });
  await page.reload();
  await page.locator('.run-node[aria-pressed="true"]', { hasText: "Load orders" }).getByText("PostgreSQL Query").waitFor();
  expect(await page.evaluate("window.raw")).toBe(undefined);
});

test("a retry shows each attempt with its reason, the wait, and what to do", async () => {
  await project();
  const retry = { strategy: "fixed", maxAttempts: 3, delayMs: 8000 };
  const workflowId = await workflow("Warm cache", redis("warm", "Cache totals", { connectionId: nowhere }, { retry }));
  const page = await open();
  await page.getByText("No executions yet").waitFor();
  await execute(workflowId);
  await rows(page).getByRole("link").click();
  const inspector = page.getByRole("region", { name: "Cache totals" });
  await inspector.getByText(/^Next attempt at \d\d:\d\d:\d\d\.\d{3}$/).waitFor();
  await isSound(page, "execution-waiting");
  await page.locator('.run[data-status="failed"]').waitFor();
  await inspector.getByRole("tab", { name: "Attempts (3)" }).waitFor();
  await poll(() => inspector.locator(".attempts > li").count()).toBe(3);
  expect(await inspector.locator(".attempts > li").filter({ hasText: "Failed" }).filter({ hasText: "REFUSED" }).count()).toBe(3);
  expect(await page.locator(".bar.wait").count()).toBe(2);
  await page.locator(".run-failure").getByText("attempt 3 of 3").waitFor();
  await page.locator(".run-failure").getByText("Is the server running, and is the port right?").waitFor();
  await isSound(page, "execution-failed");
  /* A closer look: by drawing over a part, which selects nothing, and by keys. */
  const shown = () => page.locator(".timeline-scroll").evaluate((one) => [one.scrollWidth > one.clientWidth, one.scrollLeft > 0]);
  const track = (await page.locator(".track-bars").first().boundingBox())!;
  await page.mouse.move(track.x + track.width * 0.5, track.y + 5);
  await page.mouse.down();
  await page.mouse.move(track.x + track.width * 0.75, track.y + 8, { steps: 4 });
  await page.locator(".zoom-band").waitFor();
  await page.mouse.up();
  expect(await shown()).toEqual([true, true]);
  expect(await node(page, "Cache totals").getAttribute("aria-pressed")).toBe("true");
  await isSound(page, "execution-zoomed");
  await node(page, "Cache totals").focus();
  await page.keyboard.press("0");
  expect(await shown()).toEqual([false, false]);
  await page.keyboard.press("+");
  expect((await shown())[0]).toBe(true);
  await page.getByRole("button", { name: "Zoom out" }).click();
  expect((await shown())[0]).toBe(false);
});

test("Cancel says so until the server confirms, and ends the statement", async () => {
  await project();
  const id = await execute(await workflow("Long", query("nap", "Sleep", "SELECT pg_sleep(120)")));
  const page = await open(`executions/${id}`);
  await page.locator('.run[data-status="running"]').waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.locator('.run[data-status="cancelled"]').waitFor();
  await page.getByRole("button", { name: "Run again" }).waitFor();
  expect((await ada.query("executions.get", { executionId: id })).status).toBe("cancelled");
  /* And from the list. */
  await page.getByRole("button", { name: "Run again" }).click();
  await page.locator('.run[data-status="running"]').waitFor();
  const again = new URL(page.url()).pathname.split("/").at(-1)!;
  await page.getByRole("link", { name: "Executions", exact: true }).last().click();
  await row(page, again).getByRole("button", { name: /^Cancel Long #/ }).click();
  await row(page, again).getByText("Cancelled").waitFor();
});

test("Run again makes a new execution with the same input, which links to the old one", async () => {
  await project();
  const workflowId = await workflow("Echo", redis("save", "Save", { command: "SET", key: "{{ trigger.key }}", value: "1" }));
  const old = await finish(workflowId, { key: "orders:7" });
  const page = await open(`executions/${old}`);
  await page.getByRole("button", { name: "Run again" }).click();
  await page.getByText("Run again of").waitFor();
  await page.locator('.run[data-status="succeeded"]').waitFor();
  await page.locator(".run-facts").getByText("Manual", { exact: true }).waitFor();
  const id = new URL(page.url()).pathname.split("/").at(-1)!;
  expect(id).not.toBe(old);
  expect(await ada.query("executions.get", { executionId: id })).toMatchObject({ rerunOf: old, input: { key: "orders:7" } });
  await page.locator(".run-facts").getByRole("link").click();
  await page.waitForURL(`**/executions/${old}`);
  expect(await page.getByText("Run again of").count()).toBe(0);
});

test("5 MB and 100,000 rows open in part, and the page stays quick", async () => {
  await project();
  const many = query("many", "Many rows", "SELECT n FROM generate_series(1, 100000) AS n");
  const long = query("long", "Long text", "SELECT repeat('0123456789', 500000) AS text");
  const id = await finish(
    await workflow("Large", { ...many, config: { ...many.config, maxRows: 100000 } } as never, long),
  );
  const page = await open(`executions/${id}`);
  const lengths: number[] = [];
  page.on("response", async (response) => {
    if (response.url().includes("executions.step")) lengths.push((await response.body()).length);
  });
  await node(page, "Many rows").click();
  await page.getByText("200 of 100,000 rows shown").waitFor();
  expect(await page.locator(".result tbody tr").count()).toBe(200);
  await page.getByRole("button", { name: "Load 200 more" }).click();
  await page.getByText("400 of 100,000 rows shown").waitFor();
  await page.getByRole("button", { name: "JSON" }).click();
  /* So far only the beginning has come, and it says so. */
  await page.getByText(/^This is the beginning of 1\.\d MB\.$/).waitFor();
  expect(Math.max(...lengths)).toBeLessThan(70_000);
  await isSound(page, "execution-beginning");
  await page.getByRole("button", { name: "Load all" }).click();
  await page.getByRole("button", { name: /100,000 items/ }).waitFor();
  await page.getByRole("button", { name: "Load 100 more" }).waitFor();
  await node(page, "Long text").click();
  await page.getByRole("button", { name: "JSON" }).click();
  await page.getByRole("button", { name: /"rows": \[ 1 item/ }).waitFor();
  await page.getByText("This is the beginning of 5.0 MB.").waitFor();
  /* What is taken along is whole. */
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
  expect(file.suggestedFilename()).toBe("long-output.json");
  expect(statSync(await file.path()).size).toBeGreaterThan(5_000_000);
  await page.getByRole("button", { name: "Load all" }).click();
  await page.getByRole("button", { name: /1 key/ }).click();
  await page.getByRole("button", { name: "4,996,000 more characters" }).waitFor();
  /* What is shown is little, however much there is. */
  expect(await page.evaluate(() => document.querySelectorAll("*").length)).toBeLessThan(5_000);
});

test("filters narrow the list, are in the address, and survive Back", async () => {
  await project();
  const good = await workflow("Good", query("a", "A", "SELECT 1"));
  const bad = await workflow("Bad", query("a", "A", "SELECT 1/0"));
  for (const id of [good, bad, good, bad, bad]) await finish(id);
  const page = await open();
  await poll(() => rows(page).count()).toBe(5);
  const choose = async (label: string, option: string) => {
    await page.getByRole("textbox", { name: label, exact: true }).or(page.getByRole("combobox", { name: label, exact: true })).first().click();
    await page.getByRole("option", { name: option, exact: true }).click();
  };
  await page.keyboard.press("/");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Status");
  await choose("Status", "Failed");
  await poll(() => rows(page).count()).toBe(3);
  await choose("Workflow", "Good");
  await page.getByText("Nothing matches these filters.").waitFor();
  await isSound(page, "executions-no-match");
  await choose("Workflow", "Bad");
  await choose("Time", "Last 24 hours");
  await poll(() => rows(page).count()).toBe(3);
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ status: "failed", workflow: bad, range: "24h" });
  await isSound(page, "executions-filtered");
  await rows(page).first().getByRole("link").click();
  await page.getByRole("tab", { name: "Timeline" }).waitFor();
  await page.goBack();
  await poll(() => rows(page).count()).toBe(3);
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ status: "failed", workflow: bad, range: "24h" });
  await page.goto(`/projects/${projectId}/executions?status=succeeded`);
  await poll(() => rows(page).count()).toBe(2);
});

test("new executions wait behind the button, while shown ones change in place", async () => {
  await project();
  const quick = await workflow("Quick", query("a", "A", "SELECT 1"));
  const nap = await workflow("Nap", query("a", "A", "SELECT pg_sleep(120)"));
  const first = await finish(quick);
  const running = await execute(nap);
  const page = await open();
  await row(page, running).getByText("Running").waitFor();
  await poll(() => rows(page).count()).toBe(2);
  /* The stream is up once it has told of what was there. */
  const news: string[] = [];
  for (let i = 0; i < 3; i++) news.push(await finish(quick));
  const button = page.getByRole("button", { name: "3 new executions" });
  await button.waitFor();
  expect(await rows(page).count()).toBe(2);
  await isSound(page, "executions-fresh");
  await ada.mutation("executions.cancel", { executionId: running });
  await row(page, running).getByText("Cancelled").waitFor();
  await button.click();
  await poll(() => rows(page).evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.execution))).toEqual([
    ...news.reverse(), running, first,
  ]);
  expect(await page.getByRole("button", { name: /new execution/ }).count()).toBe(0);
});

test("pages follow pages without a gap, and only what is seen is drawn", async () => {
  await project();
  const id = await workflow("Quick", query("a", "A", "SELECT 1"));
  const all: string[] = [];
  for (let i = 0; i < 12; i++) all.push(...(await Promise.all(Array.from({ length: 20 }, () => finish(id)))));
  const listed: string[] = [];
  let cursor: string | undefined;
  do {
    const part: any = await ada.query("executions.list", { projectId, limit: 200, ...(cursor && { cursor }) });
    listed.push(...part.executions.map((one: any) => one.id));
    cursor = part.nextCursor;
  } while (cursor);
  expect(listed).toHaveLength(240);
  const page = await open();
  await row(page, listed[0]!).waitFor();
  const seen = new Set<string>();
  const look = async () => {
    const now = await rows(page).evaluateAll((shown) => shown.map((one) => (one as HTMLElement).dataset.execution!));
    for (const one of now) seen.add(one);
    return now;
  };
  await until(async () => {
    expect((await look()).length).toBeLessThan(100);
    await page.evaluate(() => window.scrollBy(0, 600));
    return seen.has(listed[239]!);
  });
  expect([...seen].sort()).toEqual([...listed].sort());
  await page.getByText("All 240 executions shown.").waitFor();
});

test("statistics say what the list says, and lead to it", async () => {
  await project();
  const good = await workflow("Good", query("a", "Read", "SELECT 1"), redis("b", "Keep", {}));
  const retry = { strategy: "fixed", maxAttempts: 2, delayMs: 1 };
  const bad = await workflow("Bad", redis("a", "Ask", { connectionId: nowhere }, { retry }));
  const page = await open("statistics");
  await page.getByText("No executions in this range.").waitFor();
  await isSound(page, "statistics-empty");
  for (let i = 0; i < 8; i++) await finish(good);
  for (let i = 0; i < 2; i++) await finish(bad);
  await page.reload();
  const figure = (label: string) => page.locator(".figure", { hasText: label }).locator("strong");
  await poll(() => figure("Executions").textContent()).toBe("10");
  expect(await figure("Success rate").textContent()).toBe("80%");
  expect(await figure("Median duration").textContent()).toMatch(/^[\d.]+ m?s$/);
  const cells = (place: string) => page.locator(`tbody[data-${place}"] td`).allTextContents();
  expect((await cells(`workflow="${good}`)).slice(0, 4)).toEqual(["Good", "8", "0", "100%"]);
  expect((await cells(`workflow="${bad}`)).slice(0, 4)).toEqual(["Bad", "2", "2", "0%"]);
  await page.locator("tbody[data-connection]").first().waitFor();
  expect((await cells(`connection="${cache}`)).slice(0, 5)).toEqual(["Cache", "8", "0", "0", "100%"]);
  expect((await cells(`connection="${nowhere}`)).slice(0, 5)).toEqual(["Old cache", "2", "2", "2", "0%"]);
  await isSound(page, "statistics");
  await page.getByRole("button", { name: "Show as table" }).click();
  const sums = await page.locator('table[aria-label="Over time"] td[data-label="Succeeded"]').allTextContents();
  expect(sums.map(Number).reduce((a, b) => a + b)).toBe(8);
  await isSound(page, "statistics-table");
  await page.getByRole("button", { name: "30 days" }).click();
  await page.waitForURL("**/statistics?range=30d");
  await poll(() => figure("Executions").textContent()).toBe("10");
  await page.getByRole("link", { name: "2: Failed executions of Bad" }).click();
  await poll(() => rows(page).count()).toBe(2);
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ status: "failed", workflow: bad, range: "30d" });
});

test("a viewer sees all of it, and why they may not run or cancel", async () => {
  await project();
  const id = await finish(await workflow("Quick", query("a", "A", "SELECT 1")));
  const page = await open(`executions/${id}`, "vera");
  const again = page.getByRole("button", { name: "Run again" });
  expect(await again.getAttribute("aria-disabled")).toBe("true");
  await again.focus();
  await page.getByRole("tooltip").getByText("Only editors can run workflows.").waitFor();
  await page.goto(`/projects/${projectId}/executions/${id.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"))}`);
  await page.getByText("Not found").waitFor();
  await page.goto(`/projects/${projectId}/executions/nonsense`);
  await page.getByText("Not found").waitFor();
});

test("hostile names and values are text", async () => {
  await project();
  const hostile = "<img src=x onerror=alert(1)>";
  const id = await finish(await workflow(hostile, query("a", `${hostile} "node"`, `SELECT '${hostile}' AS "${hostile}"`)));
  const page = await open(`executions/${id}`);
  await page.getByRole("heading", { name: hostile, exact: true }).waitFor();
  await page.getByRole("cell", { name: hostile }).waitFor();
  await page.getByRole("tab", { name: "Graph" }).click();
  await page.locator(".run-node", { hasText: hostile }).waitFor();
  expect(await page.locator("img").count()).toBe(0);
});

test("a server that is gone and comes back: the screen says so, then goes on by itself", async () => {
  await project();
  const workflowId = await workflow("Quick", query("a", "A", "SELECT 1"));
  const first = await finish(workflowId);
  const page = await open();
  await row(page, first).waitFor();
  const listen = new URL(server.base).host;
  await server.stop();
  await page.getByText(/Reconnecting…$/).waitFor();
  server = await serve(server.data, "--listen", listen);
  const second = await finish(workflowId);
  await page.getByText(/Reconnecting…$/).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "1 new execution" }).click();
  await row(page, second).waitFor();
});

test("eight tabs are open: all of them answer, with one stream for each thing that they watch", async () => {
  await project();
  const workflowId = await workflow("Nap", query("a", "A", "SELECT pg_sleep(120)"));
  const id = await execute(workflowId);
  const page = await open(`executions/${id}`);
  const address = page.url();
  await page.goto("about:blank"); /* what it had begun counts no more */
  const streams: string[] = [];
  page.context().on("request", (request) => {
    if (request.url().includes("executions.watch")) streams.push(new URL(request.url()).searchParams.get("input")!);
  });
  await page.goto(address);
  const tabs = [page];
  for (let i = 1; i < 8; i++) {
    const tab = await page.context().newPage();
    await tab.goto(`/projects/${projectId}/${i % 2 ? "executions" : `executions/${id}`}`);
    tabs.push(tab);
  }
  for (const tab of tabs) await tab.getByText("Running").first().waitFor({ state: "attached" });
  const second = await execute(workflowId);
  const lists = tabs.filter((_, i) => i % 2);
  for (const tab of lists) await tab.getByRole("button", { name: "1 new execution" }).waitFor();
  expect(streams.map((input) => Object.keys(JSON.parse(input))[0]).sort()).toEqual(["executionId", "projectId"]);
  /* The tab that has it goes: another one goes on where it was. */
  await lists.shift()!.close();
  await ada.mutation("executions.cancel", { executionId: id });
  for (const tab of [...lists, ...tabs.filter((_, i) => i % 2 === 0)])
    await tab.getByText("Cancelled").first().waitFor({ state: "attached" });
  expect(streams).toHaveLength(3);
  expect(JSON.parse(streams[2]!)).toMatchObject({ projectId, lastEventId: expect.any(String) });
  await ada.mutation("executions.cancel", { executionId: second });
  /* Streams leave a way for the rest. */
  for (const tab of [...lists, ...tabs.filter((_, i) => i % 2 === 0)]) {
    await tab.getByRole("link", { name: "Members" }).click();
    await tab.getByRole("table", { name: "Members" }).getByText("ada@tieline.test").waitFor();
  }
});

test("at 320 px nothing is cut off, and the screens stay sound", async () => {
  await project();
  const good = await workflow("A workflow with quite a long name for a small screen", query("a", "Load orders", "SELECT n FROM generate_series(1, 3) AS n"));
  const id = await finish(good);
  await finish(await workflow("Bad", redis("a", "Ask", { connectionId: nowhere })));
  const page = await open("executions", "ada", { width: 320, height: 640 });
  const fits = async (name: string) => {
    expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(320);
    await isSound(page, name);
  };
  await row(page, id).waitFor();
  await fits("executions-narrow");
  await row(page, id).getByRole("link").click();
  await page.getByRole("tab", { name: "Timeline" }).waitFor();
  await fits("execution-narrow");
  await page.getByRole("link", { name: "Statistics" }).click();
  await page.locator(".figure").first().waitFor();
  await fits("statistics-narrow");
});
