/* SPDX-License-Identifier: Apache-2.0 */
/* executions.list by status, while executions come and go. */
import { beforeAll, expect, test } from "vitest";
import { needed, serveProject, type Caller, type Server } from "./harness.ts";
import { inStore } from "./stores.ts";
import { until } from "./streams.ts";

let server: Server;
let caller: Caller;
let projectId: string, workflowId: string;

beforeAll(async () => {
  ({ server, caller, projectId } = await serveProject("olga"));
  const connection = { projectId, connectionType: "postgresql", name: "db", connectionUrl: needed("PGURL"), config: { pool: { max: 2, acquireTimeoutMs: 60000 } } };
  const connectionId = (await caller.mutation("connections.create", connection)).id;
  const nap = { id: "nap", type: "postgresql-query", name: "Nap", config: { connectionId, query: "SELECT pg_sleep(60)" } };
  workflowId = (await caller.mutation("workflows.create", { projectId, name: "w", definition: { nodes: [nap], edges: [] } })).id;
});

const list = async (more: object): Promise<string[]> => {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page: any = await caller.query("executions.list", { projectId, ...more, ...(cursor ? { cursor } : {}) });
    ids.push(...page.executions.map((one: any) => one.id));
    cursor = page.nextCursor;
  } while (cursor);
  return ids;
};

test("a list by status shows those that stand so now, and each of them once", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push((await caller.mutation("workflows.execute", { workflowId })).executionId);
  const newest = [...ids].reverse();
  await until(async () => (await list({ status: "running" })).length === 2);
  for (const limit of [1, 2, 3, 50]) {
    const running = await list({ status: "running", limit });
    const queued = await list({ status: "queued", limit, workflowId });
    expect(running).toHaveLength(2);
    expect(queued).toEqual(newest.filter((id) => !running.includes(id)));
    expect(running).toEqual(newest.filter((id) => running.includes(id)));
    expect(await list({ status: "waiting", limit })).toEqual([]);
  }
  const all: any = await caller.query("executions.list", { projectId });
  for (const one of all.executions) expect(await list({ status: one.status })).toContain(one.id);
  await Promise.all(ids.map((executionId) => caller.mutation("executions.cancel", { executionId })));
  expect(await list({ status: "cancelled", limit: 2 })).toEqual(newest);
  for (const status of ["queued", "running", "waiting"]) expect(await list({ status })).toEqual([]);

  /* Who did it is kept, also of those that this very process carried out. */
  expect(inStore(server.data, "SELECT count(DISTINCT subject_id) FROM audit_log WHERE action = 'executions.cancel'")).toBe(String(ids.length));
});
