/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The examples of the user's documentation are run, in their order: a block of JSON with a "type" is a
 * node, the block behind it its output, or its error when it has a "code". Digits are compared too.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { addUser, client, needed, newFolder, serve, type Caller } from "./harness.ts";

let call: (path: string, body: string) => Promise<string>;
let caller: Caller;
let projectId: string;
const connections: Record<string, string> = {};

beforeAll(async () => {
  const data = newFolder();
  const token = addUser(data, "pia");
  const server = await serve(data);
  caller = client(server, token);
  /* JSON.parse would round numbers: text goes there, and text comes back. */
  call = async (path, body) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    return await (await fetch(`${server.base}/trpc/${path}`, { method: "POST", headers, body })).text();
  };
  projectId = (await caller.mutation("projects.create", { name: "P" })).id;
  for (const [name, connectionType, connectionUrl] of [["POSTGRESQL", "postgresql", needed("PGURL")], ["REDIS", "redis", needed("REDISURL")]] as const)
    connections[name] = (await caller.mutation("connections.create", { projectId, connectionType, name, connectionUrl })).id;
  /* What an earlier run on the same servers has left. */
  const config = { connectionId: connections.POSTGRESQL, query: "DROP TABLE IF EXISTS guide_orders, guide_ledger" };
  const nodes: object[] = [{ id: "sql", type: "postgresql-query", name: "sql", config }];
  for (const key of ["count", "lock"])
    nodes.push({ id: key, type: "redis-command", name: key, config: { connectionId: connections.REDIS, command: "DEL", key: `guide:${key}` } });
  const { id: workflowId } = await caller.mutation("workflows.create", { projectId, name: "clean", definition: { nodes, edges: [] } });
  expect((await caller.mutation("workflows.execute", { workflowId, waitMs: 20_000 })).execution.status).toBe("succeeded");
});

/* JSON without blanks between its parts. */
const compact = (json: string) => json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, text) => text ?? "");

for (const page of ["postgresql", "redis"]) {
  const text = readFileSync(join(import.meta.dirname, `../../docs/${page}.md`), "utf8");
  const blocks = [...text.matchAll(/^```json\n(.*?)^```$/gms)].map((found) => found[1]!);
  const nodes = blocks.flatMap((block, n) => ("type" in JSON.parse(block) ? [{ block, expected: blocks[n + 1]! }] : []));

  test(`docs/${page}.md has examples`, () => {
    expect(nodes.length).toBeGreaterThan(5);
    expect(nodes.length * 2).toBe(blocks.length);
  });

  for (const { block, expected } of nodes)
    test(`docs/${page}.md: ${JSON.parse(block).name}`, async () => {
      const node = block.replace(/"(POSTGRESQL|REDIS)"/g, (_, name) => `"${connections[name]}"`);
      const definition = `{"nodes":[${node}],"edges":[]}`;
      const workflow = JSON.parse(await call("workflows.create", `{"projectId":"${projectId}","name":"${crypto.randomUUID()}","definition":${definition}}`));
      const answer = await call("workflows.execute", JSON.stringify({ workflowId: workflow.result.data.id, waitMs: 20_000 }));
      const { execution } = JSON.parse(answer).result.data;
      const wanted = JSON.parse(expected);
      if (wanted.code) {
        expect(execution.error).toMatchObject(wanted);
        return;
      }
      expect(execution.error).toBeUndefined();
      expect(execution.steps[0].output).toEqual(wanted);
      expect(answer).toContain(`"output":${compact(expected)}`);
    });
}
