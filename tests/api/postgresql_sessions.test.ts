/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a step does to its session is invisible to the next step. The pool has one session, and the
 * process id on the server's side proves that it is the same one before and after.
 */
import { beforeAll, expect, test } from "vitest";
import { addUser, client, needed, newFolder, serve, type Caller } from "./harness.ts";

let caller: Caller;
let projectId: string;
let connectionId: string;
let adminId: string;

const look = `SELECT pg_backend_pid() AS pid,
  current_user || ' ' || session_user AS roles,
  pg_current_xact_id_if_assigned() IS NULL AND statement_timestamp() - transaction_timestamp() < '1 s' AS no_transaction,
  (SELECT jsonb_object_agg(name, setting) FROM pg_settings WHERE source = 'session' AND name <> 'application_name') AS settings,
  coalesce(current_setting('my.own', true), '') AS own,
  (SELECT count(*)::int FROM pg_listening_channels()) AS channels,
  (SELECT count(*)::int FROM pg_prepared_statements WHERE from_sql) AS prepared,
  (SELECT count(*)::int FROM pg_cursors WHERE is_holdable) AS cursors,
  (SELECT count(*)::int FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory') AS locks,
  (SELECT count(*)::int FROM pg_class WHERE relpersistence = 't' AND relnamespace = pg_my_temp_schema()) AS temporary`;

beforeAll(async () => {
  const data = newFolder();
  const token = addUser(data, "pia");
  caller = client(await serve(data), token);
  projectId = (await caller.mutation("projects.create", { name: "P" })).id;
  const connect = async (name: string, connectionUrl: string) =>
    (await caller.mutation("connections.create", {
      projectId, connectionType: "postgresql", name, connectionUrl, config: { pool: { max: 1 } },
    })).id as string;
  connectionId = await connect("one session", needed("PGURL"));
  adminId = await connect("one session of a superuser", process.env.PGADMINURL!);
  await step(connectionId, "DROP TABLE IF EXISTS session_kept");
  await step(connectionId, "DROP SEQUENCE IF EXISTS session_counted");
  await step(connectionId, "CREATE TABLE session_kept (v int)");
  await step(connectionId, "CREATE SEQUENCE session_counted");
});

async function step(connection: string, query: string, status = "succeeded"): Promise<any> {
  const nodes = [{ id: "q", type: "postgresql-query", name: "q", config: { connectionId: connection, query } }];
  const { id: workflowId } = await caller.mutation("workflows.create", {
    projectId, name: crypto.randomUUID(), definition: { nodes, edges: [] },
  });
  const { execution } = await caller.mutation("workflows.execute", { workflowId, waitMs: 20_000 });
  expect(execution.status, JSON.stringify(execution.error)).toBe(status);
  return execution.steps[0].output?.rows[0] ?? execution.steps[0].attempts[0].error;
}

const invisible = [
  "BEGIN",
  "START TRANSACTION ISOLATION LEVEL SERIALIZABLE",
  "COMMIT",
  "ROLLBACK",
  "DISCARD ALL",
  "DISCARD TEMP",
  "RESET ALL",
  "SET search_path = pg_catalog",
  "SET statement_timeout = 1",
  "SET TimeZone = 'Asia/Tokyo'",
  "SET DateStyle = 'German'",
  "SET bytea_output = 'escape'",
  "SET extra_float_digits = 0",
  "SET client_min_messages = debug5",
  "SET default_transaction_read_only = on",
  "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
  "SET my.own = 'x'",
  "SELECT set_config('my.own', 'y', false), set_config('search_path', 'nowhere', false)",
  "SET row_security = off",
  "LISTEN gossip",
  "CREATE TEMP TABLE left_over (v int)",
  "SELECT 1 AS v INTO TEMP left_over",
  "CREATE TEMP SEQUENCE left_over",
  "SELECT nextval('session_counted')",
  "SELECT pg_advisory_lock(4711)",
  "SELECT pg_advisory_lock_shared(4711), pg_try_advisory_lock(4712)",
  "PREPARE mine AS SELECT 1",
  "DEALLOCATE ALL",
  "DECLARE held CURSOR WITH HOLD FOR SELECT 1",
  "LOCK TABLE session_kept",
  "DO $$ BEGIN RAISE NOTICE 'noted %', repeat('x', 100000); RAISE WARNING 'warned'; END $$",
  "DO $$ BEGIN EXECUTE 'LISTEN whisper'; EXECUTE 'PREPARE theirs AS SELECT 2'; EXECUTE 'SET my.own = 1'; END $$",
  "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$",
  "DO $$ BEGIN COMMIT; PERFORM set_config('my.own', 'z', false); END $$",
  "DO $$ DECLARE c refcursor := 'held_too'; BEGIN OPEN c FOR SELECT 1; END $$",
];

for (const sql of invisible)
  test(sql, async () => {
    const fails = sql === "LOCK TABLE session_kept"; /* There is no transaction around it. */
    const before = await step(connectionId, look);
    await step(connectionId, sql, fails ? "failed" : "succeeded");
    expect(await step(connectionId, look)).toEqual(before);
    expect(await step(connectionId, "SELECT '1 day'::interval AS i, '\\xff'::bytea AS b, 0.1::float8 AS f")).toEqual({
      i: "P1D", b: { base64: "/w==" }, f: 0.1,
    });
  });

test("a transaction that a step left open is rolled back, and holds no other step's work", async () => {
  const { pid } = await step(connectionId, look);
  await step(connectionId, "BEGIN");
  await step(connectionId, "INSERT INTO session_kept VALUES (1)");
  await step(connectionId, "ROLLBACK");
  expect(await step(connectionId, "SELECT pg_backend_pid() AS pid, count(*)::int AS n FROM session_kept")).toEqual({ pid, n: 1 });
});

test("a sequence's last value is of the step that drew it", async () => {
  const { pid } = await step(connectionId, look);
  await step(connectionId, "SELECT nextval('session_counted')");
  expect(await step(connectionId, "SELECT currval('session_counted')", "failed")).toMatchObject({ sqlState: "55000" });
  expect((await step(connectionId, look)).pid).toBe(pid);
});

for (const sql of ["SET ROLE tieline", "SET SESSION AUTHORIZATION tieline", "SELECT set_config('role', 'tieline', false)"])
  test(sql, async () => {
    const before = await step(adminId, look);
    expect(before.roles).toBe("postgres postgres");
    await step(adminId, sql);
    expect(await step(adminId, look)).toEqual(before);
  });

for (const sql of ["COPY (SELECT 1) TO STDOUT", "COPY session_kept FROM STDIN"])
  test(`${sql} costs its session, and the next step has another`, async () => {
    const before = await step(connectionId, look);
    expect(await step(connectionId, sql, "failed")).toMatchObject({ code: "COPY_NOT_ALLOWED" });
    const after = await step(connectionId, look);
    expect(after.pid).not.toBe(before.pid);
    expect({ ...after, pid: 0 }).toEqual({ ...before, pid: 0 });
  });

for (const sql of ["COPY session_kept TO PROGRAM 'true'", "COPY session_kept FROM '/etc/hostname'"])
  test(`${sql} is the server's to refuse`, async () => {
    const before = await step(connectionId, look);
    expect(await step(connectionId, sql, "failed")).toMatchObject({ code: "SERVER_ERROR", sqlState: "42501" });
    expect(await step(connectionId, look)).toEqual(before);
  });
