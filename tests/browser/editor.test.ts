/* SPDX-License-Identifier: Apache-2.0 */
/* The workflow editor: how a graph is built and what is said about it. */
import { expect, test } from "vitest";
import { needed, password } from "../api/harness.ts";
import { isSound, signIn, visitor } from "./browser.ts";
import {
  ada,
  add,
  at,
  chain,
  type Definition,
  editor,
  node,
  panel,
  project,
  projectId,
  query,
  redisId,
  saved,
  server,
  state,
  workflow,
  write,
} from "./editor_page.ts";

test("the documentation's steps: a node, its connection, SQL, parameters, retry policy; saved and run", async () => {
  await project();
  const page = await visitor(server);
  await signIn(page, "ada@tieline.test", password, `/projects/${projectId}`);
  await page.getByText("No workflows yet").waitFor();
  await page.getByRole("button", { name: "New Workflow" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Nightly sync");
  await isSound(page, "workflow-new");
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
  await page.getByText("Add a trigger to start").waitFor();
  await isSound(page, "editor-empty");

  await add(page, "Manual Trigger");
  await add(page, "PostgreSQL Query");
  await panel(page).getByRole("heading", { name: "PostgreSQL Query" }).waitFor();
  /* There is only one connection of its type. */
  expect(await panel(page).getByRole("combobox", { name: "Connection" }).inputValue()).toBe("Orders DB");
  await panel(page).getByText("Enter SQL.").waitFor();
  await write(page, "SQL", "SELECT $1::int AS id, 'a desk' AS item");
  await panel(page).getByText("SQL uses $1 but there are 0 parameters.").waitFor();
  await write(page, "Parameters", "[7");
  await panel(page).getByText("Parameters must be a JSON array.").waitFor();
  await write(page, "Parameters", "[7]");
  await panel(page).getByText("$1 → 7").waitFor();
  await panel(page).getByRole("combobox", { name: "Retry policy" }).click();
  await page.getByRole("option", { name: "Exponential" }).click();
  await panel(page).getByLabel("Attempts").fill("0");
  await panel(page).getByText("Attempts must be between 1 and 100.").waitFor();
  await panel(page).getByLabel("Attempts").fill("5");
  await state(page, "Unsaved changes");
  await isSound(page, "editor-node");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await state(page, "Saved");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.locator("#editor-foot").getByText("Succeeded").waitFor();
  await node(page, "PostgreSQL Query").getByText("succeeded").waitFor();
  await panel(page).getByRole("tab", { name: "Output" }).click();
  await panel(page).getByRole("cell", { name: "a desk" }).waitFor();
  await isSound(page, "editor-output");

  await page.goto(`/projects/${projectId}/workflows`);
  await page.getByRole("link", { name: "Nightly sync", exact: true }).waitFor();
  await page.getByText("Succeeded").waitFor();
  await isSound(page, "workflows");
});

test("by keys alone: a trigger and a query, connected, moved, deleted and brought back", async () => {
  await project();
  const id = await workflow("Keys");
  const page = await editor(id);
  await page.keyboard.press("F6");
  await page.locator("#palette-search:focus").waitFor();
  await page.keyboard.type("manual");
  await page.keyboard.press("Enter");
  await page.locator('[data-node="manual_trigger"]:focus').waitFor();
  await page.keyboard.press("a");
  await page.locator("#palette-search:focus").waitFor();
  await page.keyboard.type("postgres");
  await page.keyboard.press("Enter");
  await page.locator('[data-node="postgresql_query"]:focus').waitFor();
  /* Two more behind the trigger, and an edge between them. */
  await page.keyboard.press("ArrowLeft");
  await page.locator('[data-node="manual_trigger"]:focus').waitFor();
  await page.keyboard.press("a");
  await page.keyboard.type("redis");
  await page.keyboard.press("Enter");
  await page.locator('[data-node="redis_command"]:focus').waitFor();
  await page.keyboard.press("c");
  const dialog = page.getByRole("dialog", { name: "Connect “Redis Command” to" });
  await dialog.getByRole("button", { name: "Connect PostgreSQL Query" }).waitFor();
  await isSound(page, "editor-connect");
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Disconnect PostgreSQL Query" }).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await page.locator('[data-node="redis_command"]').focus();
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Enter");
  await page.locator("#panel-name:focus").waitFor();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("Keep totals");
  await page.keyboard.press("Escape");
  await page.locator('[data-node="redis_command"]:focus').waitFor();
  await page.keyboard.press("Control+s");
  await state(page, "Saved");
  const { definition } = await saved(id);
  expect(definition.edges).toEqual([
    { source: "manual_trigger", target: "postgresql_query" },
    { source: "manual_trigger", target: "redis_command" },
    { source: "redis_command", target: "postgresql_query" },
  ]);
  expect(definition.nodes).toContainEqual(
    expect.objectContaining({ id: "redis_command", name: "Keep totals", config: { connectionId: redisId } }),
  );
  await page.keyboard.press("Delete");
  await expect.poll(() => page.locator("[data-node]").count()).toBe(2);
  await page.locator('[data-node="manual_trigger"]:focus').waitFor();
  await page.keyboard.press("Control+z");
  await expect.poll(() => page.locator("[data-node]").count()).toBe(3);
  await state(page, "Saved");

  /* A copy of one, then of all, taken back one by one. */
  await page.keyboard.press("Control+d");
  await page.locator('[data-node="manual_trigger_2"]:focus').waitFor();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+c");
  await page.keyboard.press("Control+v");
  await expect.poll(() => page.locator("[data-node]").count()).toBe(8);
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  await expect.poll(() => page.locator("[data-node]").count()).toBe(3);
  await state(page, "Saved");
  /* Tidying up is one step. */
  await page.locator('[data-node="redis_command"]').focus();
  await page.keyboard.press("Shift+ArrowDown");
  await state(page, "Unsaved changes");
  await page.keyboard.press("t");
  await page.locator("[data-announcer]", { hasText: "Tidied up." }).waitFor({ state: "attached" });
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  await state(page, "Saved");
  /* Round the parts, and to the list. */
  await page.keyboard.press("F2");
  await page.locator("#panel-name:focus").waitFor();
  expect(await page.evaluate("getSelection().toString()")).toBe("Keep totals");
  await page.keyboard.press("F6");
  await page.locator("#editor-foot button:focus").waitFor();
  await page.keyboard.press("F6");
  await page.locator("#palette-search:focus").waitFor();
  await page.keyboard.press("F6");
  await page.locator('[data-node="redis_command"]:focus').waitFor();
  await page.keyboard.press("Shift+F6");
  await page.keyboard.press("Shift+F6");
  await page.locator("#editor-foot button:focus").waitFor();
  await page.keyboard.press("o");
  await page.getByRole("region", { name: "Outline" }).waitFor();
});

test("a loop is refused, and said so", async () => {
  await project();
  const definition = chain();
  definition.nodes.push(query("more", "Load more", "SELECT 2", at(544)));
  definition.edges.push({ source: "load", target: "more" });
  const page = await editor(await workflow("Loop", definition));
  await node(page, "Load more").focus();
  await page.keyboard.press("c");
  /* It can be reached, and says why it does nothing. */
  const connect = page.getByRole("button", { name: "Connect Load orders" });
  await connect.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("tooltip", { name: "This would make a loop." }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  const middle = async (selector: string) => {
    const box = (await page.locator(selector).boundingBox()) ?? expect.fail(`there is no ${selector}`);
    return [box.x + box.width / 2, box.y + box.height / 2] as const;
  };
  await page.mouse.move(...(await middle('[data-id="more"] .react-flow__handle.source')));
  await page.mouse.down();
  await page.mouse.move(...(await middle('[data-id="load"] .react-flow__handle.target')), { steps: 4 });
  await page.mouse.up();
  await page.getByRole("alert").getByText("This would make a loop.").waitFor();
  await state(page, "Saved");

  /* With the mouse: a node snaps to the ground, and goes back in one step; a kind is dropped where it shall be. */
  await page.mouse.move(...(await middle('[data-node="more"]')));
  await page.mouse.down();
  await page.mouse.move(...(await middle(".graph-controls")), { steps: 4 });
  await page.mouse.up();
  await state(page, "Unsaved changes");
  await page.getByRole("button", { name: "Undo" }).click();
  await state(page, "Saved");
  await page
    .getByRole("button", { name: "Add Redis Command" })
    .dragTo(page.locator(".canvas"), { targetPosition: { x: 120, y: 80 } });
  await page.locator('[data-node="redis_command"]:focus').waitFor();
});

test("Outline builds the same graph without a canvas", async () => {
  await project();
  const id = await workflow("List");
  const page = await editor(id);
  await page.getByRole("button", { name: "Outline" }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get("view")).toBe("outline");
  const outline = page.getByRole("region", { name: "Outline" });
  await outline.getByRole("button", { name: "Add Manual Trigger" }).click();
  await outline.getByRole("button", { name: "Add PostgreSQL Query" }).click();
  await outline.getByRole("button", { name: "Insert after Manual Trigger" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Add Redis Command" }).click();
  await outline.getByText(/Redis Command · Cache · Runs after Manual Trigger/).waitFor();
  await outline.getByText(/PostgreSQL Query · Orders DB · Runs after Redis Command/).waitFor();
  await isSound(page, "editor-outline");
  await page.keyboard.press("Control+s");
  await state(page, "Saved");
  expect(new Set((await saved(id)).definition.edges)).toEqual(
    new Set([
      { source: "manual_trigger", target: "redis_command" },
      { source: "redis_command", target: "postgresql_query" },
    ]),
  );
  await outline.getByRole("button", { name: "Delete Redis Command" }).click();
  await expect.poll(() => outline.locator("[data-outline]").count()).toBe(2);
  await outline.locator('[data-node="manual_trigger"]:focus').waitFor();
});

test("what stands in strings and comments is no parameter; one too many is a warning", async () => {
  await project();
  const page = await editor(await workflow("Parameters", chain()));
  await node(page, "Load orders").click();
  await write(page, "SQL", "SELECT '$3', $1 /* $4 */ , \"$5\" -- $6");
  await panel(page).getByText("SQL uses $1 but there are 0 parameters.").waitFor();
  await write(page, "Parameters", '["{{ trigger.id }}", 2]');
  await panel(page).getByText("Parameter 2 is not used.").waitFor();
  await panel(page).getByText("$1 → \"{{ trigger.id }}\"").waitFor();
  expect(await panel(page).getByText("SQL uses").count()).toBe(0);
  await page.locator("#editor-foot").getByRole("button", { name: "Problems (1)" }).click();
  await page.locator("#editor-foot").getByText("Parameter 2 is not used.").waitFor();
  await isSound(page, "editor-problems");
  await write(page, "Parameters", "[12345678901234567890]");
  await panel(page).getByText(/12345678901234567890 has more digits/).waitFor();
});

test("SET shows Value; GET hides it and keeps it", async () => {
  await project();
  const id = await workflow("Redis");
  const page = await editor(id);
  await add(page, "Redis Command");
  await panel(page).getByText("Enter a key.").waitFor();
  await panel(page).getByRole("combobox", { name: "Command" }).click();
  await page.getByRole("option", { name: "SET" }).click();
  await panel(page).getByText("Enter a value.").waitFor();
  await panel(page).getByLabel("Key", { exact: true }).fill("total");
  await panel(page).getByLabel("Value", { exact: true }).fill("42");
  await isSound(page, "editor-redis");
  await panel(page).getByRole("combobox", { name: "Connection" }).click();
  await isSound(page, "editor-connections");
  expect(await page.getByRole("option").allTextContents()).toEqual(["Cache", "Add Connection"]);
  await page.getByRole("option", { name: "Add Connection" }).click();
  const form = page.getByRole("dialog", { name: "Add Connection" });
  await form.getByLabel("Name").fill("Sessions");
  await form.getByLabel("URL", { exact: true }).fill(needed("REDISURL"));
  await form.getByRole("button", { name: "Create" }).click();
  await form.waitFor({ state: "hidden" });
  await expect.poll(() => panel(page).getByRole("combobox", { name: "Connection" }).inputValue()).toBe("Sessions");
  await panel(page).getByRole("combobox", { name: "Command" }).click();
  await page.getByRole("option", { name: "GET" }).click();
  expect(await panel(page).getByLabel("Value", { exact: true }).count()).toBe(0);
  await panel(page).getByRole("combobox", { name: "Command" }).click();
  await page.getByRole("option", { name: "SET" }).click();
  expect(await panel(page).getByLabel("Value", { exact: true }).inputValue()).toBe("42");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.locator("#editor-foot").getByText("Succeeded").waitFor();
  expect((await saved(id)).definition.nodes[0]).toMatchObject({ config: { command: "SET", key: "total", value: "42" } });
});

test("twenty steps back and forth; a reload brings what was saved", async () => {
  await project();
  const id = await workflow("Undo", chain());
  const page = await editor(id);
  for (let n = 0; n < 20; n++) await add(page, n % 2 ? "Redis Command" : "PostgreSQL Query");
  await expect.poll(() => page.locator("[data-node]").count()).toBe(22);
  for (let n = 0; n < 20; n++) await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => page.locator("[data-node]").count()).toBe(2);
  await state(page, "Saved");
  for (let n = 0; n < 20; n++) await page.getByRole("button", { name: "Redo" }).click();
  await expect.poll(() => page.locator("[data-node]").count()).toBe(22);
  await page.getByRole("button", { name: "Tidy up" }).click();
  await page.waitForTimeout(100);
  await isSound(page, "editor-many");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await state(page, "Saved");
  const before = (await saved(id)).definition;
  await page.reload();
  await page.locator("[data-node]").nth(21).waitFor();
  await state(page, "Saved");
  expect((await saved(id)).definition).toEqual(before);
});

test("of a graph that is too long to be seen whole, some is", async () => {
  await project();
  const ids = Array.from({ length: 60 }, (_, n) => `n${n}`);
  const long: Definition = {
    nodes: ids.map((id, n) => query(id, `Query ${n}`, "SELECT 1", at(272 * n))),
    edges: ids.slice(1).map((target, n) => ({ source: `n${n}`, target })),
  };
  const page = await editor(await workflow("Long", long));
  const seen = () =>
    page.evaluate(() => {
      const canvas = document.querySelector(".canvas")?.getBoundingClientRect();
      const cards = [...document.querySelectorAll(".canvas [data-node]")].map((card) => card.getBoundingClientRect());
      return cards.some((card) => canvas && card.left >= canvas.left && card.right <= canvas.right && card.width > 60);
    });
  await expect.poll(seen).toBe(true);
  await page.getByRole("button", { name: "Show everything" }).click();
  await expect.poll(seen).toBe(true);
  await page.getByRole("button", { name: "Tidy up" }).click();
  await page.locator("[data-announcer]", { hasText: "Tidied up." }).waitFor({ state: "attached" });
  await expect.poll(seen).toBe(true);
});

test("the properties are as wide as they were; the wide dialog is the same draft", async () => {
  await project();
  const id = await workflow("Wide", chain());
  const page = await editor(id);
  await node(page, "Load orders").click();
  const width = async () => (await panel(page).boundingBox())?.width;
  expect(await width()).toBe(384);
  await page.getByRole("separator", { name: "Width of the properties" }).focus();
  for (let n = 0; n < 3; n++) await page.keyboard.press("ArrowLeft");
  await page.reload();
  await expect.poll(width).toBe(432);
  await page.getByRole("button", { name: "Open in a wide dialog" }).click();
  const dialog = page.getByRole("dialog", { name: "PostgreSQL Query: Load orders" });
  await write(page, "SQL", "SELECT 2 AS n");
  await isSound(page, "editor-wide");
  await page.keyboard.press("Control+s");
  await state(page, "Saved");
  await write(page, "SQL", "SELECT 3 AS n");
  /* Runs what is typed, which is saved first, and puts no line into it. */
  await page.keyboard.press("Control+Enter");
  await page.locator("#editor-foot").getByText("Succeeded").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Open in a wide dialog" }).and(page.locator(":focus")).waitFor();
  expect((await saved(id)).definition.nodes[1]).toMatchObject({ config: { query: "SELECT 3 AS n" } });
});

test("a viewer sees the workflow and changes nothing", async () => {
  await project();
  const id = await workflow("Seen", chain());
  await ada.mutation("members.add", { projectId, email: "vera@tieline.test", role: "viewer" });
  const page = await editor(id, "vera");
  await node(page, "Load orders").click();
  await panel(page).getByLabel("Name", { exact: true }).waitFor();
  expect(await page.getByRole("button", { name: "Save", exact: true }).getAttribute("aria-disabled")).toBe("true");
  expect(await page.getByRole("button", { name: "Run", exact: true }).getAttribute("aria-disabled")).toBe("true");
  expect(await panel(page).getByLabel("Name", { exact: true }).getAttribute("readonly")).not.toBeNull();
  expect(await page.getByRole("region", { name: "Add node" }).count()).toBe(0);
  await isSound(page, "editor-viewer");
});

test("on a narrow screen the editor is its outline", async () => {
  await project();
  const definition = chain();
  const config = { connectionId: redisId, command: "INCR", key: "n", repeatable: true };
  definition.nodes.push({ id: "count", type: "redis-command", name: "Count", config, ...at(544) });
  const page = await editor(await workflow("Narrow", definition), "ada", { width: 320, height: 640 });
  const outline = page.getByRole("region", { name: "Outline" });
  await outline.getByText("This command may be repeated after a lost connection.").waitFor();
  expect(await outline.evaluate((list) => list.scrollWidth)).toBeLessThanOrEqual(320);
  await outline.getByRole("button", { name: "Open Load orders" }).click();
  await panel(page).getByLabel("Name", { exact: true }).waitFor();
  await page.locator("#editor-panel:focus").waitFor();
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
  await isSound(page, "editor-narrow");
});
