/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Row security of the PostgreSQL store, tried from outside with psql, as the roles that servers act as: every
 * table, every verb, for one's own rows, for a stranger's, and for nobody. Then with each policy taken
 * away in turn, which must be seen, or this test would see nothing.
 */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { administer, makeStore, type Store } from "./stores.ts";

const verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "MOVE"] as const;
type Verb = (typeof verbs)[number];

/* Two people, each with a project of their own, and in every table a row of each. */
const people = [randomUUID(), randomUUID()] as const;
const projects = [randomUUID(), randomUUID()] as const;
const [me, stranger] = people;
const [mine, foreign] = projects;

/* For whom a transaction is. */
const actors = {
  user: { role: "app", setting: "user_id", value: me },
  nobody: { role: "app" },
  project: { role: "engine", setting: "project_id", value: mine },
  system: { role: "engine", setting: "system", value: "on" },
  idle: { role: "engine" },
} as const;
type Actor = keyof typeof actors;

interface Table {
  /* The column that says whose a row is, and by what. */
  key: string;
  by: "project" | "person";
  where?: string;
  /* May this be done, with one's own row or with a stranger's? */
  may(actor: Actor, own: boolean, verb: Verb): boolean;
}

/* What members share; the server itself sees it across projects, or (`hidden`) only within one. */
const ofProject: Table = {
  key: "project_id",
  by: "project",
  may: (actor, own, verb) => actor === "system" || ((actor === "user" || actor === "project") && own && verb !== "MOVE"),
};
const hidden: Table = { ...ofProject, may: (actor, own, verb) => actor !== "system" && ofProject.may(actor, own, verb) };
const ofPerson: Table = {
  key: "user_id",
  by: "person",
  may: (actor, own, verb) => actor === "system" || (actor === "user" && own && verb !== "MOVE"),
};

const tables: Record<string, Table> = {
  project_members: ofProject,
  invitations: ofProject,
  workflows: ofProject,
  workflow_versions: hidden,
  workflow_connections: hidden,
  project_connections: hidden,
  workflow_executions: ofProject,
  component_executions: ofProject,
  execution_keys: ofProject,
  deleted_projects: ofProject,
  audit_log: ofProject,
  "audit_log of no project": { ...ofPerson, where: "project_id IS NULL" },
  /* Made by a function alone, since nobody is a member of what is not there yet. */
  projects: { key: "id", by: "project", may: (actor, own, verb) => ofProject.may(actor, own, verb) && !(actor === "user" && verb === "INSERT") },
  users: {
    key: "id",
    by: "person",
    may: (actor, own, verb) => actor === "system" || (verb === "SELECT" && (actor === "user" || actor === "project")) || (verb === "UPDATE" && actor === "user" && own),
  },
  sessions: ofPerson,
  sign_in_codes: ofPerson,
  tokens: ofPerson,
  /* Nobody's, and for the server alone. */
  server_meta: { key: "name", by: "project", may: (actor) => actors[actor].role === "engine" },
  schema_migrations: { key: "name", by: "project", may: (actor, _own, verb) => actors[actor].role === "engine" && verb === "SELECT" },
};

let store: Store;

function psql(url: string, script: string): string[] {
  const words = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=0", url];
  return execFileSync("psql", words, { input: script, stdio: ["pipe", "pipe", "ignore"], maxBuffer: 1 << 26 }).toString().trim().split("\n");
}

function rowsOf(i: 0 | 1): string {
  const [user, project, id, now] = [people[i], projects[i], randomUUID(), "'2026-01-01Z'"];
  return `
    INSERT INTO users VALUES ('${user}', 'u${i}@example.com', 'u${i}', 'hash', FALSE, ${now}, ${now});
    INSERT INTO projects VALUES ('${project}', 'p${i}', 'key', ${now}, ${now});
    INSERT INTO project_members VALUES ('${project}', '${user}', 'owner', ${now});
    INSERT INTO invitations VALUES ('${id}', '${project}', 'guest@example.com', 'viewer', 'code${i}', '${user}', ${now}, ${now});
    INSERT INTO deleted_projects VALUES ('${project}', ${now});
    INSERT INTO audit_log VALUES ('${id}', '${project}', '${user}', 'done', NULL, NULL, ${now});
    INSERT INTO audit_log VALUES ('${randomUUID()}', NULL, '${user}', 'done', NULL, NULL, ${now});
    INSERT INTO sessions VALUES ('${id}', 'session${i}', '${user}', ${now}, ${now});
    INSERT INTO sign_in_codes VALUES ('${user}', 'code${i}', ${now});
    INSERT INTO tokens VALUES ('${id}', '${user}', 'name', 'prefix', 'hash${i}', 'read', ${now});
    INSERT INTO workflows VALUES ('${project}', '${id}', 'w', TRUE, 1, '${user}', ${now}, ${now});
    INSERT INTO workflow_versions VALUES ('${project}', '${id}', 1, '{}', '${user}', ${now});
    INSERT INTO project_connections VALUES ('${id}', '${project}', 'redis', 'c', 'sealed', '{}', '${user}', ${now}, ${now}, 'redacted', 'host', 1, 'none', 1);
    INSERT INTO workflow_connections VALUES ('${project}', '${id}', 1, 'n', '${id}', 'n');
    INSERT INTO workflow_executions (project_id, id, workflow_id, workflow_name, workflow_version, status, created_at)
      VALUES ('${project}', '${id}', '${id}', 'w', 1, 'queued', ${now});
    INSERT INTO component_executions (project_id, execution_id, node_id, status) VALUES ('${project}', '${id}', 'n', 'pending');
    INSERT INTO execution_keys VALUES ('${project}', 'k', '${id}', 'hash', ${now});
    INSERT INTO server_meta VALUES ('${project}', 'value', ${now});
    INSERT INTO schema_migrations VALUES (${i}, '${project}', 'sum', 0);`;
}

