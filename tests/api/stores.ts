/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which store the servers and commands of a data folder use: the file in it, or (TIELINE_TEST_STORE=postgresql)
 * a database of its own, made by an owner who is no superuser, and served from by a role that owns nothing.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { binary, needed, whenOver } from "./harness.ts";

export const onPostgresql = process.env.TIELINE_TEST_STORE === "postgresql";

export interface Store {
  database: string;
  owner: string;
  server: string;
}

const password = "stores";
const stores = new Map<string, Store>();

export function administer(sql: string, database = "postgres"): string {
  const url = new URL(needed("PGADMINURL"));
  url.pathname = `/${database}`;
  return execFileSync("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url.href], { input: sql, stdio: ["pipe", "pipe", "pipe"] }).toString().trim();
}

/* Several test files do so at once. */
function makeRole(name: string, options: string): void {
  administer(`DO $$ BEGIN CREATE ROLE ${name} LOGIN ${options} PASSWORD '${password}';
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`);
}

function urlOf(role: string, database: string): string {
  const url = new URL(needed("PGADMINURL"));
  return `postgresql://${role}:${password}@${url.host}/${database}`;
}

export function makeStore(): Store {
  const database = `store_${randomBytes(6).toString("hex")}`;
  makeRole("store_owner", "CREATEROLE");
  makeRole("store_server", "NOINHERIT");
  administer(`CREATE DATABASE ${database} OWNER store_owner`);
  whenOver(() => {
    administer(`DROP DATABASE ${database} WITH (FORCE)`);
    administer(`DROP ROLE ${database}_app, ${database}_engine`);
  });
  const store = { database, owner: urlOf("store_owner", database), server: urlOf("store_server", database) };
  execFileSync(binary, ["migrate", "--store", store.owner], { stdio: ["ignore", "pipe", "pipe"] });
  administer(`GRANT ${database}_app, ${database}_engine TO store_server`);
  return store;
}

/* Everything that is in it, as text. */
export function dump(store: Store): string {
  const url = new URL(needed("PGADMINURL"));
  url.pathname = `/${store.database}`;
  return execFileSync("pg_dump", ["--inserts", url.href], { encoding: "latin1", maxBuffer: 1 << 28 });
}

export function storeOf(data: string): Store {
  const store = stores.get(data) ?? makeStore();
  stores.set(data, store);
  return store;
}

/* The environment of a server or command with these arguments. */
export function environment(words: readonly string[]): NodeJS.ProcessEnv {
  const data = words[words.indexOf("--data") + 1];
  if (!onPostgresql || !words.includes("--data") || words.includes("--store") || !data) return process.env;
  return { ...process.env, TIELINE_STORE: storeOf(data).server };
}
