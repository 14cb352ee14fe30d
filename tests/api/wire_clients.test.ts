/* SPDX-License-Identifier: Apache-2.0 */
/* The official clients, old and new, with each of their links. */
import { createTRPCUntypedClient, httpBatchLink, httpBatchStreamLink, httpLink, TRPCClientError } from "@trpc/client";
import { beforeAll, describe, expect, test } from "vitest";
import { queries } from "../query/client.ts";
import { oldClient } from "../v10/client.ts";
import { addUser, client, needed, newFolder, serve, type Caller, type Server } from "./harness.ts";

let server: Server;
let token: string;
let projectId: string;

beforeAll(async () => {
  const data = newFolder();
  token = addUser(data, "olga");
  server = await serve(data);
  projectId = (await client(server, token).mutation("projects.create", { name: "P" })).id;
});

type Made = (as?: string) => Caller;
const url = () => `${server.base}/trpc`;
const headers = (as: string | undefined) => (as ? { authorization: `Bearer ${as}` } : {});
const untyped = (links: any[]) => createTRPCUntypedClient({ links }) as unknown as Caller;
const clients: [string, Made][] = [
  ["v11 httpLink", (as) => untyped([httpLink({ url: url(), headers: headers(as) })])],
  ["v11 httpLink, queries by POST", (as) => untyped([httpLink({ url: url(), headers: headers(as), methodOverride: "POST" })])],
  ["v11 httpBatchLink", (as) => untyped([httpBatchLink({ url: url(), headers: headers(as) })])],
  ["v11 httpBatchLink, queries by POST", (as) => untyped([httpBatchLink({ url: url(), headers: headers(as), methodOverride: "POST" })])],
  ["v11 httpBatchStreamLink", (as) => untyped([httpBatchStreamLink({ url: url(), headers: headers(as) })])],
  ["v11 httpBatchStreamLink, accept", (as) => untyped([httpBatchStreamLink({ url: url(), headers: headers(as), streamHeader: "accept" })])],
  ["v11, a base that ends in a slash and a query", (as) => untyped([httpBatchLink({ url: `${url()}/?k=v`, headers: headers(as) })])],
  ["v10 httpLink", (as) => oldClient(url(), as, false)],
  ["v10 httpBatchLink", (as) => oldClient(url(), as, true)],
];

describe.each(clients)("%s", (_name, make) => {
  test("calls, alone and many together", async () => {
    const caller = make(token);
    expect(await caller.query("projects.get", { projectId })).toMatchObject({ id: projectId, name: "P" });
    expect((await caller.query("projects.list")).projects.length).toBeGreaterThan(0);
    const made = await caller.mutation("projects.create", { name: "é 漢 😀 \"" });
    expect(made.name).toBe("é 漢 😀 \"");
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => caller.query("projects.get", { projectId: i % 2 ? made.id : projectId })));
    expect(all.map((one) => one.id)).toEqual(Array.from({ length: 20 }, (_, i) => (i % 2 ? made.id : projectId)));
    expect(await caller.mutation("projects.delete", { projectId: made.id })).toEqual({ success: true });
  });
  test("is told of failures, each call of its own", async () => {
    const caller = make(token);
    const results = await Promise.allSettled([
      caller.query("projects.get", { projectId }),
      caller.query("projects.get", { projectId: 7 }),
      caller.query("projects.get", { projectId: "01890000-0000-7000-8000-000000000001" }),
      caller.query("projects.get"),
      caller.query("no.such"),
    ]);
    expect(results.map((one) => one.status)).toEqual(["fulfilled", "rejected", "rejected", "rejected", "rejected"]);
    const errors = results.slice(1).map((one) => (one as PromiseRejectedResult).reason);
    expect(errors.map((one) => [one.name, one.shape.code, one.data.code, one.data.httpStatus, one.data.path])).toEqual([
      ["TRPCClientError", -32600, "BAD_REQUEST", 400, "projects.get"],
      ["TRPCClientError", -32004, "NOT_FOUND", 404, "projects.get"],
      ["TRPCClientError", -32600, "BAD_REQUEST", 400, "projects.get"],
      ["TRPCClientError", -32004, "NOT_FOUND", 404, "no.such"],
    ]);
    expect(errors[0].data.field).toBe("projectId");
    const nobody = await make().query("projects.list").catch((error) => error);
    expect([nobody.name, nobody.data.code]).toEqual(["TRPCClientError", "UNAUTHORIZED"]);
    const wrong = await make("nonsense").mutation("projects.create", { name: "x" }).catch((error) => error);
    expect(wrong.data.code).toBe("UNAUTHORIZED");
  });
  test("mutations without an argument", async () => {
    expect(await make(token).mutation("auth.logout")).toEqual({ success: true });
  });
});

test("infiniteQueryOptions goes from page to page, and is told that there is no way back", async () => {
  const caller = client(server, token);
  const definition = { nodes: [{ id: "start", type: "manual-trigger", name: "Start" }], edges: [] };
  const workflowId = (await caller.mutation("workflows.create", { projectId, name: "pages", definition })).id;
  const made: string[] = [];
  for (let i = 0; i < 5; i++) made.unshift((await caller.mutation("workflows.execute", { workflowId })).executionId);
  const { queryClient, trpc } = queries(url(), token);
  const options = trpc.executions.list.infiniteQueryOptions(
    { projectId, workflowId, limit: 2 },
    { getNextPageParam: (page) => page.nextCursor, initialCursor: null },
  );
  const { pages } = await queryClient.fetchInfiniteQuery({ ...options, pages: 3 });
  expect(pages.map((page) => page.executions.length)).toEqual([2, 2, 1]);
  expect(pages.flatMap((page) => page.executions.map(({ id }) => id))).toEqual(made);
  const back = await caller.query("executions.list", { projectId, direction: "backward" }).catch((error) => error);
  expect([back.data.code, back.data.field]).toEqual(["BAD_REQUEST", "direction"]);
});

test("httpBatchStreamLink gets quick answers before slow ones", async () => {
  const caller = untyped([httpBatchStreamLink({ url: url(), headers: headers(token) })]);
  const connection = { projectId, connectionType: "postgresql", name: "db", connectionUrl: needed("PGURL") };
  const connectionId = (await caller.mutation("connections.create", connection)).id;
  const definition = { nodes: [{ id: "nap", type: "postgresql-query", name: "n", config: { connectionId, query: "SELECT pg_sleep(60)" } }], edges: [] };
  const workflowId = (await caller.mutation("workflows.create", { projectId, name: "w", definition })).id;
  const order: string[] = [];
  const slow = caller.mutation("workflows.execute", { workflowId, waitMs: 60000 }).then(({ execution }) => order.push(execution.status));
  const quick = caller.mutation("projects.create", { name: "quick" }).then(() => order.push("quick"));
  const failed = caller.mutation("projects.create", { name: "" }).catch((error) => {
    expect(error).toBeInstanceOf(TRPCClientError);
    order.push("failed");
  });
  await Promise.all([quick, failed]);
  /* The slow one still runs, and ends only when somebody else ends it. */
  expect([...order].sort()).toEqual(["failed", "quick"]);
  const { executions } = await caller.query("executions.list", { projectId, workflowId });
  expect(executions).toMatchObject([{ workflowId }]);
  await caller.mutation("executions.cancel", { executionId: executions[0].id });
  await slow;
  expect(order[2]).toBe("cancelled");
});