/* Both rows of each table, as JSON, for inserting them once more. */
const rows = new Map<string, [string, string]>();

beforeAll(() => {
  store = makeStore();
  administer(`SET search_path = tieline; ${rowsOf(0)} ${rowsOf(1)}`, store.database);
  for (const [name, table] of Object.entries(tables)) {
    const [bare] = name.split(" ");
    const one = (i: 0 | 1) =>
      administer(`SELECT row_to_json(t) FROM tieline.${bare} t WHERE ${table.key}::text = '${(table.by === "project" ? projects : people)[i]}' AND ${table.where ?? "TRUE"} LIMIT 1`, store.database);
    rows.set(name, [one(0), one(1)]);
  }
});

/* One try, in a transaction that is undone. */
function attempt(name: string, table: Table, actor: Actor, own: boolean, verb: Verb): string {
  const [bare] = name.split(" ");
  const [ours, theirs] = table.by === "project" ? [mine, foreign] : [me, stranger];
  const which = `${table.key} = '${own ? ours : theirs}' AND ${table.where ?? "TRUE"}`;
  const column = bare === "users" && verb === "UPDATE" ? "password_hash" : table.key;
  const as = actors[actor];
  const statement = {
    SELECT: `SELECT ${table.key} FROM ${bare} WHERE ${which}`,
    INSERT: `INSERT INTO ${bare} SELECT * FROM json_populate_record(NULL::${bare}, '${rows.get(name)![own ? 0 : 1]}')`,
    UPDATE: `UPDATE ${bare} SET ${column} = ${column === table.key ? column : "'x'"} WHERE ${which}`,
    DELETE: `DELETE FROM ${bare} WHERE ${which}`,
    MOVE: `UPDATE ${bare} SET ${table.key} = '${own ? theirs : ours}' WHERE ${which}`,
  }[verb];
  /* What goes before travels together: these are many. */
  return `ROLLBACK TO attempt\\; SET LOCAL ROLE ${store.database}_${as.role}\\;
    ${"setting" in as ? `SELECT set_config('tieline.${as.setting}', '${as.value}', TRUE)` : "SELECT 1"} \\g /dev/null
    ${statement} \\g /dev/null
    \\echo ${name.replaceAll(" ", "-")} ${actor} ${own ? "own" : "foreign"} ${verb} :SQLSTATE :ROW_COUNT\n`;
}

function attempts(names: string[]): string {
  let script = "SAVEPOINT attempt;\n";
  for (const name of names)
    for (const actor of Object.keys(actors) as Actor[])
      for (const own of [true, false]) for (const verb of verbs) script += attempt(name, tables[name]!, actor, own, verb);
  return script;
}

/* What was told by attempts(), where it is not as it should be. */
function surprises(lines: string[]): string[] {
  return lines.filter((line) => {
    const [name, actor, whose, verb, state, count] = line.split(" ") as [string, Actor, string, Verb, string, string];
    /* A row that was reached may be in the way of another: that is no refusal. */
    const let_in = verb === "INSERT" ? state !== "42501" : state !== "42501" && (state !== "00000" || Number(count) > 0);
    return let_in !== tables[name.replaceAll("-", " ")]!.may(actor, whose === "own", verb);
  });
}

const begin = "\\set VERBOSITY sqlstate\nBEGIN;\nSET LOCAL search_path = tieline;\n";
const everything = Object.keys(tables);
const namesOf = (table: string) => everything.filter((name) => name.split(" ")[0] === table);

