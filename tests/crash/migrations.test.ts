/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bringing a store up to date, killed behind each statement: the next start completes it, and what was in
 * the store is there as it was.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, expect, test } from "vitest";

const binary = process.env.TIELINE_BIN ?? join(import.meta.dirname, "../../build/release/tieline");
const folder = mkdtempSync(join(tmpdir(), "tieline-migrations."));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/* Gives the signal that ended it, if one did. */
function migrate(data: string, crashAt = ""): NodeJS.Signals | null {
  const env = { ...process.env, TIELINE_CRASH_AT: crashAt };
  const ended = spawnSync(binary, ["migrate", "--data", data], { env, encoding: "utf8" });
  if (!ended.signal) expect(ended.status, ended.stderr).toBe(0);
  return ended.signal;
}

function looking<T>(data: string, look: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(data, "tieline.db"));
  try {
    return look(database);
  } finally {
    database.close();
  }
}

const all = (database: DatabaseSync, sql: string): any[] => database.prepare(sql).all().map((row) => ({ ...row }));
const schema = (data: string) => looking(data, (database) => all(database, "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"));
const versions = (data: string) => looking(data, (database) => all(database, "SELECT version, name, checksum FROM schema_migrations ORDER BY version"));

/* Of each table the columns that it has now. */
type Shape = Record<string, string[]>;
const shapeOf = (data: string): Shape =>
  looking(data, (database) =>
    Object.fromEntries(
      all(database, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'schema_migrations'").map(({ name }) => [
        name,
        all(database, `PRAGMA table_info(${name})`).map((column) => column.name),
      ]),
    ),
  );
const rowsOf = (data: string, shape: Shape) =>
  looking(data, (database) => Object.fromEntries(Object.entries(shape).map(([name, columns]) => [name, all(database, `SELECT ${columns.join(", ")} FROM ${name} ORDER BY ${columns.join(", ")}`)])));

const rows = `
  INSERT INTO users VALUES ('u1', 'ada@tieline.test', 'Ada', 'hash', 1, 1, 1), ('u2', 'bea@tieline.test', 'Bea', 'hash', 0, 2, 2);
  INSERT INTO projects VALUES ('p1', 'P', 'key', 1, 1), ('p2', 'Q', 'key', 1, 1);
  INSERT INTO project_members VALUES ('p1', 'u1', 'owner', 1), ('p1', 'u2', 'viewer', 1), ('p2', 'u2', 'owner', 1);
  INSERT INTO workflows VALUES ('p1', 'w1', 'W', 0, 2, 'u1', 1, 1, NULL), ('p1', 'w2', 'V', 0, 1, NULL, 1, 1, 5);
  INSERT INTO workflow_versions VALUES ('p1', 'w1', 1, '{}', 'u1', 1), ('p1', 'w1', 2, '{}', 'u1', 2), ('p1', 'w2', 1, '{}', NULL, 1);
  INSERT INTO project_connections VALUES ('c1', 'p1', 'redis', 'C', 'tl1.sealed', '{}', 'u1', 1, 1, 'redis://h', 'h', 6379, 'disable', 1, NULL, NULL);
  INSERT INTO workflow_connections VALUES ('p1', 'w1', 1, 'n1', 'N', 'c1'), ('p1', 'w1', 2, 'n1', 'N', 'c1'), ('p1', 'w1', 2, 'n2', 'M', 'c1');
  INSERT INTO workflow_executions (project_id, id, workflow_id, workflow_name, workflow_version, status, created_at)
    VALUES ('p1', 'e1', 'w1', 'W', 1, 'queued', 1), ('p1', 'e2', 'w1', 'W', 1, 'running', 1), ('p1', 'e3', 'w1', 'W', 1, 'waiting', 1),
           ('p1', 'e4', 'w1', 'W', 2, 'failed', 1), ('p1', 'e5', 'w2', 'V', 1, 'succeeded', 1), ('p2', 'e6', 'w9', 'X', 1, 'cancelled', 1);
  INSERT INTO component_executions (project_id, execution_id, node_id, status) VALUES ('p1', 'e3', 'n1', 'waiting'), ('p1', 'e4', 'n1', 'failed');
  INSERT INTO execution_keys VALUES ('p1', 'k', 'e1', 'h', 1);`;

const fresh = join(folder, "fresh");
migrate(fresh);

/* Stores as earlier builds left them: with so many migrations, a process having died behind the last. Of a new one
 * the first statements, up to where the other begins. */
test.each([
  [0, 40],
  [3, 1000],
])("a store with %i migrations survives its end at each statement", { timeout: 180_000 }, (applied, most) => {
  const old = join(folder, `old${applied}`);
  let shape: Shape = {};
  if (applied > 0) {
    expect(migrate(old, `migrate.after_commit:${applied}`)).toBe("SIGKILL");
    looking(old, (database) => database.exec(rows));
    expect(versions(old).length).toBe(applied);
    shape = shapeOf(old);
    delete shape.server_meta; /* the first start adds to it */
  }
  const before = applied > 0 ? rowsOf(old, shape) : {};
  let statements = 0;
  while (statements < most) {
    const data = join(folder, "data");
    rmSync(data, { recursive: true, force: true });
    if (applied > 0) cpSync(old, data, { recursive: true });
    if (migrate(data, `store.statement:${statements + 1}`) === null) break;
    statements++;
    if (applied > 0) expect(versions(data).length, "whole migrations only").toBeGreaterThanOrEqual(applied);
    migrate(data);
    expect(schema(data), `killed at statement ${statements}`).toEqual(schema(fresh));
    expect(versions(data)).toEqual(versions(fresh));
    expect(looking(data, (database) => all(database, "PRAGMA integrity_check"))).toEqual([{ integrity_check: "ok" }]);
    expect(rowsOf(data, shape)).toEqual(before);
  }
  expect(statements).toBeGreaterThan(20);
});

test("a store that is up to date is opened by the program that made it", () => {
  expect(execFileSync(binary, ["migrate", "--data", fresh]).toString()).toBe("The store is up to date.\n");
});
