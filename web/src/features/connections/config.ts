/* SPDX-License-Identifier: Apache-2.0 */
/* A connection's settings as fields of a form, and back. What the form does not show stays as it is. */
import { text } from "../../text/en.ts";

export type PoolField = "max" | "wait" | "idle" | "lifetime" | "statement";
export type PoolValues = Record<PoolField, string>;

type Config = Record<string, unknown>;

interface Setting {
  field: PoolField;
  /* Where it stands in the config, dotted: the server names it so. */
  path: string;
  label: string;
  /* What counts while it is empty. */
  fallback: string;
}

export const settings: Setting[] = [
  { field: "max", path: "pool.max", label: text.pool.max, fallback: "5" },
  { field: "wait", path: "pool.acquireTimeoutMs", label: text.pool.wait, fallback: text.pool.noLimit },
  { field: "idle", path: "pool.idleTimeoutMs", label: text.pool.idle, fallback: "60000" },
  { field: "lifetime", path: "pool.maxLifetimeMs", label: text.pool.lifetime, fallback: "1800000" },
  { field: "statement", path: "statementTimeoutMs", label: text.pool.statement, fallback: "30000" },
];

function isObject(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueAt(config: unknown, path: string): unknown {
  let at = config;
  for (const key of path.split(".")) at = isObject(at) ? at[key] : undefined;
  return at;
}

export function poolValues(config: unknown): PoolValues {
  const values = {} as PoolValues;
  for (const { field, path } of settings) values[field] = String(valueAt(config, path) ?? "");
  return values;
}

/* The config with these values; `was` keeps what no field shows, such as certificates. */
export function withPoolValues(was: unknown, values: PoolValues): Config {
  const config: Config = structuredClone(isObject(was) ? was : {});
  for (const { field, path } of settings) {
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    let at = config;
    for (const key of keys) {
      const inner = isObject(at[key]) ? at[key] : {};
      at[key] = inner;
      at = inner;
    }
    const value = values[field].trim();
    if (value === "") delete at[last];
    else at[last] = Number(value);
  }
  if (isObject(config.pool) && Object.keys(config.pool).length === 0) delete config.pool;
  return config;
}

/* The authority to trust, as PEM. */
export function caValue(config: unknown): string {
  return String(valueAt(config, "tls.caPem") ?? "");
}

/* The config with that authority, or, when it is empty, without one. */
export function withCa(config: Config, pem: string): Config {
  const { caPem: _, ...tls } = isObject(config.tls) ? config.tls : {};
  const { tls: __, ...rest } = config;
  const all = pem.trim() === "" ? tls : { ...tls, caPem: pem.trim() };
  return Object.keys(all).length > 0 ? { ...rest, tls: all } : rest;
}

/* The form's field for one that the server names: "config.pool.max" → "max". */
export function poolField(serverField: string): PoolField | undefined {
  return settings.find(({ path }) => `config.${path}` === serverField)?.field;
}