/* Changes of the schema, each made and undone again, that no attempt notices. */
function unseen(mutants: { change: string; names: string[] }[]): string[] {
  const script = mutants.map(({ change, names }) => `${begin}${change};\n\\echo mutant\n${attempts(names)}ROLLBACK;\n`).join("");
  const told = psql(store.owner, script).join("\n").split(/^mutant\n/m).slice(1);
  expect(told).toHaveLength(mutants.length);
  return mutants.filter((_, i) => surprises(told[i]!.trim().split("\n")).length === 0).map(({ change }) => change);
}


test("every table is known here, and row security binds its owner too", () => {
  const found = administer("SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'tieline'::regnamespace", store.database).split("\n");
  expect(found.sort()).toEqual([...new Set(everything.map((name) => name.split(" ")[0]))].map((name) => `${name}|${/^(server_meta|schema_migrations)$/.test(name!) ? "f" : "t"}`).sort());
});

test("every verb on every table does what it may, for one's own, for a stranger's, for nobody", () => {
  const lines = psql(store.server, `${begin}${attempts(everything)}ROLLBACK;`);
  expect(lines).toHaveLength(everything.length * Object.keys(actors).length * 2 * verbs.length);
  expect(surprises(lines)).toEqual([]);
});

test("behind a transaction its scope is nobody's", () => {
  const look = "SET LOCAL ROLE ROLE_; SELECT count(*) FROM tieline.project_connections;".replace("ROLE_", `${store.database}_app`);
  const scope = `SELECT set_config('tieline.user_id', '${me}', TRUE) \\g /dev/null\n`;
  for (const end of ["COMMIT", "ROLLBACK"])
    expect(psql(store.server, `BEGIN; ${scope} ${look} ${end}; BEGIN; ${look} ROLLBACK;`)).toEqual(["1", "0"]);
});

test("a project is made by a user for themselves only", () => {
  const make = (owner: string) => `SELECT tieline.project_create('${randomUUID()}', 'n', 'k', now(), now(), '${owner}') \\g /dev/null\n\\echo :SQLSTATE\n`;
  const as = `BEGIN; SET LOCAL ROLE ${store.database}_app; SELECT set_config('tieline.user_id', '${me}', TRUE) \\g /dev/null\n`;
  expect(psql(store.server, `${as} ${make(me)} ROLLBACK; ${as} ${make(stranger)} ROLLBACK;`)).toEqual(["00000", "42501"]);
});

test("a policy that is missing is seen, each of them", () => {
  const policies = administer("SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'tieline' ORDER BY 2, 1", store.database).split("\n").map((line) => line.split("|"));
  expect(policies.length).toBeGreaterThan(40);
  /* "places" is of the owner's own view: below. */
  const mutants = policies.filter(([policy]) => policy !== "places").map(([policy, table]) => ({
    change: `DROP POLICY ${policy} ON ${table}`,
    names: policy === "memberships" ? everything : namesOf(table!),
  }));
  expect(unseen(mutants)).toEqual([]);
}, 120_000);

test("a table whose row security is off, or a policy that lets everybody in, is seen", () => {
  const bound = everything.filter((name) => !/^(server_meta|schema_migrations)$/.test(name)).map((name) => name.split(" ")[0]!);
  const mutants = bound.flatMap((table) => [
    { change: `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`, names: namesOf(table) },
    { change: `CREATE POLICY everybody ON ${table} USING (TRUE)`, names: namesOf(table) },
  ]);
  expect(unseen(mutants)).toEqual([]);
}, 120_000);

test("whose a connection is may be looked up, and only that, by those who may know", () => {
  const look = "SELECT count(*), count(*) FILTER (WHERE project_id = 'MINE') FROM tieline.connection_places;".replace("MINE", mine);
  const seen = (before = "") =>
    psql(
      store.owner,
      (Object.keys(actors) as Actor[])
        .map((actor) => {
          const as = actors[actor];
          const setting = "setting" in as ? `SELECT set_config('tieline.${as.setting}', '${as.value}', TRUE) \\g /dev/null\n` : "";
          return `BEGIN; ${before} SET LOCAL ROLE ${store.database}_${as.role}; ${setting} ${look} ROLLBACK;\n`;
        })
        .join(""),
    );
  expect(seen()).toEqual(["1|1", "0|0", "1|1", "2|1", "0|0"]); /* user, nobody, project, system, idle */
  /* The others see it by the roles that this owner may take on; the operator by this alone. */
  expect(seen("DROP POLICY places ON tieline.project_connections;")[3]).toBe("0|0");
  expect(administer("SELECT string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.columns WHERE table_name = 'connection_places'", store.database)).toBe("id project_id");
});
