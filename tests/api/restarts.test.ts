/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that crash, start again and hang up on us, under load: what may be retried does not fail. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { Field, sleep } from "../faults/field.ts";
import { psql, redisCli, startServers, type Servers } from "../faults/servers.ts";

const retry = { strategy: "exponential", maxAttempts: 100, delayMs: 50, maxDelayMs: 400 };
const config = { pool: { max: 4, acquireTimeoutMs: 30_000 } };

let field: Field;
let servers: Servers;

beforeAll(async () => {
  [field, servers] = await Promise.all([Field.open(1), startServers("--durable", "--tls")]);
});

const failures = (executions: any[]) => executions.filter(({ status }) => status !== "succeeded").map(({ error }) => error);
const attempts = (executions: any[]) => Math.max(...executions.map(({ steps }) => steps[0].attempts.length));

/* Callers that execute one after the other until `during` is over. */
async function load(workflowIds: string[], during: () => Promise<void>): Promise<any[]> {
  let going = true;
  const executions: any[] = [];
  const callers = Array.from({ length: 8 }, async (_, i) => {
    while (going) executions.push(await field.execute(workflowIds[i % workflowIds.length]!));
  });
  await during();
  going = false;
  await Promise.all(callers);
  return executions;
}

describe("PostgreSQL", () => {
  let connectionId: string, reads: string, writes: string;
  beforeAll(async () => {
    connectionId = await field.connect("postgresql", servers.url("PGURL"), config);
    await psql(servers.url("PGURL"), "CREATE TABLE restarts (id uuid PRIMARY KEY)");
    reads = await field.query(connectionId, "SELECT pg_sleep(0.005)", {}, { retry });
    const repeated = "INSERT INTO restarts VALUES ($1::uuid) ON CONFLICT DO NOTHING";
    writes = await field.query(connectionId, repeated, { parameters: ["{{ execution.id }}"], repeatable: true }, { retry });
  });

  test("crashes and starts again", async () => {
    const executions = await load([reads, writes], async () => {
      for (let i = 0; i < 3; i++) {
        await sleep(300);
        await servers.restart("postgresql");
      }
      await sleep(300);
    });
    expect(failures(executions)).toEqual([]);
    expect(attempts(executions)).toBeGreaterThan(1);
    const inserted = executions.filter(({ steps }) => steps[0].output.command === "INSERT").length;
    expect(Number(await psql(servers.url("PGURL"), "SELECT count(*) FROM restarts"))).toBe(inserted);
  });

  test("ends sessions in storms", async () => {
    const executions = await load([reads, writes], async () => {
      for (let i = 0; i < 10; i++) {
        await psql(servers.url("PGADMINURL"), "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'tieline'");
        await sleep(60);
      }
    });
    expect(failures(executions)).toEqual([]);
  }, 60_000);

  test("ended the sessions while they lay idle: nobody notices", async () => {
    const once = await field.query(connectionId, "SELECT 1 AS one");
    const insert = await field.query(connectionId, "INSERT INTO restarts VALUES (gen_random_uuid())");
    for (let i = 0; i < 5; i++) {
      await Promise.all(Array.from({ length: 4 }, () => field.execute(reads)));
      if (i % 2 === 0) await servers.restart("postgresql");
      else await psql(servers.url("PGADMINURL"), "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'tieline'");
      const executions = await Promise.all([once, insert, once, insert].map((workflowId) => field.execute(workflowId)));
      expect(failures(executions)).toEqual([]);
      expect(attempts(executions)).toBe(1);
    }
  });
});

describe.each(["REDISURL", "REDISTLSURL"] as const)("Redis by %s", (key) => {
  let connectionId: string, reads: string, writes: string;
  beforeAll(async () => {
    const tls = key === "REDISTLSURL" ? { tls: { caPem: readFileSync(servers.url("TLSCA"), "utf8") } } : {};
    connectionId = await field.connect("redis", servers.url(key), { ...config, ...tls });
    reads = await field.command(connectionId, { command: "GET", key: "k" }, { retry });
    writes = await field.command(connectionId, { command: "SET", key: "{{ execution.id }}", value: "1" }, { retry });
  });

  test("crashes and starts again", async () => {
    const executions = await load([reads, writes], async () => {
      for (let i = 0; i < 4; i++) {
        await sleep(200);
        await servers.restart("redis");
      }
      await sleep(200);
    });
    expect(failures(executions)).toEqual([]);
  });

  test("ends sessions in storms", async () => {
    const executions = await load([reads, writes], async () => {
      for (let i = 0; i < 20; i++) {
        await redisCli(servers.url("REDISURL"), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        await sleep(30);
      }
    });
    expect(failures(executions)).toEqual([]);
  });

  test("ended the sessions while they lay idle: nobody notices", async () => {
    const once = await field.command(connectionId, { command: "INCR", key: "n" });
    for (let i = 0; i < 6; i++) {
      await Promise.all(Array.from({ length: 4 }, () => field.execute(reads)));
      if (i % 2 === 0) await servers.restart("redis");
      else await redisCli(servers.url("REDISURL"), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      const executions = await Promise.all([once, once, once, once].map((workflowId) => field.execute(workflowId)));
      expect(failures(executions)).toEqual([]);
      expect(attempts(executions)).toBe(1);
    }
  });
});
