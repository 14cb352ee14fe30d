/* SPDX-License-Identifier: Apache-2.0 */
/* /metrics and /healthz: who may read them, that the text is what Prometheus reads, and that it counts. */
import { request } from "node:http";
import { beforeAll, expect, test } from "vitest";
import { addUser, client, needed, newFolder, run, serve, type Caller, type Server } from "./harness.ts";
import { bearer, open, until, watchUrl } from "./streams.ts";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

let server: Server;
let metricsBase: string;
let admin: string, member: string;
let caller: Caller;
let projectId: string;

beforeAll(async () => {
  const data = newFolder();
  const file = join(newFolder(), "password");
  writeFileSync(file, "correct horse battery\n", { mode: 0o600 });
  run("user", "add", "root@tieline.test", "--name", "Root", "--admin", "--password-file", file, "--data", data);
  admin = run("token", "create", "root@tieline.test", "--name", "t", "--access", "read", "--data", data);
  member = addUser(data, "olga");
  server = await serve(data, "--metrics-listen", "127.0.0.1:0");
  metricsBase = `http://${/metrics are served address=(127\.0\.0\.1:\d+)/.exec(server.output())![1]}`;
  caller = client(server, member);
  projectId = (await caller.mutation("projects.create", { name: "P" })).id;
});

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}
interface Family {
  type: string;
  help: string;
  samples: Sample[];
}

const nameRule = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/* What `promtool check metrics` looks at: the grammar, one block a family, suffixes, histograms that add up. */
function parse(text: string): Map<string, Family> {
  expect(text.endsWith("\n")).toBe(true);
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const help = /^# HELP (\S+) (.+)$/.exec(line);
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (help) {
      current = help[1]!;
      expect(current).toMatch(nameRule);
      expect(families.has(current), `${current} comes in one block`).toBe(false);
      families.set(current, { type: "", help: help[2]!, samples: [] });
      continue;
    }
    if (type) {
      expect(type[1], line).toBe(current);
      families.get(current)!.type = type[2]!;
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([^}]*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]Inf)$/.exec(line);
    expect(sample, `not a sample: ${line}`).not.toBeNull();
    const [, name, inside, value] = sample!;
    const labels: Record<string, string> = {};
    for (const pair of inside ? inside.split(",") : []) {
      const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"$/.exec(pair);
      expect(label, `not a label: ${pair}`).not.toBeNull();
      labels[label![1]!] = label![2]!;
    }
    const family = families.get(current)!;
    const suffixes = family.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    expect(suffixes.map((suffix) => current + suffix), line).toContain(name);
    const key = `${name}{${inside ?? ""}}`;
    expect(seen.has(key), `${key} once`).toBe(false);
    seen.add(key);
    family.samples.push({ name: name!, labels, value: Number(value === "+Inf" ? Infinity : value) });
  }
  for (const [name, { type, help, samples }] of families) {
    expect(type, name).not.toBe("");
    expect(help.length, name).toBeGreaterThan(5);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    expect(name).toMatch(/^(tieline|process)_[a-z0-9_]+$/);
    if (type === "counter") for (const { value } of samples) expect(value, name).toBeGreaterThanOrEqual(0);
    if (type !== "histogram") continue;
    const buckets = samples.filter((one) => one.name.endsWith("_bucket"));
    const bounds = buckets.map((one) => (one.labels["le"] === "+Inf" ? Infinity : Number(one.labels["le"])));
    expect(bounds).toEqual([...bounds].sort((a, b) => a - b));
    expect(bounds.at(-1)).toBe(Infinity);
    for (const [i, one] of buckets.entries()) expect(one.value).toBeGreaterThanOrEqual(buckets[i - 1]?.value ?? 0);
    expect(samples.find((one) => one.name.endsWith("_count"))!.value).toBe(buckets.at(-1)!.value);
  }
  return families;
}

async function read(): Promise<(name: string, label?: string) => number> {
  const answer = await fetch(`${metricsBase}/metrics`);
  const families = parse(await answer.text());
  return (name, label) => {
    const family = families.get(name.replace(/_(bucket|sum|count)$/, "")) ?? families.get(name);
    const samples = family!.samples.filter((one) => one.name === name && (!label || Object.values(one.labels).includes(label)));
    return samples.reduce((sum, one) => sum + one.value, 0);
  };
}

const metrics = (headers: Record<string, string> = {}) => fetch(`${server.base}/metrics`, { headers });

