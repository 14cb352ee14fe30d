/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PgBouncer between us and the server. When it pools transactions, two statements may meet two
 * server processes, and what one leaves there is found by strangers.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { Field, sleep } from "../faults/field.ts";
import { psql, startServers, type Servers } from "../faults/servers.ts";

let field: Field;
let servers: Servers;

beforeAll(async () => {
  [field, servers] = await Promise.all([Field.open(1), startServers("--pooler")]);
});

const modes = [
  { mode: "transaction" as const, key: "PGTRANSACTIONSURL" as const },
  { mode: "session" as const, key: "PGSESSIONSURL" as const },
];

describe.each(modes)("pooling by $mode", ({ mode, key }) => {
  let connectionId: string;

  beforeAll(async () => {
    connectionId = await field.connect("postgresql", servers.url(key), { pool: { max: 4 }, statementTimeoutMs: 4000 });
  });
  const run = async (query: string, config: object = {}) => field.execute(await field.query(connectionId, query, config));
  const rows = async (query: string, config: object = {}) => {
    const execution = await run(query, config);
    expect(execution.status, JSON.stringify(execution.error)).toBe("succeeded");
    return execution.steps[0].output.rows;
  };

  test("a test says that a pooler stands between, and what that means", async () => {
    const result = await field.test(connectionId);
    expect(result).toMatchObject({ success: true, serverVersion: "PostgreSQL 15.18" });
    expect(result.advice).toMatch(/pooler/);
  });

  test("statements and their parameters work, again and again", async () => {
    const workflowId = await field.query(connectionId, "SELECT $1::int + 1 AS n, $2::text AS t", { parameters: [41, "x"] });
    const executions = await Promise.all(Array.from({ length: 40 }, () => field.execute(workflowId)));
    for (const execution of executions) {
      expect(execution.status, JSON.stringify(execution.error)).toBe("succeeded");
      expect(execution.steps[0].output.rows).toEqual([{ n: 42, t: "x" }]);
    }
  });

  test("values look as they do without one", async () => {
    const query = "SELECT timestamptz '2026-01-02 03:04:05+02' AS at, interval '1 day' AS i, 1e-400::numeric AS n, '\\x00ff'::bytea AS b";
    const direct = await field.connect("postgresql", servers.url("PGURL"));
    const plain = await field.execute(await field.query(direct, query));
    expect(await rows(query)).toEqual(plain.steps[0].output.rows);
  });

  test("limits hold: of the statement, and three quarters of it for a lock", async () => {
    const settings = await rows("SELECT current_setting('statement_timeout') AS s, current_setting('lock_timeout') AS l, current_setting('transaction_read_only') AS r");
    expect(settings[0]).toMatchObject({ s: "4s", l: "3s" });
    expect((await run("SELECT pg_sleep(30)", { timeoutMs: 300 })).error.code).toBe("TIMEOUT");

    const table = `locks_${mode}`;
    await psql(servers.url("PGURL"), `CREATE TABLE ${table} (n int)`);
    const holder = psql(servers.url("PGURL"), `BEGIN; LOCK ${table}; SELECT pg_sleep(4)`);
    while ((await psql(servers.url("PGURL"), `SELECT count(*) FROM pg_locks WHERE relation = '${table}'::regclass AND granted`)) === "0") await sleep(20);
    const locked = await run(`INSERT INTO ${table} VALUES (1)`, { timeoutMs: 1200 });
    expect(locked.error.code).toBe("SERVER_ERROR");
    expect(locked.steps[0].attempts[0].error.sqlState).toBe("55P03");
    await holder;
  });

  test("what only reads is proven to, and what writes is kept", async () => {
    const table = `kept_${mode}`;
    await rows(`CREATE TABLE ${table} (n int)`);
    await rows(`INSERT INTO ${table} VALUES (1), (2)`);
    /* A function that writes in a SELECT: refused in a read-only transaction, then run once as a writer. */
    await rows(`CREATE FUNCTION add_${mode}() RETURNS int LANGUAGE sql AS 'INSERT INTO ${table} VALUES (3) RETURNING n'`);
    expect(await rows(`SELECT add_${mode}() AS n`)).toEqual([{ n: 3 }]);
    expect(await rows(`SELECT count(*)::int AS n FROM ${table}`)).toEqual([{ n: 3 }]);
    expect((await run(`INSERT INTO ${table} VALUES (1/0)`)).error.code).toBe("SERVER_ERROR");
    expect(await rows(`SELECT count(*)::int AS n FROM ${table}`)).toEqual([{ n: 3 }]);
  });

  test("nothing of one step is found by the next, nor by a stranger at the same pooler", async () => {
    for (const query of [
      "SET application_name = 'left over'",
      "SET statement_timeout = 77777",
      "SELECT pg_advisory_lock(4711)",
      "SET ROLE pg_read_all_data",
      "CREATE TEMP TABLE left_over (n int)",
      "LISTEN left_over",
      "PREPARE left_over AS SELECT 1",
      "DECLARE left_over CURSOR WITH HOLD FOR SELECT 1",
    ])
      await run(query);
    const probe = `SELECT current_setting('statement_timeout') <> '77777ms' AND current_user = session_user
        AND to_regclass('pg_temp.left_over') IS NULL AND NOT EXISTS (SELECT FROM pg_listening_channels())
        AND NOT EXISTS (SELECT FROM pg_prepared_statements WHERE name = 'left_over') AND NOT EXISTS (SELECT FROM pg_cursors WHERE name = 'left_over') AS ok`;
    const seen = await Promise.all(Array.from({ length: 12 }, () => rows(probe)));
    expect(seen.flat()).toEqual(Array(12).fill({ ok: true }));
    const strangers = await Promise.all(Array.from({ length: 4 }, () => psql(servers.url(key), probe)));
    expect(strangers).toEqual(Array(4).fill("t"));
    await sleep(100);
    expect(await psql(servers.url("PGADMINURL"), "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")).toBe("0");
  });

  test("a cancel reaches the query behind the pooler", async () => {
    const { executionId } = await field.caller.mutation("workflows.execute", { workflowId: await field.query(connectionId, `SELECT pg_sleep(3), 'cancel ${mode}'`) });
    const running = async () => Number(await psql(servers.url("PGADMINURL"), `SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%cancel ${mode}%' AND pid <> pg_backend_pid()`));
    while ((await running()) === 0) await sleep(10);
    const began = Date.now();
    expect(await field.caller.mutation("executions.cancel", { executionId })).toMatchObject({ status: "cancelled" });
    while ((await running()) > 0) expect(Date.now() - began).toBeLessThan(1000);
  });

  test("what cannot stand in a transaction says so", async () => {
    const execution = await run(`CREATE DATABASE never_${mode}`);
    expect(execution.error.code).toBe("SERVER_ERROR");
    expect(execution.steps[0].attempts[0].error.sqlState).toBe("25001");
  });

  test("sessions lost behind the pooler cost no execution that may be retried", async () => {
    const retry = { strategy: "exponential", maxAttempts: 20, delayMs: 50, maxDelayMs: 500 };
    const workflowId = await field.query(connectionId, "SELECT pg_sleep(0.02)", {}, { retry });
    const storm = (async () => {
      for (let i = 0; i < 10; i++) {
        await psql(servers.url("PGADMINURL"), "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'tieline'");
        await sleep(100);
      }
    })();
    const executions = await Promise.all(Array.from({ length: 60 }, () => field.execute(workflowId)));
    await storm;
    expect(executions.filter(({ status }) => status !== "succeeded").map(({ error }) => error)).toEqual([]);
  });
});
