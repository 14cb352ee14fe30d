/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real servers in a bad state, one after the other: what a step says of each, what is advised, and that a
 * retry policy rides out what passes and repeats nothing that does not.
 */
import { spawn } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync, appendFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Field } from "../faults/field.ts";
import { psql, redisCli, startServers, type Servers } from "../faults/servers.ts";
import { until } from "./streams.ts";

const retry = { strategy: "keep-trying", delayMs: 30, maxDelayMs: 60 };

let field: Field;
let servers: Servers;

beforeAll(async () => {
  [field, servers] = await Promise.all([Field.open(1), startServers()]);
});

interface Says {
  code: string;
  sqlState?: string;
  message: RegExp;
  advice: RegExp;
}

function expectError(error: any, says: Says): void {
  expect(error, JSON.stringify(error)).toMatchObject({ code: says.code, ...(says.sqlState && { sqlState: says.sqlState }) });
  expect(error.message).toMatch(says.message);
  expect(error.advice).toMatch(says.advice);
}

const look = (executionId: string) => field.caller.query("executions.get", { executionId });

/* It is tried again for as long as the state lasts, and succeeds behind it. */
async function rides(workflowId: string, says: Says, heal: () => Promise<unknown>): Promise<any> {
  const { executionId } = await field.caller.mutation("workflows.execute", { workflowId });
  const seen = await until(async () => {
    const execution = await look(executionId);
    expect(execution.finishedAt, JSON.stringify(execution.error)).toBeUndefined();
    return execution.steps[0].attemptCount > 1 && execution;
  });
  expectError(seen.steps[0].attempts[0].error, says);
  await heal();
  const ended = await until(async () => {
    const execution = await look(executionId);
    return execution.finishedAt && execution;
  });
  expect(ended.status, JSON.stringify(ended.error)).toBe("succeeded");
  return ended;
}

/* It ends at once, policy or not. */
async function fails(workflowId: string, says: Says): Promise<void> {
  const execution = await field.execute(workflowId);
  expect(execution.status).toBe("failed");
  expectError(execution.error, says);
  expect(execution.steps[0].attemptCount).toBe(1);
}

async function testFails(connectionId: string, says: Says, stage: string): Promise<void> {
  const result = await field.test(connectionId);
  expect(result, JSON.stringify(result)).toMatchObject({ success: false, error: says.code });
  expect(result.message).toMatch(says.message);
  expect(result.advice).toMatch(says.advice);
  expect(result.stages.at(-1).name).toBe(stage);
}

