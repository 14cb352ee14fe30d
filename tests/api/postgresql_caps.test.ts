/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A result that is larger than it may be costs its own step, and little memory: the server's peak
 * (VmHWM) while it comes in, the statement's end in PostgreSQL, and the next query of the same pool,
 * which has room for one session only.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { addUser, client, needed, newFolder, serve, type Caller, type Server } from "./harness.ts";

/* What is freed counts too while the sanitizer keeps it back. */
process.env.ASAN_OPTIONS = `${process.env.ASAN_OPTIONS ?? ""}:quarantine_size_mb=8`;

const MIB = 1024 * 1024;
/* Twice the largest result as it comes in, in a buffer that doubles, and the result itself. */
const PEAK = 64 * MIB;
/* The sanitizer keeps an eighth of what is allocated, used or not: libpq makes room for a whole field. */
const SHADOW = 900 * MIB / 8;

let server: Server;
let bound: number;
let caller: Caller;
let projectId: string;
let connectionId: string;
let watcherId: string;

beforeAll(async () => {
  const data = newFolder();
  const token = addUser(data, "pia");
  server = await serve(data);
  bound = PEAK + (readFileSync(`/proc/${server.pid}/maps`, "utf8").includes("libasan") ? SHADOW : 0);
  caller = client(server, token);
  projectId = (await caller.mutation("projects.create", { name: "P" })).id;
  const connect = async (name: string, max: number) =>
    (await caller.mutation("connections.create", {
      projectId, connectionType: "postgresql", name, connectionUrl: needed("PGURL"), config: { pool: { max } },
    })).id;
  connectionId = await connect("one session", 1);
  watcherId = await connect("watcher", 1);
});

async function run(query: string, more: object = {}, connection = connectionId): Promise<any> {
  const definition = {
    nodes: [{ id: "q", type: "postgresql-query", name: "q", config: { connectionId: connection, query, timeoutMs: 120_000, ...more } }],
    edges: [],
  };
  const { id: workflowId } = await caller.mutation("workflows.create", { projectId, name: crypto.randomUUID(), definition });
  let { execution } = await caller.mutation("workflows.execute", { workflowId, waitMs: 55_000 });
  while (!execution.finishedAt) execution = await caller.query("executions.get", { executionId: execution.id });
  return execution;
}

function memory(what: "VmHWM" | "VmRSS"): number {
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  return Number(new RegExp(`^${what}:\\s*(\\d+) kB`, "m").exec(status)![1]) * 1024;
}

/* How far the server's memory rises above what it holds now. */
async function peak(work: () => Promise<unknown>): Promise<number> {
  writeFileSync(`/proc/${server.pid}/clear_refs`, "5");
  const before = memory("VmRSS");
  await work();
  return memory("VmHWM") - before;
}

/* True once no session of ours runs the statement any more; asks for up to 10 s. */
async function ended(mark: string): Promise<boolean> {
  const query = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%${mark}%' AND pid <> pg_backend_pid()`;
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    const execution = await run(query, {}, watcherId);
    if (execution.steps[0].output.rows[0].n === 0) return true;
  }
  return false;
}

const list = (count: number, one: (n: number) => string) => Array.from({ length: count }, (_, n) => one(n)).join(", ");

const tooLarge: [string, string, object, string][] = [
  ["10 million rows", "SELECT g FROM generate_series(1, 10000000) AS g", {}, "10000 rows"],
  ["10 million rows of which a million may come", "SELECT generate_series(1, 10000000) AS g", { maxRows: 1_000_000 }, "bytes"],
  ["one field of 900 MB", "SELECT repeat('x', 900000000) AS v", {}, "too large"],
  ["one row of 1,600 wide columns", `SELECT ${list(1600, (n) => `repeat('x', 20000) AS c${n}`)}`, {}, "large"],
  ["10,000 rows of 1,664 columns", `SELECT ${list(1664, (n) => `g AS c${n}`)} FROM generate_series(1, 10000) AS g`, {}, "bytes"],
];

for (const [name, sql, more, words] of tooLarge)
  test(`${name}: RESULT_TOO_LARGE`, { timeout: 180_000 }, async () => {
    const mark = crypto.randomUUID();
    await run("SELECT 1 AS one");
    let execution: any;
    const rise = await peak(async () => {
      execution = await run(`${sql} /* ${mark} */`, more);
    });
    expect(execution.error, JSON.stringify(execution.error)).toMatchObject({ code: "RESULT_TOO_LARGE", nodeId: "q" });
    expect(execution.error.message).toContain(words);
    expect(rise).toBeLessThan(bound);
    /* The only session is given back, and it is one that works. */
    expect((await run("SELECT 1 AS one")).steps[0].output.rows).toEqual([{ one: 1 }]);
    expect(await ended(mark)).toBe(true);
    if (process.env.TIELINE_TELL) console.log(`${name}: ${Math.round(rise / MIB)} MiB, ${execution.error.message}`);
  });

test("the largest results come through whole, in little more", { timeout: 180_000 }, async () => {
  const results: any[] = [];
  const rise = await peak(async () => {
    results.push(await run("SELECT repeat('x', 8000000) AS v"));
    results.push(await run("SELECT g FROM generate_series(1, 500000) AS g", { maxRows: 500_000 }));
    results.push(await run(`SELECT ${list(1664, (n) => `${n} AS c`)}`));
  });
  const outputs = results.map((execution) => execution.steps[0].output);
  expect(outputs[0].rows[0].v.length).toBe(8_000_000);
  expect(outputs[1].rowCount).toBe(500_000);
  expect(outputs[1].rows.at(-1)).toEqual({ g: 500_000 });
  expect(Object.keys(outputs[2].rows[0]).length).toBe(1664);
  expect(outputs[2].rows[0]).toMatchObject({ c: 0, c_2: 1, c_1664: 1663 });
  /* These are kept, sent to the store and into an answer. */
  expect(rise).toBeLessThan(2 * bound);
  if (process.env.TIELINE_TELL) console.log(`largest results: ${Math.round(rise / MIB)} MiB`);
});

test("a column more than the server has is its own error", async () => {
  const execution = await run(`SELECT ${list(1665, () => "1")}`);
  expect(execution.steps[0].attempts[0].error).toMatchObject({ code: "SERVER_ERROR", sqlState: "54011" });
});
