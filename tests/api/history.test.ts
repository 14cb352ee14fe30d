/* SPDX-License-Identifier: Apache-2.0 */
/* How much of the history is kept. */
import { expect, test } from "vitest";
import { addUser, client, newFolder, serve } from "./harness.ts";

test("the newest executions of each workflow stay when only so many are kept", async () => {
  const data = newFolder();
  const token = addUser(data, "keeper");
  const server = await serve(data);
  const before = client(server, token);
  const project = await before.mutation("projects.create", { name: "History" });
  const definition = { nodes: [{ id: "start", type: "manual-trigger", name: "Start", config: {} }], edges: [] };
  const ids: string[] = [];
  const workflows: string[] = [];
  for (const name of ["many", "few"]) {
    const { id } = await before.mutation("workflows.create", { projectId: project.id, name, definition });
    workflows.push(id);
    for (let i = 0; i < (name === "many" ? 12 : 3); i++) ids.push((await before.mutation("workflows.execute", { workflowId: id, waitMs: 10_000 })).executionId);
  }
  await server.stop();
  const after = client(await serve(data, "--keep-executions", "5"), token);
  const left = async (workflowId: string) => (await after.query("executions.list", { projectId: project.id, workflowId })).executions.map((one: any) => one.id);
  await expect.poll(() => left(workflows[0]!), { timeout: 20_000 }).toEqual(ids.slice(7, 12).reverse());
  expect(await left(workflows[1]!)).toEqual(ids.slice(12).reverse());
});
