/* SPDX-License-Identifier: Apache-2.0 */
/* Never more sessions at a server than the cap, whatever goes on, as the server itself counts them. */
import { beforeAll, expect, test } from "vitest";
import { needed } from "./harness.ts";
import { Field, sleep } from "../faults/field.ts";
import { Proxy } from "../faults/proxy.ts";
import { psql } from "../faults/servers.ts";

let field: Field;

beforeAll(async () => {
  field = await Field.open(2);
});

const MAX = 3;
const config = (statementTimeoutMs: number) => ({ pool: { max: MAX, acquireTimeoutMs: 30_000 }, statementTimeoutMs });

/* The most sessions of this name that the server showed at any moment, looked at for so long. */
async function most(name: string, ms: number): Promise<number> {
  const sql = `CREATE FUNCTION pg_temp.most() RETURNS int LANGUAGE plpgsql AS $$
    DECLARE top int := 0; now_open int; until timestamptz := clock_timestamp() + interval '${ms} ms'; BEGIN
      WHILE clock_timestamp() < until LOOP
        PERFORM pg_stat_clear_snapshot(), pg_sleep(0.001);
        SELECT count(*) INTO now_open FROM pg_stat_activity WHERE application_name = '${name}';
        top := greatest(top, now_open);
      END LOOP;
      RETURN top; END $$; SELECT pg_temp.most()`;
  return Number(await psql(needed("PGADMINURL"), sql));
}

const ended = (execution: any) => (execution.status === "succeeded" ? "succeeded" : execution.error.code);

test("with quick queries", async () => {
  const connectionId = await field.connect("postgresql", `${needed("PGURL")}?application_name=cap_quick`, config(30_000));
  const workflowId = await field.query(connectionId, "SELECT pg_sleep(0.01)");
  const counted = most("cap_quick", 2500);
  const executions = await Promise.all(Array.from({ length: 90 }, () => field.execute(workflowId)));
  expect(new Set(executions.map(ended))).toEqual(new Set(["succeeded"]));
  expect(await counted).toBe(MAX);
});

test("with queries that run out of time, fail and are cancelled", async () => {
  const connectionId = await field.connect("postgresql", `${needed("PGURL")}?application_name=cap_late`, config(30_000));
  const late = await field.query(connectionId, "SELECT pg_sleep(5)", { timeoutMs: 60 });
  const wrong = await field.query(connectionId, "SELECT 1/0");
  const long = await field.query(connectionId, "SELECT pg_sleep(60)");
  const counted = most("cap_late", 4000);
  const executions = await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      if (i % 3 === 0) return field.execute(late);
      if (i % 3 === 1) return field.execute(wrong);
      const { executionId } = await field.caller.mutation("workflows.execute", { workflowId: long });
      await sleep(i * 15);
      return field.caller.mutation("executions.cancel", { executionId });
    }),
  );
  expect(new Set(executions.map((one) => (one.status === "cancelled" ? "cancelled" : ended(one))))).toEqual(
    new Set(["TIMEOUT", "SERVER_ERROR", "cancelled"]),
  );
  expect(await counted).toBeLessThanOrEqual(MAX);
});

test("while the connection is edited and tested", async () => {
  const connectionId = await field.connect("postgresql", `${needed("PGURL")}?application_name=cap_edit`, config(30_000));
  const workflowId = await field.query(connectionId, "SELECT pg_sleep(0.05)");
  const counted = most("cap_edit", 3500);
  let going = true;
  const edits = (async () => {
    for (let i = 0; going; i++) {
      await field.caller.mutation("connections.update", { connectionId, config: config(20_000 + i) });
      await sleep(40);
    }
  })();
  const tests = (async () => {
    for (let i = 0; i < 20; i++) {
      const result = await field.test(connectionId);
      expect(result.success, JSON.stringify(result)).toBe(true);
    }
  })();
  const executions = await Promise.all(Array.from({ length: 60 }, () => field.execute(workflowId)));
  going = false;
  await Promise.all([edits, tests]);
  expect(new Set(executions.map(ended))).toEqual(new Set(["succeeded"]));
  /* A test has one session of its own beside the pool. */
  expect(await counted).toBeLessThanOrEqual(MAX + 1);
});

test("across an edit: what still runs counts", async () => {
  const connectionId = await field.connect("postgresql", `${needed("PGURL")}?application_name=cap_heir`, config(30_000));
  const workflowId = await field.query(connectionId, "SELECT pg_sleep(0.7)");
  const counted = most("cap_heir", 3000);
  const before = Array.from({ length: MAX }, () => field.execute(workflowId));
  await sleep(300);
  await field.caller.mutation("connections.update", { connectionId, config: config(20_000) });
  const after = Array.from({ length: MAX }, () => field.execute(workflowId));
  expect(new Set((await Promise.all([...before, ...after])).map(ended))).toEqual(new Set(["succeeded"]));
  expect(await counted).toBe(MAX);
});

test("while the wire breaks", async () => {
  const proxy = await Proxy.open(needed("PGURL"));
  const url = `${proxy.lead(needed("PGURL"))}?sslmode=disable&application_name=cap_wire`;
  const connectionId = await field.connect("postgresql", url, { ...config(1000), connectTimeoutMs: 500 });
  const retry = { strategy: "fixed", maxAttempts: 100, delayMs: 50 };
  const workflowId = await field.query(connectionId, "SELECT pg_sleep(0.02)", {}, { retry });
  const counted = most("cap_wire", 5000);
  let going = true;
  const breaks = (async () => {
    while (going) {
      for (const kind of ["reset", "none", "drop", "none", "half-open", "none"] as const) {
        proxy.fault = { kind };
        await sleep(kind === "none" ? 300 : 50);
      }
    }
  })();
  const executions = await Promise.all(Array.from({ length: 30 }, () => field.execute(workflowId, 50_000)));
  going = false;
  await breaks;
  expect(new Set(executions.map(ended))).toEqual(new Set(["succeeded"]));
  expect(await counted).toBeLessThanOrEqual(MAX);
}, 60_000);

test("and a cancelled or late query is gone from the server within a second", async () => {
  const connectionId = await field.connect("postgresql", `${needed("PGURL")}?application_name=cap_gone`, config(30_000));
  const workflowId = await field.query(connectionId, "SELECT pg_sleep(60)");
  const running = () => psql(needed("PGADMINURL"), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cap_gone' AND state = 'active'").then(Number);
  const { executionId } = await field.caller.mutation("workflows.execute", { workflowId });
  while ((await running()) === 0) await sleep(10);
  const began = Date.now();
  expect(await field.caller.mutation("executions.cancel", { executionId })).toMatchObject({ status: "cancelled" });
  while ((await running()) > 0) expect(Date.now() - began).toBeLessThan(1000);
});

