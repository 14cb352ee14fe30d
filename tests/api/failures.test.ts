/* SPDX-License-Identifier: Apache-2.0 */
/* Each classic way for a connection to fail has words and advice of its own, as a test of it tells them. */
import { execFileSync } from "node:child_process";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addUser, client, needed, newFolder, serve, type Caller } from "./harness.ts";

/* A person may test thirty times a minute. */
const people: { caller: Caller; projectId: string; left: number }[] = [];

beforeAll(async () => {
  const data = newFolder();
  const tokens = ["ada", "ben", "cleo", "dan"].map((name) => addUser(data, name));
  const server = await serve(data);
  for (const token of tokens) {
    const caller = client(server, token);
    people.push({ caller, projectId: (await caller.mutation("projects.create", { name: "P" })).id, left: 30 });
  }
});

const kindOf = (connectionUrl: string) => (connectionUrl.startsWith("postgres") ? "postgresql" : "redis");

function tried(connectionUrl: string, config: object = {}): Promise<any> {
  const person = people.find((one) => one.left-- > 0)!;
  const { caller, projectId } = person;
  return caller.mutation("connections.test", { projectId, connectionType: kindOf(connectionUrl), connectionUrl, config });
}

const postgresql = new URL(needed("PGURL"));
const redis = new URL(needed("REDISURL"));
const change = (url: URL, how: (copy: URL) => void) => {
  const copy = new URL(url);
  how(copy);
  return copy.href;
};
const admin = (sql: string) => {
  const url = process.env.PGADMINURL;
  if (!url) throw new Error("PGADMINURL must name a server: tools/servers run");
  return execFileSync("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url, "-c", sql]).toString().trim();
};

/* --- servers that say one thing --- */

interface Script {
  /* On connecting. */
  greeting?: Buffer | string;
  /* To each piece that comes; undefined: silence, null: hang up. */
  answer?: (piece: Buffer, turn: number) => Buffer | string | undefined | null;
}

async function scripted({ greeting, answer }: Script): Promise<number> {
  const open = new Set<Socket>();
  const listener = createServer((socket) => {
    let turn = 0;
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
    if (greeting) socket.write(greeting);
    socket.on("data", (piece) => {
      const reply = answer?.(piece, turn++);
      if (reply === null) socket.end();
      else if (reply !== undefined) socket.write(reply);
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => listener.once("listening", resolve));
  afterAll(() => {
    for (const socket of open) socket.destroy();
    listener.close();
  });
  return (listener.address() as AddressInfo).port;
}

const isSslRequest = (piece: Buffer) => piece.length === 8 && piece.readUInt32BE(4) === 80877103;

/* PostgreSQL's ErrorResponse. */
function errorResponse(state: string, message: string, severity = "FATAL"): Buffer {
  const fields = Buffer.from(`S${severity}\0V${severity}\0C${state}\0M${message}\0\0`);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(fields.length + 4);
  return Buffer.concat([Buffer.from("E"), length, fields]);
}
const pgRefuses = (state: string, message: string): Script => ({
  answer: (piece) => (isSslRequest(piece) ? "N" : errorResponse(state, message)),
});
const redisSays = (line: string): Script => ({ answer: () => `${line}\r\n` });

const http: Script = {
  answer: () => "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
};
const ssh: Script = { greeting: "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n" };
const mysql: Script = {
  greeting: Buffer.from("4a0000000a382e302e3335002a000000" + "41".repeat(62), "hex"),
};
const silent: Script = {};

/* --- the table --- */

interface Row {
  name: string;
  url: () => string | Promise<string>;
  error: string;
  message: string | RegExp; /* behind "Connection failed: " */
  advice: string | RegExp;
  stage: string; /* that failed */
}

const pgAt = async (script: Script, more = "") => `postgresql://app:secret@127.0.0.1:${await scripted(script)}/d${more}`;
const redisAt = async (script: Script, scheme = "redis") => `${scheme}://:secret@127.0.0.1:${await scripted(script)}`;
const closedPort = async () => {
  const listener = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => listener.once("listening", resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
};

const pgPort = "Check host and port: PostgreSQL listens on 5432 unless it was told otherwise.";
const redisPort = "Check host and port: Redis listens on 6379 unless it was told otherwise.";
const pgAuth = /^Check user and password, and that pg_hba\.conf lets this user in/;
const redisAuth = /^Check user and password\. A password without a user is written/;
const strangers: [string, Script, string][] = [
  ["HTTP", http, "a web server (HTTP) answers on"],
  ["SSH", ssh, "an SSH server answers on"],
  ["MySQL", mysql, "a MySQL or MariaDB server answers on"],
];

const rows: Row[] = [
  /* The network. Names and dropped packets: tests/integration/test_network.c. */
  { name: "PostgreSQL: nobody listens", url: async () => `postgresql://a:b@127.0.0.1:${await closedPort()}/d`,
    error: "REFUSED", message: /refused/i, advice: /listen_addresses/, stage: "connect" },
  { name: "Redis: nobody listens", url: async () => `redis://:b@127.0.0.1:${await closedPort()}`,
    error: "REFUSED", message: /^connection refused by 127\.0\.0\.1:\d+$/, advice: /\(bind\)/, stage: "connect" },
  { name: "metadata address", url: () => "redis://:b@169.254.169.254", error: "EGRESS_DENIED",
    message: '"169.254.169.254" is an address this server may not reach', advice: "An administrator can allow it.", stage: "resolve" },
  { name: "PostgreSQL: silence", url: () => pgAt(silent), error: "TIMEOUT",
    message: /did not agree on TLS in time$/, advice: /took the connection but/, stage: "tls" },
  { name: "Redis: silence", url: () => redisAt(silent), error: "TIMEOUT",
    message: "no answer in time", advice: /took the connection but/, stage: "sign-in" },

  /* PostgreSQL, a real one. */
  { name: "PostgreSQL: wrong password", url: () => change(postgresql, (url) => (url.password = "wrong")), error: "AUTH_FAILED",
    message: 'could not sign in: password authentication failed for user "tieline"', advice: pgAuth, stage: "sign-in" },
  { name: "PostgreSQL: no password", url: () => change(postgresql, (url) => (url.password = "")), error: "AUTH_FAILED",
    message: /the server wants a password, and the URL gives none$/, advice: pgAuth, stage: "sign-in" },
  { name: "PostgreSQL: unknown user", url: () => change(postgresql, (url) => (url.username = "nobody_here")), error: "AUTH_FAILED",
    message: 'could not sign in: password authentication failed for user "nobody_here"', advice: pgAuth, stage: "sign-in" },
  { name: "PostgreSQL: unknown database", url: () => change(postgresql, (url) => (url.pathname = "/not_here")), error: "DATABASE_MISSING",
    message: 'could not sign in: database "not_here" does not exist', advice: "Check the database name at the end of the URL.", stage: "sign-in" },
  { name: "PostgreSQL: too many connections of a role", url: () => {
      admin("SET client_min_messages = error; DROP ROLE IF EXISTS one_only; CREATE ROLE one_only LOGIN PASSWORD 'secret' CONNECTION LIMIT 0");
      return change(postgresql, (url) => { url.username = "one_only"; url.password = "secret"; });
    }, error: "TOO_MANY_CONNECTIONS", message: 'could not sign in: too many connections for role "one_only"', advice: /config\.pool\.max/, stage: "sign-in" },

  /* PostgreSQL, states that one cannot hold a real server in. */
  { name: "PostgreSQL: too many clients", url: () => pgAt(pgRefuses("53300", "sorry, too many clients already")), error: "TOO_MANY_CONNECTIONS",
    message: "could not sign in: sorry, too many clients already", advice: /config\.pool\.max/, stage: "sign-in" },
  { name: "PostgreSQL: starting up", url: () => pgAt(pgRefuses("57P03", "the database system is starting up")), error: "SERVER_ERROR",
    message: "could not sign in: the database system is starting up", advice: /^The server is starting up or shutting down/, stage: "sign-in" },
  { name: "PostgreSQL: no entry in pg_hba.conf", error: "AUTH_FAILED",
    url: () => pgAt(pgRefuses("28000", 'no pg_hba.conf entry for host "127.0.0.1", user "app", database "d", no encryption')),
    message: /^could not sign in: no pg_hba\.conf entry for host "127\.0\.0\.1", user "app"/, advice: /^The server's pg_hba\.conf has no line for this user/, stage: "sign-in" },
  { name: "PostgreSQL: no entry in pg_hba.conf for plain text", error: "TLS_REQUIRED",
    url: () => pgAt(pgRefuses("28000", 'no pg_hba.conf entry for host "127.0.0.1", user "app", database "d", no encryption'), "?sslmode=disable"),
    message: /no pg_hba\.conf entry/, advice: /^The server takes encrypted connections only: add \?sslmode=require/, stage: "sign-in" },
  { name: "PostgreSQL: a role that may not log in", url: () => pgAt(pgRefuses("28000", 'role "app" is not permitted to log in')), error: "AUTH_FAILED",
    message: 'could not sign in: role "app" is not permitted to log in', advice: /pg_hba\.conf has no line/, stage: "sign-in" },
  { name: "PostgreSQL: TLS demanded of a plain server", url: () => pgAt({ answer: (piece) => (isSslRequest(piece) ? "N" : null) }, "?sslmode=require"),
    error: "TLS_NOT_OFFERED", message: /server does not support SSL/, advice: /^Turn TLS on at the server/, stage: "tls" },

  /* Redis, a real one. */
  { name: "Redis: no password", url: () => change(redis, (url) => { url.username = ""; url.password = ""; }), error: "AUTH_FAILED",
    message: /^the server wants a password: NOAUTH /, advice: /^Give the password: redis:\/\/:password@host/, stage: "sign-in" },
  { name: "Redis: wrong password", url: () => change(redis, (url) => (url.password = "wrong")), error: "AUTH_FAILED",
    message: /^user or password was refused: WRONGPASS /, advice: redisAuth, stage: "sign-in" },
  { name: "Redis: unknown user", url: () => change(redis, (url) => (url.username = "nobody")), error: "AUTH_FAILED",
    message: /^user or password was refused: WRONGPASS /, advice: redisAuth, stage: "sign-in" },
  { name: "Redis: unknown database", url: () => change(redis, (url) => (url.pathname = "/9999")), error: "DATABASE_MISSING",
    message: /out of range/, advice: "Check the database number at the end of the URL.", stage: "sign-in" },

  /* Redis, states that one cannot hold a real server in. */
  { name: "Redis: a password where there is none", error: "AUTH_FAILED", advice: redisAuth, stage: "sign-in",
    url: () => redisAt(redisSays("-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")),
    message: /^the server has no password, but the URL gives one: ERR AUTH/ },
  { name: "Redis: protected mode", url: () => redisAt({ greeting: "-DENIED Redis is running in protected mode because protected mode is enabled\r\n", answer: () => null }),
    error: "AUTH_FAILED", message: /^the server lets in nobody from elsewhere: DENIED/, advice: /^Redis runs in protected mode/, stage: "sign-in" },
  { name: "Redis: loading", url: async () => (await redisAt(redisSays("-LOADING Redis is loading the dataset in memory"))).replace(":secret@", ""),
    error: "SERVER_ERROR", message: "LOADING Redis is loading the dataset in memory", advice: /^The server is loading its data/, stage: "sign-in" },
  { name: "Redis: too many clients", url: () => redisAt({ greeting: "-ERR max number of clients reached\r\n", answer: () => null }),
    error: "TOO_MANY_CONNECTIONS", message: "ERR max number of clients reached", advice: /config\.pool\.max/, stage: "sign-in" },
  { name: "Redis: no permission", url: () => redisAt(redisSays("-NOPERM this user has no permissions to run the 'auth' command")), error: "AUTH_FAILED",
    message: /^NOPERM /, advice: /^Grant the user this command/, stage: "sign-in" },
  { name: "Redis: TLS demanded of a plain server", url: () => change(redis, (url) => (url.href = url.href.replace("redis:", "rediss:"))).replace("redis:", "rediss:"),
    error: "TLS_NOT_OFFERED", message: "the server does not speak TLS on this port: write redis:// in the URL", advice: /begin the URL with redis:\/\//, stage: "tls" },

  /* The port of somebody else. */
  ...strangers.flatMap(([name, script, says]): Row[] => [
    { name: `PostgreSQL: ${name}`, url: () => pgAt(script), error: "SERVER_PROTOCOL",
      message: new RegExp(`^${says.replace(/[()]/g, "\\$&")} "127\\.0\\.0\\.1" port \\d+, not a PostgreSQL server$`), advice: pgPort, stage: "" },
    { name: `PostgreSQL without TLS: ${name}`, url: () => pgAt(script, "?sslmode=disable"), error: "SERVER_PROTOCOL",
      message: new RegExp(`^${says.replace(/[()]/g, "\\$&")} "127\\.0\\.0\\.1" port \\d+, not a PostgreSQL server$`), advice: pgPort, stage: "" },
    { name: `Redis: ${name}`, url: () => redisAt(script), error: "SERVER_PROTOCOL",
      message: new RegExp(`^${says.replace(/[()]/g, "\\$&")} "127\\.0\\.0\\.1" port \\d+, not a Redis server$`), advice: redisPort, stage: "" },
    { name: `Redis over TLS: ${name}`, url: () => redisAt(script, "rediss"), error: "SERVER_PROTOCOL",
      message: new RegExp(`^${says.replace(/[()]/g, "\\$&")} "127\\.0\\.0\\.1" port \\d+, not a Redis server$`), advice: redisPort, stage: "tls" },
  ]),
  { name: "PostgreSQL: Redis", url: () => `postgresql://a:b@127.0.0.1:${redis.port}/d`, error: "SERVER_PROTOCOL",
    message: /^a server of Redis answers on .*, not a PostgreSQL server$/, advice: pgPort, stage: "" },
  { name: "Redis: PostgreSQL", url: () => `redis://:b@127.0.0.1:${postgresql.port}`, error: "SERVER_PROTOCOL",
    message: /^a server of PostgreSQL answers on .*, not a Redis server$/, advice: redisPort, stage: "sign-in" },
  { name: "Redis over TLS: PostgreSQL", url: () => `rediss://:b@127.0.0.1:${postgresql.port}`, error: "SERVER_PROTOCOL",
    message: /^a server of PostgreSQL answers on .*, not a Redis server$/, advice: redisPort, stage: "tls" },
];

describe("a failed test says what happened and what to do", () => {
  test.each(rows)("$name", async (row) => {
    const began = Date.now();
    const result = await tried(await row.url());
    expect(result, JSON.stringify(result)).toMatchObject({ success: false, error: row.error });
    expect(Date.now() - began).toBeLessThan(6_500);
    expect(result.message).toMatch(/^Connection failed: /);
    const message = result.message.slice("Connection failed: ".length);
    if (typeof row.message === "string") expect(message).toBe(row.message);
    else expect(message).toMatch(row.message);
    if (typeof row.advice === "string") expect(result.advice).toBe(row.advice);
    else expect(result.advice).toMatch(row.advice);
    const last = result.stages.at(-1);
    expect(last).toMatchObject({ ok: false, error: message });
    if (row.stage) expect(last.name).toBe(row.stage);
    expect(JSON.stringify(result)).not.toContain("secret");
  });
});

/* --- the policy "strict" --- */

test("addresses that the policy denies answer alike, in tests and in executions", async () => {
  const data = newFolder();
  const token = addUser(data, "sue");
  const strict = client(await serve(data, "--egress", "strict", "--egress-allow", `127.0.0.1/32:${postgresql.port}`), token);
  const projectId = (await strict.mutation("projects.create", { name: "P" })).id;
  const answer = async (connectionUrl: string) => {
    const result = await strict.mutation("connections.test", { projectId, connectionType: kindOf(connectionUrl), connectionUrl });
    return JSON.parse(JSON.stringify({ ...result, latencyMs: 0, stages: result.stages.map((stage: any) => ({ ...stage, ms: 0 })) }));
  };
  expect(await answer(postgresql.href)).toMatchObject({ success: true });
  const denied = {
    success: false, error: "EGRESS_DENIED", advice: "An administrator can allow it.",
    message: 'Connection failed: "127.0.0.1" is an address this server may not reach', stages: [{ name: "resolve", ok: false }],
  };
  const there = await answer(redis.href);
  expect(there).toMatchObject(denied);
  expect(await answer(`redis://:b@127.0.0.1:${await closedPort()}`)).toEqual(there);
  /* The right port of a name that leads there, of another spelling, of the same address in version 6. */
  const mapped = `${postgresql.href.replace("127.0.0.1", "[::ffff:127.0.0.1]")}?sslmode=disable`; /* not nearby by its text */
  expect(await answer(mapped)).toMatchObject({ success: true });
  expect(await answer(redis.href.replace("127.0.0.1", "localhost"))).toMatchObject({ error: "EGRESS_DENIED" });
  expect(await answer(redis.href.replace("127.0.0.1", "[::ffff:7f00:1]"))).toMatchObject({ error: "EGRESS_DENIED" });
  for (const spelling of ["0177.0.0.1", "0x7f.0.0.1", "2130706433", "127.1", "0x7f000001", "127.0.1"]) {
    const refusal = await strict.mutation("connections.test", {
      projectId, connectionType: "redis", connectionUrl: `redis://:b@${spelling}` }).then(() => "taken", (error: any) => error.shape.data.reason);
    expect(refusal, spelling).toBe("INVALID_HOST");
  }

  const connectionId = (await strict.mutation("connections.create", {
    projectId, connectionType: "redis", name: "denied", connectionUrl: redis.href })).id;
  const nodes = [{ id: "n", type: "redis-command", name: "n", config: { connectionId, command: "GET", key: "k" } }];
  const workflowId = (await strict.mutation("workflows.create", { projectId, name: "w", definition: { nodes, edges: [] } })).id;
  const { execution } = await strict.mutation("workflows.execute", { workflowId, waitMs: 20_000 });
  expect(execution).toMatchObject({ status: "failed", error: { code: "EGRESS_DENIED" } });
});
