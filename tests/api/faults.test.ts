/* SPDX-License-Identifier: Apache-2.0 */
/* The wire to a healthy server fails in every way it can: steps end in time, and heal with it. */
import { afterAll, beforeAll, describe, test } from "vitest";
import { needed } from "./harness.ts";
import { Field, Pulse, longestMs } from "../faults/field.ts";
import { Proxy, type Fault } from "../faults/proxy.ts";
import { psql } from "../faults/servers.ts";
import { until } from "./streams.ts";

const CONNECT_MS = 2000;
const STATEMENT_MS = 1500;
const LATE_MS = 1000; /* after its deadline a step has so much to end, and what a healthy one takes here and now */
const HELD_UP_MS = 10_000; /* far more than a busy machine makes of it, far less than a hang */
const config = { connectTimeoutMs: CONNECT_MS, statementTimeoutMs: STATEMENT_MS, pool: { max: 2 } };

let field: Field;
let pulse: Pulse;

beforeAll(async () => {
  field = await Field.open(2);
  pulse = await Pulse.start(field);
});
afterAll(() => pulse.stop());

/* Which codes a read may end with when the fault strikes an idle session, and when one is to be opened. */
const faults: { what: string; fault: Fault; open: string[]; dial: string[] }[] = [
  { what: "a delay", fault: { kind: "delay", ms: 20 }, open: ["ok"], dial: ["ok"] },
  { what: "a delay past every deadline", fault: { kind: "delay", ms: 4000 }, open: ["TIMEOUT"], dial: ["TIMEOUT"] },
  { what: "a byte a second", fault: { kind: "drip", ms: 1000 }, open: ["TIMEOUT"], dial: ["TIMEOUT"] },
  { what: "half-open", fault: { kind: "half-open" }, open: ["TIMEOUT"], dial: ["TIMEOUT"] },
  { what: "a drop", fault: { kind: "drop" }, open: ["CONNECTION_LOST", "UNREACHABLE"], dial: ["CONNECTION_LOST", "UNREACHABLE"] },
  { what: "a reset", fault: { kind: "reset" }, open: ["CONNECTION_LOST", "UNREACHABLE"], dial: ["CONNECTION_LOST", "UNREACHABLE"] },
  { what: "the end after 0 bytes", fault: { kind: "truncate", after: 0 }, open: ["CONNECTION_LOST"], dial: ["CONNECTION_LOST"] },
  { what: "the end after 3 bytes", fault: { kind: "truncate", after: 3 }, open: ["CONNECTION_LOST"], dial: ["CONNECTION_LOST", "SERVER_PROTOCOL"] },
  { what: "the end after 9 bytes", fault: { kind: "truncate", after: 9 }, open: ["CONNECTION_LOST", "ok"], dial: ["CONNECTION_LOST"] },
  { what: "a wrong first byte", fault: { kind: "corrupt", at: 0 }, open: ["SERVER_PROTOCOL", "CONNECTION_LOST", "TIMEOUT"], dial: ["SERVER_PROTOCOL", "CONNECTION_LOST"] },
  { what: "a wrong length", fault: { kind: "corrupt", at: 1 }, open: ["SERVER_PROTOCOL", "CONNECTION_LOST", "TIMEOUT"], dial: ["SERVER_PROTOCOL", "CONNECTION_LOST", "TIMEOUT", "ok"] },
];

const kinds = [
  {
    kind: "postgresql" as const,
    url: () => `${needed("PGURL")}?sslmode=disable`,
    workflow: (id: string) => field.query(id, "SELECT repeat('x', 20) AS text"),
    output: { rows: [{ text: "x".repeat(20) }] },
  },
  {
    kind: "redis" as const,
    url: () => needed("REDISURL"),
    workflow: (id: string) => field.command(id, { command: "GET", key: "faults:none" }),
    output: { value: null },
  },
];

