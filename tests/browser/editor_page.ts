/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the workflow editor share: a server, projects with real databases, and the parts of the page. */
import { beforeAll } from "vitest";
import { type Caller, needed, password, type Server } from "../api/harness.ts";
import { type Page, serveTwo, signIn, visitor } from "./browser.ts";

export let server: Server;
export let ada: Caller;
export let projectId: string;
export let pgId: string;
export let redisId: string;
let projects = 0;

beforeAll(async () => {
  ({ server, ada } = await serveTwo());
});

/* A project of its own for each test, with a connection of each type. */
export async function project(): Promise<void> {
  projectId = (await ada.mutation("projects.create", { name: `Orders ${++projects}` })).id;
  const connection = (connectionType: string, name: string, connectionUrl: string): Promise<{ id: string }> =>
    ada.mutation("connections.create", { projectId, connectionType, name, connectionUrl });
  pgId = (await connection("postgresql", "Orders DB", needed("PGURL"))).id;
  redisId = (await connection("redis", "Cache", needed("REDISURL"))).id;
}

export interface Definition {
  nodes: unknown[];
  edges: unknown[];
}

export const at = (x: number, y = 0) => ({ position: { x, y } });
export function query(id: string, name: string, sql: string, more = {}): unknown {
  return { id, type: "postgresql-query", name, config: { connectionId: pgId, query: sql }, ...more };
}

export async function workflow(name: string, definition: Definition = { nodes: [], edges: [] }): Promise<string> {
  return (await ada.mutation("workflows.create", { projectId, name, definition })).id;
}

export async function saved(workflowId: string): Promise<{ version: number; name: string; active: boolean; definition: Definition }> {
  return ada.query("workflows.get", { workflowId });
}

export async function editor(workflowId: string, who = "ada", looks = {}): Promise<Page> {
  const page = await visitor(server, looks);
  await signIn(page, `${who}@tieline.test`, password, `/projects/${projectId}/workflows/${workflowId}`);
  await page.locator(".editor h1").waitFor();
  return page;
}

export const node = (page: Page, name: string) => page.locator(".canvas").getByRole("button", { name: new RegExp(`^${name},`) });
export const panel = (page: Page) => page.locator("#editor-panel");
export const add = (page: Page, title: string) =>
  page.getByRole("region", { name: "Add node" }).getByRole("button", { name: `Add ${title}` }).click();
/* Code fields are no inputs: what stands in them is replaced by typing. */
export async function write(page: Page, label: string, text: string): Promise<void> {
  const field = page.getByRole("textbox", { name: label, exact: true });
  await field.click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(text);
}
export const state = (page: Page, words: string) => page.locator(".editor-bar").getByText(words, { exact: true }).waitFor();

export const chain = (): Definition => ({
  nodes: [
    { id: "start", type: "manual-trigger", name: "Start", ...at(0) },
    query("load", "Load orders", "SELECT 1 AS n", at(272)),
  ],
  edges: [{ source: "start", target: "load" }],
});
