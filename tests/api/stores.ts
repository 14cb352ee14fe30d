/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which store the servers and commands of a data folder use: the file in it, or (TIELINE_TEST_STORE=postgresql)
 * a database of its own, made by an owner who is no superuser, and served from by a role that owns nothing.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { binary, needed, whenOver } from "./harness.ts";

export const onPostgresql = process.env.TIELINE_TEST_STORE === "postgresql";

export interface Store {
  database: string;
  owner: string;
  server: string;
}

const password = "stores";
const stores = new Map<string, Store>();

/* As a superuser; `server` is another one's URL. */
export function administer(sql: string, database = "postgres", server = needed("PGADMINURL")): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return execFileSync("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url.href], { input: sql, stdio: ["pipe", "pipe", "pipe"] }).toString().trim();
}

/* Several test files do so at once. */
function makeRole(name: string, options: string, server: string): void {
  const sql = `DO $$ BEGIN CREATE ROLE ${name} LOGIN ${options} PASSWORD '${password}';
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`;
  administer(sql, "postgres", server);
}

function urlOf(role: string, database: string, server: string): string {
  return `postgresql://${role}:${password}@${new URL(server).host}/${database}`;
}

export function makeStore(server = needed("PGADMINURL")): Store {
  const database = `store_${randomBytes(6).toString("hex")}`;
  makeRole("store_owner", "CREATEROLE", server);
  makeRole("store_server", "NOINHERIT", server);
  administer(`CREATE DATABASE ${database} OWNER store_owner`, "postgres", server);
  whenOver(() => {
    administer(`DROP DATABASE ${database} WITH (FORCE)`, "postgres", server);
    administer(`DROP ROLE IF EXISTS ${database}_app, ${database}_engine`, "postgres", server);
  });
  const store = { database, owner: urlOf("store_owner", database, server), server: urlOf("store_server", database, server) };
  execFileSync(binary, ["migrate", "--store", store.owner], { stdio: ["ignore", "pipe", "pipe"] });
  administer(`GRANT ${database}_app, ${database}_engine TO store_server`, "postgres", server);
  return store;
}

/* From now on it is that folder's. */
export function useStore(data: string, store: Store): void {
  stores.set(data, store);
}

function dump(store: Store): string {
  const url = new URL(needed("PGADMINURL"));
  url.pathname = `/${store.database}`;
  return execFileSync("pg_dump", ["--inserts", url.href], { encoding: "latin1", maxBuffer: 1 << 28 });
}

export function storeOf(data: string): Store {
  const store = stores.get(data) ?? makeStore();
  stores.set(data, store);
  return store;
}

/* Carries out a statement in the store of a data folder; the first value of its first row, if it gives any. */
export function inStore(data: string, sql: string): string {
  if (onPostgresql) return administer(`SET search_path = tieline; ${sql}`, storeOf(data).database);
  const store = new DatabaseSync(join(data, "tieline.db"));
  const row = store.prepare(sql).get();
  store.close();
  return row ? String(Object.values(row)[0]) : "";
}

/* Everything that is stored, as text. */
export function stored(data: string): string[] {
  if (onPostgresql) return [dump(storeOf(data))];
  const files = readdirSync(data).filter((name) => name.startsWith("tieline.db"));
  return files.map((name) => readFileSync(join(data, name), "latin1"));
}

/* The environment of a server or command with these arguments. */
export function environment(words: readonly string[]): NodeJS.ProcessEnv {
  const data = words[words.indexOf("--data") + 1];
  if (!words.includes("--data") || !data || words.includes("--store") || !(onPostgresql || stores.has(data))) return process.env;
  return { ...process.env, TIELINE_STORE: storeOf(data).server };
}
