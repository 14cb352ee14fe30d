/* SPDX-License-Identifier: Apache-2.0 */
/* The workflow editor, on real PostgreSQL and Redis. */
import { beforeAll, expect, test } from "vitest";
import { addUser, type Caller, client, needed, newFolder, password, serve, type Server } from "../api/harness.ts";
import { isSound, type Page, signIn, visitor } from "./browser.ts";

let server: Server;
let ada: Caller;
let projectId: string;
let pgId: string;
let redisId: string;
let projects = 0;

beforeAll(async () => {
  const data = newFolder();
  const token = addUser(data, "ada");
  addUser(data, "vera");
  server = await serve(data);
  ada = client(server, token);
});

/* A project of its own for each test, with a connection of each type. */
async function project(): Promise<void> {
  projectId = (await ada.mutation("projects.create", { name: `Orders ${++projects}` })).id;
  const connection = (connectionType: string, name: string, connectionUrl: string): Promise<{ id: string }> =>
    ada.mutation("connections.create", { projectId, connectionType, name, connectionUrl });
  pgId = (await connection("postgresql", "Orders DB", needed("PGURL"))).id;
  redisId = (await connection("redis", "Cache", needed("REDISURL"))).id;
}

interface Definition {
  nodes: unknown[];
  edges: unknown[];
}

const at = (x: number, y = 0) => ({ position: { x, y } });
function query(id: string, name: string, sql: string, more = {}): unknown {
  return { id, type: "postgresql-query", name, config: { connectionId: pgId, query: sql }, ...more };
}

async function workflow(name: string, definition: Definition = { nodes: [], edges: [] }): Promise<string> {
  return (await ada.mutation("workflows.create", { projectId, name, definition })).id;
}

async function saved(workflowId: string): Promise<{ version: number; name: string; active: boolean; definition: Definition }> {
  return ada.query("workflows.get", { workflowId });
}

async function editor(workflowId: string, who = "ada", looks = {}): Promise<Page> {
  const page = await visitor(server, looks);
  await signIn(page, `${who}@tieline.test`, password);
  await page.goto(`/projects/${projectId}/workflows/${workflowId}`);
  await page.locator(".editor h1").waitFor();
  return page;
}

const node = (page: Page, name: string) => page.locator(".canvas").getByRole("button", { name: new RegExp(`^${name},`) });
const panel = (page: Page) => page.locator("#editor-panel");
const add = (page: Page, title: string) =>
  page.getByRole("region", { name: "Add node" }).getByRole("button", { name: `Add ${title}` }).click();
/* Code fields are no inputs: what stands in them is replaced by typing. */
async function write(page: Page, label: string, text: string): Promise<void> {
  const field = page.getByRole("textbox", { name: label, exact: true });
  await field.click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(text);
}
const state = (page: Page, words: string) => page.locator(".editor-bar").getByText(words, { exact: true }).waitFor();

test("the documentation's steps: a node, its connection, SQL, parameters, retry policy; saved and run", async () => {
  await project();
  const page = await visitor(server);
  await signIn(page, "ada@tieline.test", password);
  await page.goto(`/projects/${projectId}`);
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
  await page.getByRole("link", { name: "Nightly sync" }).waitFor();
  await page.getByText("Succeeded").waitFor();
  await isSound(page, "workflows");
});
