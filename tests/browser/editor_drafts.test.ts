/* SPDX-License-Identifier: Apache-2.0 */
/* The workflow editor: drafts, versions of others, and executions that are watched in it. */
import { expect, test } from "vitest";
import { isSound } from "./browser.ts";
import {
  ada,
  at,
  chain,
  editor,
  node,
  panel,
  pgId,
  project,
  query,
  saved,
  state,
  workflow,
  write,
} from "./editor_page.ts";

test("two people save: the second is asked, and nothing is lost", async () => {
  await project();
  const id = await workflow("Both", chain());
  const page = await editor(id);
  await node(page, "Load orders").click();
  await panel(page).getByLabel("Name", { exact: true }).fill("Mine");
  const theirs = chain();
  theirs.nodes[1] = query("load", "Theirs", "SELECT 2 AS n", at(272));
  await ada.mutation("workflows.update", { workflowId: id, version: 1, definition: theirs });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByText("ada saved this workflow just now.").waitFor();
  await dialog.getByRole("button", { name: "Show differences" }).click();
  await dialog.getByText("Theirs").waitFor();
  await isSound(page, "editor-conflict");
  await page.keyboard.press("Escape");
  expect(await panel(page).getByLabel("Name", { exact: true }).inputValue()).toBe("Mine");
  expect((await saved(id)).definition.nodes).toContainEqual(expect.objectContaining({ name: "Theirs" }));
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await dialog.getByRole("button", { name: "Overwrite" }).click();
  await state(page, "Saved");
  expect(await saved(id)).toMatchObject({ version: 3 });
  expect((await saved(id)).definition.nodes).toContainEqual(expect.objectContaining({ name: "Mine" }));

  await panel(page).getByLabel("Name", { exact: true }).fill("Mine again");
  await ada.mutation("workflows.update", { workflowId: id, version: 3, definition: theirs });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await dialog.getByRole("button", { name: "Save as a copy" }).click();
  await page.getByRole("heading", { name: "Both (copy)" }).waitFor();
  await node(page, "Mine again").waitFor();
});

test("activating and renaming with unsaved changes make no conflict", async () => {
  await project();
  const id = await workflow("Active", chain());
  const page = await editor(id);
  await node(page, "Load orders").click();
  await panel(page).getByLabel("Name", { exact: true }).fill("Changed");
  await page.getByRole("switch", { name: "Active" }).click({ force: true });
  await expect.poll(async () => (await saved(id)).active).toBe(true);
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Still active");
  await page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
  await page.getByRole("heading", { name: "Still active" }).waitFor();
  await state(page, "Unsaved changes");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await state(page, "Saved");
  expect(await saved(id)).toMatchObject({ version: 2, name: "Still active", active: true });
});

test("a reload offers the draft; leaving asks; Escape in the panel loses nothing", async () => {
  await project();
  const id = await workflow("Draft", chain());
  const page = await editor(id);
  await node(page, "Load orders").click();
  await panel(page).getByLabel("Name", { exact: true }).fill("Drafted");
  await page.keyboard.press("Escape");
  await node(page, "Drafted").waitFor();
  expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.node)).toBe("load");
  await page.reload();
  await page.getByText(/^Unsaved changes from \d\d:\d\d were found\.$/).waitFor();
  await node(page, "Load orders").waitFor();
  await isSound(page, "editor-draft");
  await page.getByRole("button", { name: "Restore" }).click();
  await node(page, "Drafted").waitFor();
  await page.getByRole("link", { name: /^Orders/ }).click();
  const question = page.getByRole("alertdialog", { name: "Discard changes?" });
  await question.getByRole("button", { name: "Keep editing" }).click();
  await question.waitFor({ state: "hidden" });
  await state(page, "Unsaved changes");
  await page.getByRole("link", { name: /^Orders/ }).click();
  await question.getByRole("button", { name: "Discard" }).click();
  await page.getByRole("link", { name: "Draft", exact: true }).click();
  await node(page, "Load orders").waitFor();
  expect(await page.getByText(/^Unsaved changes from/).count()).toBe(0);
});

test("a run is watched live, with its input; it can be cancelled; then those of others are", async () => {
  await project();
  const definition = chain();
  definition.nodes[1] = query("load", "Load orders", "SELECT pg_sleep($1)", { ...at(272) });
  (definition.nodes[1] as { config: { parameters: unknown } }).config.parameters = ["{{ trigger.seconds }}"];
  const workflowId = await workflow("Slow", definition);
  const page = await editor(workflowId);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  /* Something asks for the input, so the page does. */
  const dialog = page.getByRole("dialog", { name: "Run with input" });
  await write(page, "Input", '{"seconds"');
  await dialog.getByRole("button", { name: "Run" }).click();
  await dialog.getByText("The input must be JSON.").waitFor();
  await write(page, "Input", '{"seconds": 600}');
  await isSound(page, "editor-input");
  await dialog.getByRole("button", { name: "Run" }).click();
  await node(page, "Load orders").getByText("running").waitFor();
  await isSound(page, "editor-running");
  await page.locator(".editor-bar").getByRole("button", { name: "Cancel" }).click();
  await page.locator("#editor-foot").getByText("Cancelled").waitFor();
  const { executionId } = await ada.mutation("workflows.execute", { workflowId, input: { seconds: 600 } });
  await node(page, "Load orders").getByText("running").waitFor();
  /* It keeps nobody here from running it too. */
  await page.getByRole("button", { name: "Run", exact: true }).waitFor();
  await ada.mutation("executions.cancel", { executionId });
  await node(page, "Load orders").getByText("cancelled").waitFor();
  await ada.mutation("workflows.execute", { workflowId, input: { seconds: 0 } });
  await page.locator("#editor-foot").getByText("Succeeded").waitFor();
});

test("a failed node says why; a deleted connection too", async () => {
  await project();
  const definition = chain();
  definition.nodes[1] = query("load", "Load orders", "SELECT 1/0", at(272));
  const id = await workflow("Failing", definition);
  const page = await editor(id);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.locator("#editor-foot").getByText(/division by zero/).waitFor();
  await node(page, "Load orders").click();
  await panel(page).getByRole("tab", { name: "Output" }).click();
  await panel(page).getByText(/Division by zero/).waitFor();
  await isSound(page, "editor-failed");
  await ada.mutation("connections.delete", { connectionId: pgId, force: true });
  await page.reload();
  await panel(page).getByText("This connection was deleted. Choose another.").waitFor();
});

test("hostile names and values are text", async () => {
  await project();
  const evil = '<img src=x onerror="window.broken=1">';
  const definition = chain();
  definition.nodes[1] = query("load", evil, `SELECT '${evil}' AS "<b>x</b>"`, at(272));
  const page = await editor(await workflow(evil, definition));
  await page.getByRole("heading", { name: evil }).waitFor();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.locator("#editor-foot").getByText("Succeeded").waitFor();
  await page.locator('[data-node="load"]').click();
  await panel(page).getByRole("tab", { name: "Output" }).click();
  await panel(page).getByText(evil).first().waitFor();
  expect(await page.evaluate("window.broken")).toBeUndefined();
});
