/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that is killed and started again on the same data, workflows whose steps leave traces
 * outside, and the comparison of three accounts: what callers were told, what the server says
 * afterwards, and what the databases saw.
 *
 * Two kinds of steps leave a trace that may not be left twice: an INSERT, counted in the table
 * `effects`, and an INCR of a key of the execution's own, whose value is the count.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect } from "vitest";
import { environment } from "../api/stores.ts";

export const binary = process.env.TIELINE_BIN ?? join(import.meta.dirname, "../../build/release/tieline");
const { PGURL, REDISURL } = process.env;
if (!PGURL || !REDISURL) throw new Error("PGURL and REDISURL must name servers: tools/servers run");

export const folder = mkdtempSync(join(tmpdir(), "tieline-crash."));
export const data = join(folder, "data");
const table = `effects_${process.pid}`;

let server: ChildProcess | undefined;
let output = "";
let base = "";
let token = "";
export let project = "";
export const connections = { database: "", cache: "" };

const shim = join(folder, "shim.so");
/* While this file is there, what was ordered of the shim counts. */
const ordered = join(folder, "ordered");

/* The environment of a server whose calls fail as `rules` say (tests/shim/shim.c) while faults(true). */
export function shimmed(settings: Record<string, string>): Record<string, string> {
  if (!existsSync(shim)) execFileSync("cc", ["-std=gnu17", "-O1", "-shared", "-fPIC", "-o", shim, join(import.meta.dirname, "../shim/shim.c"), "-ldl"]);
  return { LD_PRELOAD: shim, SHIM_WHILE: ordered, ...settings };
}

export function faults(on: boolean): void {
  if (on) writeFileSync(ordered, "");
  else rmSync(ordered, { force: true });
}

function sql(text: string): string {
  return execFileSync("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", PGURL!], { input: text }).toString().trim();
}

/* --- the server --- */

/* Resolves when it listens, rejects when it ended before. What a failed test left running is killed. */
export async function start(env: Record<string, string> = {}, flags: string[] = []): Promise<ChildProcess> {
  await stop();
  const words = ["serve", "--data", data, "--listen", "127.0.0.1:0", ...flags];
  const child = spawn(binary, words, { env: { ...environment(words), ...env }, stdio: ["ignore", "pipe", "pipe"] });
  server = child;
  output = "";
  base = await new Promise<string>((resolve, reject) => {
    const look = (chunk: Buffer) => {
      output += chunk.toString();
      const found = /Listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(output);
      if (found) resolve(found[1]!);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.once("exit", (code, signal) => reject(new Error(`the server ended (${code ?? signal}): ${output}`)));
  });
  return child;
}

export const address = () => base;
/* What the server has said since it was started last. */
export const said = () => output;
export const running = (): ChildProcess => server!;
export const isGone = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

export function ended(child: ChildProcess): Promise<void> {
  return isGone(child) ? Promise.resolve() : new Promise((resolve) => child.once("exit", () => resolve()));
}

export async function stop(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
  if (!server) return;
  server.kill(signal);
  await ended(server);
}

export class Refused extends Error {
  constructor(
    procedure: string,
    readonly status: number,
    readonly retryAfter: string | null,
    readonly error: any,
  ) {
    super(`${procedure}: ${error.message}`);
  }
}

export async function call(procedure: string, input: unknown, query = false): Promise<any> {
  const text = JSON.stringify(input);
  const url = `${base}/trpc/${procedure}${query && text ? `?input=${encodeURIComponent(text)}` : ""}`;
  const response = await fetch(url, {
    method: query ? "GET" : "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(query ? {} : { body: text }),
  });
  const answer: any = await response.json();
  if (answer.error) throw new Refused(procedure, response.status, response.headers.get("retry-after"), answer.error);
  return answer.result.data;
}

/* --- workflows --- */

const kinds = {
  insert: (id: string) => ({ id, type: "postgresql-query", name: "Insert", config: { connectionId: connections.database, query: `INSERT INTO ${table} VALUES ($1)`, parameters: ["{{ execution.id }}"] } }),
  count: (id: string) => ({ id, type: "redis-command", name: "Count", config: { connectionId: connections.cache, command: "INCR", key: "crash:count:{{ execution.id }}" } }),
  keep: (id: string) => ({ id, type: "redis-command", name: "Keep", config: { connectionId: connections.cache, command: "SET", key: "crash:keep:{{ execution.id }}", value: "x" } }),
  sleep: (id: string) => ({ id, type: "postgresql-query", name: "Sleep", config: { connectionId: connections.database, query: "SELECT pg_sleep(0.02)" } }),
  read: (id: string) => ({ id, type: "redis-command", name: "Read", config: { connectionId: connections.cache, command: "GET", key: "crash:keep:{{ execution.id }}" } }),
};

/* Every step of the workflows made from here on has this policy. */
let retry: unknown;
export function retryAlways(): void {
  retry = { strategy: "keep-trying", delayMs: 20, maxDelayMs: 200 };
}

/* Makes a workflow of these steps, one after the other; gives its id. */
export async function chain(...steps: (keyof typeof kinds)[]): Promise<string> {
  const nodes = steps.map((kind) => ({ ...kinds[kind](kind), retry }));
  const edges = steps.slice(1).map((target, i) => ({ source: steps[i], target }));
  return (await call("workflows.create", { projectId: project, name: steps.join(" "), definition: { nodes, edges } })).id;
}

beforeAll(async () => {
  sql(`CREATE TABLE ${table} (execution text NOT NULL)`);
  const password = join(folder, "password");
  writeFileSync(password, "correct horse battery\n", { mode: 0o600 });
  const command = (...words: string[]) => execFileSync(binary, words, { env: environment(words) }).toString().trim();
  command("user", "add", "crash@localhost", "--name", "Crash", "--admin", "--password-file", password, "--data", data);
  token = command("token", "create", "crash@localhost", "--name", "test", "--data", data);
  await start();
  project = (await call("projects.create", { name: "Crash" })).id;
  const connection = async (connectionType: string, connectionUrl: string) =>
    (await call("connections.create", { projectId: project, connectionType, name: connectionType, connectionUrl })).id;
  connections.database = await connection("postgresql", PGURL!);
  connections.cache = await connection("redis", REDISURL!);
});

afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

/* Resolves when it holds, looked at every few milliseconds; fails after a minute. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const by = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > by) expect.fail(`${what} did not come true; the server said: ${output}`);
    await sleep(5);
  }
}

/* --- callers --- */

/*
 * Callers that start executions, each of the workflows in turn, until `until` says so or the server
 * does not answer any more. Gives the ids that were acknowledged. An answer that says no is thrown,
 * unless it is 503: with `refused`, that is noted there, and the caller goes on.
 */
export async function load(callers: number, workflows: string[], until: () => boolean, refused?: Refused[]): Promise<string[]> {
  const acknowledged: string[] = [];
  let turn = 0;
  const one = async () => {
    while (!until()) {
      const workflowId = workflows[turn++ % workflows.length];
      try {
        acknowledged.push((await call("workflows.execute", { workflowId })).executionId);
      } catch (error) {
        if (error instanceof Refused && error.status !== 503) throw error;
        if (!(error instanceof Refused) || !refused) return; /* not acknowledged: it may exist or not */
        refused.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, one));
  return acknowledged;
}

/* Runs `work` for each item, a few at a time. */
export async function each<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  let at = 0;
  const one = async () => {
    while (at < items.length) await work(items[at++]!);
  };
  await Promise.all(Array.from({ length: 16 }, one));
}

/* --- the comparison --- */

async function allExecutions(): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await call("executions.list", { projectId: project, limit: 200, cursor }, true);
    ids.push(...page.executions.map((execution: any) => execution.id));
    cursor = page.nextCursor;
  } while (cursor);
  return ids;
}

