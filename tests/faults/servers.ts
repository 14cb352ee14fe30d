/* SPDX-License-Identifier: Apache-2.0 */
/* Servers of a test file's own, which it may crash: what tools/servers starts and restarts. */
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll } from "vitest";

const execute = promisify(execFile);
const tool = join(import.meta.dirname, "../../tools/servers");

export interface Servers {
  folder: string; /* its parts `pg` and `redis` are theirs */
  url(key: "PGURL" | "PGADMINURL" | "REDISURL" | "REDISTLSURL" | "TLSCA" | "PGTRANSACTIONSURL" | "PGSESSIONSURL"): string;
  restart(name: "postgresql" | "redis"): Promise<void>;
}

export async function startServers(...flags: string[]): Promise<Servers> {
  /* Not in our temporary folder: their users could not enter it. */
  const folder = mkdtempSync("/tmp/tieline-servers.");
  const started = await execute(tool, ["start", folder, "--with", String(process.pid), ...flags]);
  afterAll(() => execute(tool, ["stop", folder]));
  const env = new Map(started.stdout.trim().split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
  return {
    folder,
    url: (key) => env.get(key)!,
    restart: async (name) => void (await execute(tool, ["restart", folder, name])),
  };
}

/* What psql prints, without any decoration. */
export async function psql(url: string, sql: string): Promise<string> {
  return (await execute("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, url])).stdout.trim();
}

export async function redisCli(url: string, ...words: string[]): Promise<string> {
  return (await execute("redis-cli", ["--no-auth-warning", "-u", url, ...words])).stdout.trim();
}
