/* SPDX-License-Identifier: Apache-2.0 */
/* The PostgreSQL store: who may serve on it, and what becomes of it when its server, or the wire, fails. */
import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, test } from "vitest";
import { sleep } from "../faults/field.ts";
import { Proxy } from "../faults/proxy.ts";
import { startServers, type Servers } from "../faults/servers.ts";
import { addUser, binary, client, needed, newFolder, run, serve, type Caller, type Server } from "./harness.ts";
import { until } from "./streams.ts";
import { administer, makeStore, useStore, type Store } from "./stores.ts";

describe("is not served on", () => {
  let store: Store;
  beforeAll(() => {
    store = makeStore();
  });

  function words(url: string, ...command: string[]): string {
    const done = spawnSync(binary, [...command, "--store", url, "--data", newFolder(), "--listen", "127.0.0.1:0"].slice(0, command[0] === "migrate" ? 3 : undefined), { timeout: 30_000 });
    expect(done.status).toBe(1);
    const said = done.stderr.toString();
    expect(said).not.toContain("stores@");
    return said;
  }
  const serving = (url: string) => words(url, "serve");

  test("as a superuser, nor made by one", () => {
    const url = new URL(needed("PGADMINURL"));
    url.pathname = `/${store.database}`;
    const password = url.password;
    for (const command of ["serve", "migrate"]) {
      const said = words(url.href, command);
      expect(said).toContain("a superuser, whom row security does not bind");
      expect(said).toContain(`GRANT "${store.database}_app", "${store.database}_engine" TO`);
      expect(said).not.toContain(password);
    }
  });

  test("by a role with BYPASSRLS", () => {
    administer("CREATE ROLE bypasses LOGIN BYPASSRLS PASSWORD 'stores'");
    try {
      expect(serving(store.server.replace("store_server", "bypasses"))).toContain("a role with BYPASSRLS, whom row security does not bind");
    } finally {
      administer("DROP ROLE bypasses");
    }
  });

  test("by a role that may not act as the others", () => {
    administer("CREATE ROLE outsider LOGIN PASSWORD 'stores'");
    try {
      expect(serving(store.server.replace("store_server", "outsider"))).toContain(`may not act as ${store.database}_app, ${store.database}_engine`);
    } finally {
      administer("DROP ROLE outsider");
    }
  });

  test("while a table does not bind its owner, or nobody", () => {
    for (const [open, close] of [["NO FORCE", "FORCE"], ["DISABLE", "ENABLE"]]) {
      administer(`ALTER TABLE tieline.tokens ${open} ROW LEVEL SECURITY`, store.database);
      const said = serving(store.server);
      expect(said).toContain("row security is not in force, for their owner as well, on the store's tables: tokens");
      expect(said).toContain("FORCE ROW LEVEL SECURITY");
      administer(`ALTER TABLE tieline.tokens ${close} ROW LEVEL SECURITY`, store.database);
    }
  });

  test("before it is made, and when it is older or newer than the program", () => {
    const sql = (text: string) => administer(`SET search_path = tieline; ${text}`, store.database);
    const newest = sql("SELECT name FROM schema_migrations ORDER BY version DESC LIMIT 1");
    sql("CREATE TABLE kept AS SELECT * FROM schema_migrations; ALTER TABLE kept ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
    sql(`DELETE FROM schema_migrations WHERE name = '${newest}'`);
    const older = serving(store.server);
    expect(older).toContain(`the migration "${newest}" is missing`);
    expect(older).toContain("tieline migrate");
    sql("INSERT INTO schema_migrations SELECT * FROM kept WHERE name NOT IN (SELECT name FROM schema_migrations); DROP TABLE kept");
    sql("INSERT INTO schema_migrations VALUES (99990101000000, 'tomorrow', 'x', 0)");
    expect(serving(store.server)).toContain('which this program does not know: it needs a newer one');
    sql("DELETE FROM schema_migrations WHERE name = 'tomorrow'");
  });

  test("nor brought up to date, by another than its owner", () => {
    expect(words(store.server, "migrate")).toContain('the store\'s schema belongs to the role "store_owner"');
  });

  test("by two at the same time", async () => {
    const data = newFolder();
    useStore(data, store);
    const first = await serve(data);
    expect(serving(store.server)).toContain("another server serves from this store");
    expect(await first.stop()).toBe(0);
    const second = await serve(data);
    expect(await second.stop()).toBe(0);
  });

  test("when nobody answers, or the password is wrong", () => {
    const nobody = serving("postgresql://someone:stores@127.0.0.1:1/none");
    expect(nobody).toContain("the store's server could not be reached");
    expect(serving(store.server.replace(":stores@", ":wrong@"))).toContain("password authentication failed");
  });
});

test("an owner who may not make roles is told what an administrator has to do", () => {
  const database = `plain_${process.pid}`;
  administer(`CREATE ROLE ${database} LOGIN PASSWORD 'stores'`);
  administer(`CREATE DATABASE ${database} OWNER ${database}`);
  try {
    const url = `postgresql://${database}:stores@${new URL(needed("PGADMINURL")).host}/${database}`;
    const refused = spawnSync(binary, ["migrate", "--store", url]);
    expect(refused.status).toBe(1);
    expect(refused.stderr.toString()).toContain(`CREATE ROLE "${database}_app"; CREATE ROLE "${database}_engine"; GRANT "${database}_app", "${database}_engine" TO`);
    administer(`CREATE ROLE ${database}_app; CREATE ROLE ${database}_engine; GRANT ${database}_app, ${database}_engine TO ${database}`);
    expect(execFileSync(binary, ["migrate", "--store", url], { stdio: ["ignore", "pipe", "ignore"] }).toString()).toContain("The store is up to date.");
  } finally {
    administer(`DROP DATABASE ${database} WITH (FORCE)`);
    administer(`DROP ROLE ${database}, ${database}_app, ${database}_engine`);
  }
});

describe("is the same", () => {
  test("tables, columns and indexes as in SQLite", () => {
    const data = newFolder();
    run("migrate", "--data", data, "--store", `sqlite:${join(data, "tieline.db")}`);
    const file = new DatabaseSync(join(data, "tieline.db"), { readOnly: true });
    const said = (sql: string) => file.prepare(sql).all().map((row) => Object.values(row).join(" ")).sort();
    const columns = said(`SELECT m.name AS t, c.name AS c, CASE WHEN c."notnull" = 1 THEN 'NO' ELSE 'YES' END AS n FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`);
    const tables = said("SELECT name FROM sqlite_schema WHERE type = 'table'");
    const keys = tables.map((table) => `${table} ${file.prepare("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk").all(table).map(({ name }) => name)}`);
    const indexes = said("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL");
    file.close();
    const store = makeStore();
    const sql = (text: string) => administer(text, store.database).split("\n").sort();
    expect(sql("SELECT table_name || ' ' || column_name || ' ' || is_nullable FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name) WHERE table_schema = 'tieline' AND table_type = 'BASE TABLE'")).toEqual(columns);
    expect(sql("SELECT conrelid::regclass::text || ' ' || (SELECT string_agg(attname, ',' ORDER BY n) FROM unnest(conkey) WITH ORDINALITY k (key, n) JOIN pg_attribute ON attrelid = conrelid AND attnum = key) FROM pg_constraint WHERE contype = 'p' AND connamespace = 'tieline'::regnamespace").map((line) => line.replace("tieline.", ""))).toEqual(keys);
    expect(sql("SELECT indexname FROM pg_indexes WHERE schemaname = 'tieline' AND indexname !~ '_(pkey|key)$'")).toEqual(indexes);
  });

  test("after its owner was killed at any migration", () => {
    const store = makeStore();
    administer("DROP SCHEMA tieline CASCADE", store.database);
    const migrate = (env: object) => spawnSync(binary, ["migrate", "--store", store.owner], { env: { ...process.env, ...env } });
    for (const point of ["migrate.before_commit", "migrate.after_commit"]) expect(migrate({ TIELINE_CRASH_AT: `${point}:1` }).signal).toBe("SIGKILL");
    expect(migrate({}).status).toBe(0);
    expect(migrate({ TIELINE_CRASH_AT: "migrate.before_commit:1" }).status).toBe(0); /* nothing is left to be done */
  });
});

/* One step, which needs nobody but us. */
const definition = { nodes: [{ id: "start", type: "manual-trigger", name: "Start", config: {} }], edges: [] };

describe("whose server or wire fails", () => {
  let servers: Servers, store: Store, proxy: Proxy, server: Server, caller: Caller, projectId: string, workflowId: string;
  const sql = (text: string) => administer(`SET search_path = tieline; ${text}`, store.database, servers.url("PGADMINURL"));

  beforeAll(async () => {
    servers = await startServers("--durable");
    store = makeStore(servers.url("PGADMINURL"));
    proxy = await Proxy.open(store.server);
    const data = newFolder();
    useStore(data, store); /* a command that we wait for would wait for the proxy, which is ours */
    const token = addUser(data, "ada");
    useStore(data, { ...store, server: proxy.lead(store.server) });
    server = await serve(data);
    caller = client(server, token);
    projectId = (await caller.mutation("projects.create", { name: "P" })).id;
    workflowId = (await caller.mutation("workflows.create", { projectId, name: "w", definition })).id;
  });

  /* Starts with this key until one is acknowledged; how often that failed on the way. */
  async function start(idempotencyKey: string, by: number): Promise<{ id: string; failures: any[] }> {
    const failures: any[] = [];
    for (;;) {
      try {
        return { id: (await caller.mutation("workflows.execute", { workflowId, idempotencyKey })).executionId, failures };
      } catch (error: any) {
        failures.push(error.data ?? error);
        if (Date.now() > by) throw error;
        await sleep(50);
      }
    }
  }

  /*
   * Callers that start one after the other while something goes wrong; then everything must be as they were told.
   * `goOn` waits until some more starts were acknowledged.
   */
  async function load(during: (goOn: () => Promise<unknown>) => Promise<void>): Promise<any[]> {
    const before = Number(sql("SELECT count(*) FROM workflow_executions"));
    let going = true;
    const started: string[] = [], failures: any[] = [];
    const callers = Array.from({ length: 8 }, async () => {
      while (going) {
        const one = await start(randomUUID(), Date.now() + 60_000);
        started.push(one.id);
        failures.push(...one.failures);
      }
    });
    await during(() => {
      const enough = started.length + 20;
      return until(() => started.length >= enough);
    });
    going = false;
    await Promise.all(callers);
    expect(new Set(started).size).toBe(started.length);
    const known = new Set(sql("SELECT id FROM workflow_executions").split("\n"));
    expect(started.filter((id) => !known.has(id))).toEqual([]);
    expect(known.size).toBe(before + started.length);
    for (const failure of failures) expect(failure).toMatchObject({ code: "SERVICE_UNAVAILABLE", httpStatus: 503 });
    await expect.poll(() => sql("SELECT count(*) FROM workflow_executions WHERE finished_at IS NULL"), { timeout: 20_000 }).toBe("0");
    expect(sql("SELECT count(*) FROM workflow_executions WHERE status <> 'succeeded'")).toBe("0");
    return failures;
  }

  test("restarts under load: nothing that was acknowledged is lost, and nothing is there twice", async () => {
    const failures = await load(async (goOn) => {
      for (let i = 0; i < 3; i++) {
        await goOn();
        await servers.restart("postgresql");
      }
      await goOn();
    });
    expect(failures.length).toBeGreaterThan(0);
  }, 120_000);

  test("is cut off at any byte, also of the answer to a COMMIT: the same", async () => {
    await load(async () => {
      for (let after = 0; after < 60; after++) {
        proxy.fault = { kind: "truncate", after: 1 + after * 29 };
        await sleep(30);
        proxy.fault = { kind: "none" };
        await sleep(60);
      }
    });
  }, 120_000);

  test("withholds the answer to a COMMIT: what became of it is asked, and nobody notices", async () => {
    const before = Number(sql("SELECT count(*) FROM workflow_executions"));
    for (let i = 0; i < 5; i++) {
      const asked = server.output().split("went away during a commit: asking").length;
      proxy.fault = { kind: "withhold", text: "COMMIT\0" };
      const started = start(randomUUID(), Date.now() + 60_000);
      await expect.poll(() => server.output().split("went away during a commit: asking").length, { timeout: 20_000 }).toBeGreaterThan(asked);
      proxy.fault = { kind: "none" };
      expect((await started).failures).toEqual([]);
    }
    expect(Number(sql("SELECT count(*) FROM workflow_executions"))).toBe(before + 5);
  }, 120_000);

  test("hangs up while nothing is asked: nobody notices", async () => {
    for (let i = 0; i < 3; i++) {
      sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'store_server'");
      await expect.poll(() => sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'store_server'")).toBe("0");
      expect((await caller.query("projects.list")).projects).toHaveLength(1);
      await caller.mutation("projects.update", { projectId, name: `P${i}` });
    }
  });

  test("says nothing any more: calls end in time, and the next ones are served", async () => {
    await caller.query("workflows.list", { projectId });
    proxy.fault = { kind: "half-open" };
    const began = Date.now();
    const error: any = await caller.query("workflows.list", { projectId }).catch((reason) => reason);
    expect(error.data).toMatchObject({ code: "SERVICE_UNAVAILABLE", httpStatus: 503 });
    expect(Date.now() - began).toBeLessThan(25_000);
    proxy.fault = { kind: "reset" };
    proxy.fault = { kind: "none" };
    expect((await caller.query("workflows.list", { projectId })).workflows).toHaveLength(1);
  }, 60_000);

  test("its password is told nobody", () => {
    expect(server.output()).not.toContain("stores");
  });
});