function inserts(): Map<string, number> {
  const lines = sql(`SELECT execution, count(*) FROM ${table} GROUP BY execution`).split("\n").filter(Boolean);
  return new Map(lines.map((line) => [line.split("|")[0]!, Number(line.split("|")[1])]));
}

function counts(ids: string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (let i = 0; i < ids.length; i += 500) {
    const some = ids.slice(i, i + 500);
    const words = ["-u", REDISURL!, "--no-auth-warning", "MGET", ...some.map((id) => `crash:count:${id}`)];
    const lines = execFileSync("redis-cli", words, { stdio: ["ignore", "pipe", "ignore"] }).toString().split("\n");
    some.forEach((id, at) => found.set(id, Number(lines[at])));
  }
  return found;
}

/* How a step that may not be repeated must stand, by how often it has acted. */
function checkEffects(id: string, step: any, effects: number): void {
  const what = `effects of ${step.nodeId} of ${id}, which is ${step.status}`;
  if (step.status === "succeeded") expect(effects, what).toBe(1);
  else if (step.status === "failed") expect(effects, what).toBeLessThanOrEqual(1);
  else expect(effects, what).toBe(0);
}

async function checkOne(id: string, inserted: number, counted: number): Promise<string> {
  const execution = await call("executions.get", { executionId: id }, true);
  if (execution.status === "succeeded") {
    for (const step of execution.steps) expect(step.status, `${step.nodeId} of ${id}`).toBe("succeeded");
  } else {
    expect(execution.status, id).toBe("failed");
    expect(execution.error.code, `${id}: ${execution.error.message}`).toBe("OUTCOME_UNKNOWN");
  }
  for (const step of execution.steps) {
    if (step.nodeId === "insert") checkEffects(id, step, inserted);
    if (step.nodeId === "count") checkEffects(id, step, counted);
    if (step.status === "failed") expect(step.error.code, `${step.nodeId} of ${id}`).toBe("OUTCOME_UNKNOWN");
    const numbers = step.attempts.map((attempt: any) => attempt.number);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(step.attempts.filter((attempt: any) => attempt.status === "succeeded").length).toBeLessThanOrEqual(1);
    expect(step.attempts.filter((attempt: any) => attempt.status === "started").length).toBe(0);
  }
  expect((await call("executions.get", { executionId: id }, true)).status, "an end is final").toBe(execution.status);
  return execution.status;
}

const checked = new Set<string>();

/* This one ends in a way of its own, which its test looks at. */
export const leaveOut = (id: string) => checked.add(id);

/*
 * Everything that was acknowledged is there and everything that is there ends, once, as it should.
 * Gives how many of those that were not looked at before ended in which way.
 */
export async function check(acknowledged: string[]): Promise<Record<string, number>> {
  const all = await allExecutions();
  const there = new Set(all);
  for (const id of acknowledged) expect(there.has(id), `${id} was acknowledged and is lost`).toBe(true);
  const fresh = all.filter((id) => !checked.has(id));
  const by = Date.now() + 60_000;
  await each(fresh, async (id) => {
    while (!(await call("executions.get", { executionId: id }, true)).finishedAt)
      if (Date.now() > by) expect.fail(`${id} is stuck: ${JSON.stringify(await call("executions.get", { executionId: id }, true))}`);
  });
  const inserted = inserts();
  const counted = counts(fresh);
  const ways: Record<string, number> = {};
  await each(fresh, async (id) => {
    const way = await checkOne(id, inserted.get(id) ?? 0, counted.get(id) ?? 0);
    ways[way] = (ways[way] ?? 0) + 1;
    checked.add(id);
  });
  return ways;
}