describe("PostgreSQL", () => {
  let owner: string, admin: string;
  const query = (connectionId: string, sql: string, config: object = {}) => field.query(connectionId, sql, config, { retry });
  const role = async (name: string, options: string) => {
    await psql(admin, `CREATE ROLE ${name} LOGIN PASSWORD 'secret' ${options}`);
    const url = new URL(owner);
    url.username = name;
    url.password = "secret";
    return field.connect("postgresql", url.href);
  };
  beforeAll(async () => {
    owner = servers.url("PGURL");
    admin = servers.url("PGADMINURL").replace(/\/postgres$/, "/tieline");
    await psql(owner, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");
  });

  test("out of connections", async () => {
    const connectionId = await role("crowd", "CONNECTION LIMIT 0");
    const says = { code: "TOO_MANY_CONNECTIONS", message: /too many connections for role "crowd"/, advice: /config\.pool\.max/ };
    await testFails(connectionId, says, "sign-in");
    await rides(await query(connectionId, "SELECT 1"), says, () => psql(admin, "ALTER ROLE crowd CONNECTION LIMIT 5"));
  });

  test("a role without rights", async () => {
    const connectionId = await role("stranger", "");
    const denied = { code: "SERVER_ERROR", sqlState: "42501", message: /^permission denied for table kept$/, advice: /^Grant / };
    await fails(await query(connectionId, "SELECT * FROM kept"), denied);
    await fails(await query(connectionId, "UPDATE kept SET n = 2"), denied);
    await psql(admin, "ALTER ROLE stranger NOLOGIN");
    await psql(admin, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'stranger'");
    const out = { code: "AUTH_FAILED", message: /role "stranger" is not permitted to log in/, advice: /may not log in|pg_hba\.conf/ };
    await fails(await query(connectionId, "SELECT 1"), out);
  });

  test("a full disk", async () => {
    /* A file of the server's that is never written: the kernel says that there is no room. */
    const fill = (file: string) => `CREATE OR REPLACE FUNCTION fill() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS
      $$ BEGIN EXECUTE 'COPY (SELECT repeat(''x'', 99999)) TO ''${file}'''; END $$`;
    await psql(admin, fill("/dev/full"));
    const connectionId = await field.connect("postgresql", owner);
    const says = { code: "SERVER_ERROR", sqlState: "53100", message: /No space left on device/, advice: /disk is full/ };
    await rides(await query(connectionId, "SELECT fill()"), says, () => psql(admin, fill("/dev/null")));
  });

  test("a lock that somebody holds for too long", async () => {
    const holder = spawn("psql", ["-X", "-q", owner], { stdio: ["pipe", "ignore", "ignore"] });
    holder.stdin.write("BEGIN; LOCK TABLE kept;\n");
    await until(async () => (await psql(owner, "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'kept'::regclass AND granted")) === "1");
    const connectionId = await field.connect("postgresql", owner, { statementTimeoutMs: 1600 });
    const says = { code: "SERVER_ERROR", sqlState: "55P03", message: /^canceling statement due to lock timeout$/, advice: /holds? a lock/ };
    await rides(await query(connectionId, "UPDATE kept SET n = n + 1"), says, async () => holder.stdin.end("COMMIT;\n"));
  });

  test("a statement that an administrator cancels", async () => {
    const connectionId = await field.connect("postgresql", owner);
    const workflowId = await query(connectionId, "SELECT pg_sleep(60) /* long */");
    const { executionId } = await field.caller.mutation("workflows.execute", { workflowId });
    await until(async () => (await psql(admin, "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%/* long */' AND pid <> pg_backend_pid()")) !== "0");
    const ended = await until(async () => {
      const execution = await look(executionId);
      return execution.finishedAt && execution;
    });
    expect(ended.status).toBe("failed");
    expectError(ended.error, { code: "SERVER_ERROR", sqlState: "57014", message: /^canceling statement due to user request$/, advice: /cancelled/ });
  });

  test("time limits of the server for idle sessions", async () => {
    const connectionId = await role("brief", "");
    await psql(admin, "ALTER ROLE brief SET idle_session_timeout = '400ms'");
    await psql(admin, "ALTER ROLE brief SET idle_in_transaction_session_timeout = '1ms'");
    const workflowId = await query(connectionId, "SELECT 1");
    for (let i = 0; i < 3; i++) {
      const execution = await field.execute(workflowId);
      expect(execution, JSON.stringify(execution)).toMatchObject({ status: "succeeded", steps: [{ attemptCount: 1 }] });
      await until(async () => (await psql(admin, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'brief'")) === "0");
    }
  });

  /* The last two end the server: they stand behind all others. */
  test("a server that goes down while sessions are open, and comes up again", async () => {
    const postmaster = Number(readFileSync(join(servers.folder, "pg/postmaster.pid"), "utf8").split("\n")[0]);
    const connectionId = await field.connect("postgresql", owner);
    const holder = spawn("psql", ["-X", "-q", owner], { stdio: ["pipe", "ignore", "ignore"] });
    holder.stdin.write("SELECT 1 /* holder */;\n");
    await until(async () => (await psql(admin, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%/* holder */%' AND pid <> pg_backend_pid()")) === "1");
    process.kill(postmaster, "SIGTERM"); /* it lets nobody in any more, and waits for who is in */
    const says = { code: "SERVER_ERROR", message: /the database system is shutting down/, advice: /starting up or shutting down/ };
    await until(async () => (await field.test(connectionId)).error === "SERVER_ERROR");
    await testFails(connectionId, says, "sign-in");
    await rides(await query(connectionId, "SELECT 1"), { ...says, sqlState: "57P03" }, async () => {
      holder.stdin.end();
      await new Promise((resolve) => holder.once("exit", resolve));
      await servers.restart("postgresql");
    });
  });

  test("a standby, until it is promoted", async () => {
    await psql(admin, "ALTER SYSTEM SET wal_level = 'replica'");
    await servers.restart("postgresql");
    writeFileSync(join(servers.folder, "pg/standby.signal"), "", { mode: 0o644 });
    await servers.restart("postgresql");
    const connectionId = await field.connect("postgresql", owner);
    expect(await field.test(connectionId)).toMatchObject({ success: true });
    const read = await field.execute(await query(connectionId, "SELECT n FROM kept"));
    expect(read.status, JSON.stringify(read.error)).toBe("succeeded");
    const says = { code: "SERVER_ERROR", sqlState: "25006", message: /^cannot execute UPDATE in a read-only transaction$/, advice: /standby|only reads/ };
    await rides(await query(connectionId, "UPDATE kept SET n = n + 1"), says, () => psql(admin, "SELECT pg_promote()"));
  });
});

describe("Redis", () => {
  let url: string;
  const command = (connectionId: string, name: string, more: object = {}) =>
    field.command(connectionId, { command: name, key: "app:k", ...(name === "SET" && { value: "v" }), ...more }, { retry });
  const set = (name: string, value: string) => redisCli(url, "CONFIG", "SET", name, value);
  const connect = () => field.connect("redis", url);
  const answers = (word: string) => until(async () => (await redisCli(url, "PING").catch((error) => String(error.stdout))).includes(word));
  const reads = async (connectionId: string) => {
    const execution = await field.execute(await command(connectionId, "GET"));
    expect(execution.status, JSON.stringify(execution.error)).toBe("succeeded");
  };
  beforeAll(() => {
    url = servers.url("REDISURL");
  });

  test("full memory: reads go on", async () => {
    const connectionId = await connect();
    await set("maxmemory", "1");
    const says = { code: "SERVER_ERROR", sqlState: "OOM", message: /^OOM command not allowed when used memory > 'maxmemory'/, advice: /maxmemory/ };
    await fails(await command(connectionId, "SET"), says);
    await fails(await command(connectionId, "INCR"), says);
    expect(await field.test(connectionId)).toMatchObject({ success: true });
    await reads(connectionId);
    await set("maxmemory", "0");
  });

  test("a disk that it cannot save to: reads go on", async () => {
    const connectionId = await connect();
    const folder = join(servers.folder, "redis");
    await set("save", "3600 1");
    chmodSync(folder, 0o500);
    await redisCli(url, "BGSAVE");
    await until(async () => (await redisCli(url, "INFO", "persistence")).includes("rdb_last_bgsave_status:err"));
    const says = { code: "SERVER_ERROR", sqlState: "MISCONF", message: /^MISCONF /, advice: /cannot save to its disk/ };
    await fails(await command(connectionId, "SET"), says);
    await reads(connectionId);
    expect(await field.test(connectionId)).toMatchObject({ success: true });
    chmodSync(folder, 0o700);
    await set("save", "");
    const execution = await field.execute(await command(connectionId, "SET"));
    expect(execution.status, JSON.stringify(execution.error)).toBe("succeeded");
  });

  test("a user without rights", async () => {
    await redisCli(url, "ACL", "SETUSER", "narrow", "on", ">secret", "~app:*", "+get");
    const narrow = new URL(url);
    narrow.username = "narrow";
    narrow.password = "secret";
    const connectionId = await field.connect("redis", narrow.href);
    await reads(connectionId);
    const advice = /^Grant the user this command and key/;
    await fails(await command(connectionId, "DEL"), { code: "AUTH_FAILED", sqlState: "NOPERM", message: /no permissions to run the 'del' command/, advice });
    await fails(await command(connectionId, "GET", { key: "other" }), { code: "AUTH_FAILED", sqlState: "NOPERM", message: /^NOPERM /, advice });
    await redisCli(url, "ACL", "DELUSER", "narrow");
    await fails(await command(connectionId, "GET"), { code: "AUTH_FAILED", sqlState: "WRONGPASS", message: /^user or password was refused: WRONGPASS/, advice: /Check user and password/ });
  });

  test("out of connections", async () => {
    const connectionId = await connect();
    const holder = spawn("redis-cli", ["--no-auth-warning", "-u", url], { stdio: ["pipe", "pipe", "ignore"] });
    const say = (line: string) => new Promise((resolve) => (holder.stdout.once("data", resolve), holder.stdin.write(`${line}\n`)));
    await say("CONFIG SET maxclients 1");
    await say("CLIENT KILL TYPE normal SKIPME yes");
    const says = { code: "TOO_MANY_CONNECTIONS", message: /max number of clients reached/, advice: /config\.pool\.max/ };
    await testFails(connectionId, says, "sign-in");
    await rides(await command(connectionId, "SET"), says, async () => {
      await say("CONFIG SET maxclients 1000");
      holder.stdin.end();
    });
  });

  test("a script that runs and runs", async () => {
    const connectionId = await connect();
    await reads(connectionId);
    await set("busy-reply-threshold", "20");
    const script = redisCli(url, "EVAL", "while true do end", "0").catch(() => "");
    await answers("BUSY");
    const says = { code: "SERVER_ERROR", sqlState: "BUSY", message: /^BUSY Redis is busy running a script/, advice: /script/ };
    await rides(await command(connectionId, "SET"), says, () => redisCli(url, "SCRIPT", "KILL"));
    await script;
  });

  test("a replica, with its master and without", async () => {
    const connectionId = await connect();
    await reads(connectionId);
    await redisCli(url, "REPLICAOF", "127.0.0.1", "1");
    const readonly = { code: "SERVER_ERROR", sqlState: "READONLY", message: /^READONLY You can't write against a read only replica/, advice: /replica/ };
    await reads(connectionId);
    await rides(await command(connectionId, "SET"), readonly, () => redisCli(url, "REPLICAOF", "NO", "ONE"));
    await redisCli(url, "REPLICAOF", "127.0.0.1", "1");
    await set("replica-serve-stale-data", "no");
    const stale = { code: "SERVER_ERROR", sqlState: "MASTERDOWN", message: /^MASTERDOWN Link with MASTER is down/, advice: /replica/ };
    await rides(await command(connectionId, "GET"), stale, () => redisCli(url, "REPLICAOF", "NO", "ONE"));
  });

  test("a server that loads its data", async () => {
    const connectionId = await connect();
    await redisCli(url, "EVAL", "for i = 1, 2000 do redis.call('SET', 'load:' .. i, string.rep('x', 100)) end", "0");
    await redisCli(url, "SAVE");
    appendFileSync(join(servers.folder, "redis/redis.conf"), "key-load-delay 2000\nloading-process-events-interval-bytes 1024\n");
    const restarted = servers.restart("redis");
    const says = { code: "SERVER_ERROR", sqlState: "LOADING", message: /LOADING Redis is loading the dataset in memory/, advice: /is loading its data/ };
    await answers("LOADING");
    await testFails(connectionId, says, "sign-in");
    await rides(await command(connectionId, "GET"), says, () => restarted);
  });
});