test("are for administrators, by token or session", async () => {
  const nobody = await metrics();
  expect([nobody.status, nobody.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  expect((await metrics(bearer("nonsense"))).status).toBe(401);
  const other = await metrics(bearer(member));
  expect(other.status).toBe(403);
  expect(await other.text()).not.toContain("tieline_");
  const mine = await metrics(bearer(admin));
  expect(mine.status).toBe(200);
  expect(mine.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(mine.headers.get("cache-control")).toBe("no-store");
  parse(await mine.text());
  const login = await fetch(`${server.base}/trpc/auth.login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "root@tieline.test", password: "correct horse battery" }),
  });
  const cookie = login.headers.getSetCookie()[0]!.split(";")[0]!;
  expect((await metrics({ cookie })).status).toBe(200);
  for (const method of ["POST", "PUT", "DELETE"]) {
    const refused = await fetch(`${server.base}/metrics`, { method, headers: bearer(admin) });
    expect([refused.status, refused.headers.get("allow")], method).toEqual([405, "GET"]);
  }
});

test("on their own listener need no login, and nothing else is there", async () => {
  const answer = await fetch(`${metricsBase}/metrics`);
  expect(answer.status).toBe(200);
  parse(await answer.text());
  expect((await fetch(`${metricsBase}/healthz`)).status).toBe(200);
  for (const path of ["/", "/trpc/auth.status", "/metrics/", "/metrics2", "/%6detrics"])
    expect((await fetch(metricsBase + path)).status, path).toBe(404);
  expect((await fetch(`${metricsBase}/metrics`, { method: "POST" })).status).toBe(405);
  const busy = newFolder();
  addUser(busy, "olga");
  await expect(serve(busy, "--metrics-listen", new URL(metricsBase).host)).rejects.toThrow("--metrics-listen");
});

test("count what happens", async () => {
  const connection = { projectId, connectionType: "postgresql", name: "db", connectionUrl: needed("PGURL"), config: { pool: { max: 3 } } };
  const connectionId = (await caller.mutation("connections.create", connection)).id;
  const node = (id: string, query: string, retry?: object) => ({
    id, type: "postgresql-query", name: id, config: { connectionId, query }, ...(retry ? { retry } : {}),
  });
  const execute = async (...nodes: object[]) => {
    const workflowId = (await caller.mutation("workflows.create", { projectId, name: "w", definition: { nodes, edges: [] } })).id;
    return (await caller.mutation("workflows.execute", { workflowId, waitMs: 20000 })).execution.status;
  };
  const before = await read();
  expect(await execute(node("good", "SELECT 1"))).toBe("succeeded");
  expect(await execute(node("bad", "SELECT 1/0"))).toBe("failed");
  const retry = { strategy: "fixed", maxAttempts: 3, delayMs: 1 };
  const serialization = "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$";
  expect(await execute(node("again", serialization, retry))).toBe("failed");
  const streams = await Promise.all([1, 2].map(() => open(watchUrl(server, { projectId }), bearer(member))));
  await fetch(`${server.base}/nowhere`);
  const after = await read();
  const grown = (name: string, label?: string) => after(name, label) - before(name, label);
  expect(grown("tieline_executions_started_total")).toBe(3);
  expect(grown("tieline_executions_ended_total", "succeeded")).toBe(1);
  expect(grown("tieline_executions_ended_total", "failed")).toBe(2);
  expect(grown("tieline_executions_ended_total", "cancelled")).toBe(0);
  expect(grown("tieline_steps_ended_total", "succeeded")).toBe(1);
  expect(grown("tieline_steps_ended_total", "failed")).toBe(2);
  expect(grown("tieline_step_retries_total")).toBe(2);
  expect(grown("tieline_store_commit_writes_sum")).toBeGreaterThanOrEqual(6);
  expect(grown("tieline_store_commit_writes_count")).toBeGreaterThan(0);
  expect(grown("tieline_store_commit_seconds_total")).toBeGreaterThan(0);
  expect(grown("tieline_http_requests_total", "404")).toBe(1);
  expect(grown("tieline_http_requests_total", "200")).toBeGreaterThan(6);
  expect(after("tieline_event_streams")).toBe(2);
  expect(after("tieline_pools")).toBe(1);
  expect(after("tieline_pool_sessions_max")).toBe(3);
  expect(after("tieline_pool_sessions", "idle")).toBe(1);
  expect(after("tieline_pool_sessions", "in_use")).toBe(0);
  expect(after("tieline_executions")).toBe(0);
  for (const name of ["process_resident_memory_bytes", "process_open_fds", "process_max_fds", "process_cpu_seconds_total"])
    expect(after(name), name).toBeGreaterThan(0);
  expect(Math.abs(after("process_start_time_seconds") - Date.now() / 1000)).toBeLessThan(3600);
  for (const stream of streams) stream.stop();
  await until(async () => (await read())("tieline_event_streams") === 0);
  const waiting = node("nap", "SELECT pg_sleep(20)");
  const workflowId = (await caller.mutation("workflows.create", { projectId, name: "w", definition: { nodes: [waiting], edges: [] } })).id;
  const { executionId } = await caller.mutation("workflows.execute", { workflowId });
  await until(async () => {
    const now = await read();
    return now("tieline_executions", "running") === 1 && now("tieline_pool_sessions", "in_use") === 1;
  });
  await caller.mutation("executions.cancel", { executionId });
  await until(async () => (await read())("tieline_executions_ended_total", "cancelled") === 1);
});

test("health is told to anybody, whatever the Host header says", async () => {
  const ask = (method: string, host: string) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const { hostname, port } = new URL(server.base);
      const asked = request({ hostname, port, path: "/healthz", method, headers: { host } }, (answer) => {
        let text = "";
        answer.on("data", (chunk) => (text += chunk));
        answer.on("end", () => resolve({ status: answer.statusCode!, text }));
      });
      asked.on("error", reject);
      asked.end();
    });
  expect(await ask("GET", "anything.example.com")).toEqual({ status: 200, text: "ok\n" });
  expect(await ask("HEAD", new URL(server.base).host)).toEqual({ status: 200, text: "" });
  expect((await ask("POST", new URL(server.base).host)).status).toBe(405);
  const foreign = await new Promise<number>((resolve) => {
    const { hostname, port } = new URL(server.base);
    request({ hostname, port, path: "/metrics", headers: { host: "anything.example.com", ...bearer(admin) } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode!);
    }).end();
  });
  expect(foreign).toBe(421);
});