describe.each(kinds)("$kind", ({ kind, url, workflow, output }) => {
  test.concurrent.for(faults)("$what", async ({ fault, open, dial }, { expect }) => {
    const proxy = await Proxy.open(url());
    const connectionId = await field.connect(kind, proxy.lead(url()), config);
    const workflowId = await workflow(connectionId);
    const healthy = async () => {
      const execution = await field.execute(workflowId);
      expect(execution, JSON.stringify(execution.error)).toMatchObject({ status: "succeeded", steps: [{ output }] });
    };
    const ends = async (codes: string[], withinMs: number) => {
      const execution = await field.execute(workflowId);
      const code = execution.status === "succeeded" ? "ok" : execution.error.code;
      expect(codes, JSON.stringify(execution.error)).toContain(code);
      if (code === "ok") expect(execution.steps[0].output).toMatchObject(output);
      expect(longestMs(execution)).toBeLessThanOrEqual(withinMs + LATE_MS + pulse.slowestMs);
    };
    await healthy();
    proxy.fault = fault;
    /* The session was told of its end: it is replaced, and what counts is whether the next one opens. */
    await ends(fault.kind === "drop" || fault.kind === "reset" ? dial : open, CONNECT_MS + STATEMENT_MS);
    proxy.fault = { kind: "none" };
    await healthy();

    const other = await field.connect(kind, proxy.lead(url()), config);
    const otherWorkflow = await workflow(other);
    proxy.fault = fault;
    const tested = await field.test(other);
    expect(dial, JSON.stringify(tested)).toContain(tested.success ? "ok" : tested.error);
    expect(tested.latencyMs).toBeLessThanOrEqual(CONNECT_MS + LATE_MS + pulse.slowestMs);
    proxy.fault = fault;
    const execution = await field.execute(otherWorkflow);
    expect(dial, JSON.stringify(execution.error)).toContain(execution.status === "succeeded" ? "ok" : execution.error.code);
    expect(longestMs(execution)).toBeLessThanOrEqual(CONNECT_MS + STATEMENT_MS + LATE_MS + pulse.slowestMs);
    proxy.fault = { kind: "none" };
    expect((await field.execute(otherWorkflow)).status).toBe("succeeded");
    expect(proxy.open).toBeLessThanOrEqual(2 * config.pool.max);
  });
});

test("writes are not repeated when nobody knows, and say so", async ({ expect }) => {
  const proxy = await Proxy.open(needed("PGURL"));
  const connectionId = await field.connect("postgresql", `${proxy.lead(needed("PGURL"))}?sslmode=disable`, config);
  const table = `faults_${Date.now()}`;
  const retry = { strategy: "fixed", maxAttempts: 3, delayMs: 10 };
  expect((await field.execute(await field.query(connectionId, `CREATE TABLE ${table} (n int)`))).status).toBe("succeeded");
  const insert = await field.query(connectionId, `INSERT INTO ${table} SELECT 1 FROM pg_sleep(1)`, {}, { retry });
  const execution = field.execute(insert);
  const active = `SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%INSERT INTO ${table}%' AND pid <> pg_backend_pid()`;
  await until(async () => (await psql(needed("PGURL"), active)) !== "0");
  proxy.fault = { kind: "half-open" };
  expect((await execution).error.code).toBe("OUTCOME_UNKNOWN");
  proxy.fault = { kind: "none" };
  const count = await field.execute(await field.query(connectionId, `SELECT count(*)::int AS n FROM ${table}`, {}, { retry }));
  expect(count.steps[0].output.rows[0].n).toBeLessThanOrEqual(1);
  await field.execute(await field.query(connectionId, `DROP TABLE ${table}`));
});

test("nobody else was held up", async ({ expect }) => {
  await pulse.stop();
  expect(pulse.failures).toEqual([]);
  expect(pulse.beats).toBeGreaterThan(10);
  expect(pulse.slowestMs).toBeLessThan(HELD_UP_MS);
});
