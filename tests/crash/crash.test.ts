/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kills the server at named points and at random, starts it again, and compares what it says with
 * what the callers were told and with what the database saw: nothing acknowledged is lost, nothing
 * ends twice, and a step that may not be repeated acts at most once.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const binary = process.env.TIELINE_BIN ?? join(import.meta.dirname, "../../build/release/tieline");
const { PGURL, REDISURL } = process.env;
if (!PGURL || !REDISURL) throw new Error("PGURL and REDISURL must name servers: tools/servers run");

const folder = mkdtempSync(join(tmpdir(), "tieline-crash."));
const data = join(folder, "data");
let server: ChildProcess | undefined;
let base = "";
let token = "";
let project = "";
let workflow = "";

function sql(text: string): string {
  return execFileSync("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", PGURL!], { input: text }).toString().trim();
}

async function start(crashAt?: string): Promise<void> {
  const env = { ...process.env, ...(crashAt ? { TIELINE_CRASH_AT: crashAt } : {}) };
  const child = spawn(binary, ["serve", "--data", data, "--listen", "127.0.0.1:0"], { env, stdio: ["ignore", "pipe", "pipe"] });
  server = child;
  base = await new Promise<string>((resolve, reject) => {
    let seen = "";
    const look = (chunk: Buffer) => {
      seen += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(seen);
      if (found) resolve(found[0]);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.once("exit", (code, signal) => reject(new Error(`the server ended (${code ?? signal}): ${seen}`)));
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

async function kill(): Promise<void> {
  if (!server) return;
  server.kill("SIGKILL");
  await ended(server);
}

async function call(procedure: string, input: unknown, query = false): Promise<any> {
  const text = JSON.stringify(input);
  const url = `${base}/trpc/${procedure}${query ? `?input=${encodeURIComponent(text)}` : ""}`;
  const response = await fetch(url, {
    method: query ? "GET" : "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(query ? {} : { body: text }),
  });
  const answer: any = await response.json();
  if (answer.error) throw new Error(`${procedure}: ${answer.error.message}`);
  return answer.result.data;
}

beforeAll(async () => {
  sql("CREATE TABLE effects (execution text NOT NULL)");
  const password = join(folder, "password");
  writeFileSync(password, "correct horse battery\n", { mode: 0o600 });
  execFileSync(binary, ["user", "add", "crash@localhost", "--name", "Crash", "--admin", "--password-file", password, "--data", data]);
  token = execFileSync(binary, ["token", "create", "crash@localhost", "--name", "test", "--data", data]).toString().trim();
  await start();
  project = (await call("projects.create", { name: "Crash" })).id;
  const connection = async (connectionType: string, connectionUrl: string) =>
    (await call("connections.create", { projectId: project, connectionType, name: connectionType, connectionUrl })).id;
  const database = await connection("postgresql", PGURL);
  const cache = await connection("redis", REDISURL);
  const nodes = [
    { id: "once", type: "postgresql-query", name: "Once", config: { connectionId: database, query: "INSERT INTO effects VALUES ($1)", parameters: ["{{ execution.id }}"] } },
    { id: "keep", type: "redis-command", name: "Keep", config: { connectionId: cache, command: "SET", key: "crash:{{ execution.id }}", value: "x" } },
    { id: "read", type: "redis-command", name: "Read", config: { connectionId: cache, command: "GET", key: "crash:{{ execution.id }}" } },
  ];
  const edges = [{ source: "once", target: "keep" }, { source: "keep", target: "read" }];
  workflow = (await call("workflows.create", { projectId: project, name: "Crash", definition: { nodes, edges } })).id;
  await kill();
});

afterAll(async () => {
  await kill();
  rmSync(folder, { recursive: true, force: true });
});

/* Callers that start executions until the server is gone; resolves to the acknowledged ids. */
async function load(callers: number, until: () => boolean): Promise<string[]> {
  const acknowledged: string[] = [];
  const one = async () => {
    while (!until()) {
      try {
        acknowledged.push((await call("workflows.execute", { workflowId: workflow })).executionId);
      } catch {
        return; /* not acknowledged: it may exist or not */
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, one));
  return acknowledged;
}

/* How often each execution's INSERT has acted, as the database saw it. */
function effectsSeen(): Map<string, number> {
  const lines = sql("SELECT execution, count(*) FROM effects GROUP BY execution").split("\n").filter(Boolean);
  return new Map(lines.map((line) => [line.split("|")[0]!, Number(line.split("|")[1])]));
}

async function check(acknowledged: string[]): Promise<void> {
  for (const id of acknowledged) {
    const by = Date.now() + 20_000;
    while (!(await call("executions.get", { executionId: id }, true)).finishedAt && Date.now() < by);
  }
  const seen = effectsSeen();
  for (const id of acknowledged) {
    const execution = await call("executions.get", { executionId: id }, true);
    const effects = seen.get(id) ?? 0;
    expect(effects, `effects of ${id}`).toBeLessThanOrEqual(1);
    if (execution.status === "succeeded") {
      expect(effects).toBe(1);
      expect(execution.steps.map((step: any) => step.status)).toEqual(["succeeded", "succeeded", "succeeded"]);
    } else {
      expect(execution.status).toBe("failed");
      expect(execution.error.code, execution.error.message).toBe("OUTCOME_UNKNOWN");
    }
    for (const step of execution.steps) {
      const numbers = step.attempts.map((attempt: any) => attempt.number);
      expect(new Set(numbers).size).toBe(numbers.length);
      expect(step.attempts.filter((attempt: any) => attempt.status === "succeeded").length).toBeLessThanOrEqual(1);
    }
    expect((await call("executions.get", { executionId: id }, true)).status, "an end is final").toBe(execution.status);
  }
}

const points = ["store.before_commit", "store.after_commit", "engine.accepted", "engine.saved", "engine.dial", "engine.send", "engine.reply"];

for (const point of points)
  for (const nth of [1, 17])
    test(`survives its end at ${point}, the ${nth}. time`, async () => {
      await start(`${point}:${nth}`).catch(() => undefined); /* some points are reached at start */
      const child = server!;
      const acknowledged = await load(8, () => child.exitCode !== null || child.signalCode !== null);
      await ended(child);
      expect(child.signalCode).toBe("SIGKILL");
      await start();
      await check(acknowledged);
      await kill();
    });

test("survives kill -9 under load", async () => {
  for (let round = 0; round < 3; round++) {
    await start();
    let done = 0;
    const child = server!;
    const loading = load(16, () => {
      if (done++ === 100 + round * 137) child.kill("SIGKILL");
      return child.exitCode !== null || child.signalCode !== null;
    });
    const acknowledged = await loading;
    await ended(child);
    expect(acknowledged.length).toBeGreaterThan(50);
    await start();
    await check(acknowledged);
    await kill();
  }
}, 120_000);

test("ends cleanly on SIGTERM under load, and loses nothing", async () => {
  await start();
  const child = server!;
  let done = 0;
  const acknowledged = await load(8, () => {
    if (done++ === 80) child.kill("SIGTERM");
    return child.exitCode !== null || child.signalCode !== null;
  });
  await ended(child);
  expect(child.exitCode).toBe(0);
  await start();
  await check(acknowledged);
  for (const id of acknowledged) expect((await call("executions.get", { executionId: id }, true)).status).toBe("succeeded");
  await kill();
});
