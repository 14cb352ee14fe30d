/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS with real servers and authorities of the test's own: what each mode asks of the server's
 * certificate, certificates of ours, and what is said when the two do not come together.
 */
import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { addUser, client, newFolder, refused, serve, type Caller } from "./harness.ts";

/* Servers of its own: it changes their certificates. Their users must be able to enter the folder. */
const home = mkdtempSync(join(tmpdir(), "tieline-tls."));
const folder = join(home, "servers");
const certificates = join(home, "certificates");
const servers = join(import.meta.dirname, "../../tools/servers");
const env: Record<string, string> = {};
const people: { caller: Caller; projectId: string; left: number }[] = [];

const openssl = (...words: string[]) => execFileSync("openssl", words, { cwd: certificates, stdio: ["ignore", "ignore", "pipe"] });
const pem = (name: string) => readFileSync(join(certificates, name)).toString();
const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

function authority(name: string) {
  openssl("req", "-x509", ...key, "-days", "30", "-subj", `/CN=${name}`, "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    "-keyout", `${name}.key`, "-out", `${name}.crt`);
}

function certificate(name: string, by: string, names: string, ...more: string[]) {
  openssl("req", ...key, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
  writeFileSync(join(certificates, `${name}.ext`), `subjectAltName=${names}\nbasicConstraints=critical,CA:FALSE\n`);
  openssl("x509", "-req", "-in", `${name}.csr`, "-CA", `${by}.crt`, "-CAkey", `${by}.key`, "-CAcreateserial",
    "-extfile", `${name}.ext`, "-out", `${name}.crt`, ...(more.length ? more : ["-days", "30"]));
}

/* As the database's own user may read it. */
function give(file: string, text: string, like: string) {
  writeFileSync(file, text, { mode: 0o600 });
  const { uid, gid } = statSync(like);
  if (process.getuid!() === 0) chownSync(file, uid, gid);
}

const psql = (sql: string) =>
  execFileSync("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", env.PGADMINURL!], { input: sql }).toString().trim();

/* New sessions meet the new settings once one of them shows the last of them. */
async function postgresqlWith(settings: Record<string, string>) {
  psql(Object.entries(settings).map(([name, value]) => `ALTER SYSTEM SET ${name} = '${value}';`).join("\n"));
  psql("SELECT pg_reload_conf()");
  for (const [name, value] of Object.entries(settings))
    await vi.waitUntil(() => psql(`SHOW ${name}`) === value, { timeout: 20_000 });
}

const redisCli = (...words: string[]) => {
  const url = new URL(env.REDISURL!);
  const said = execFileSync("redis-cli", ["-h", url.hostname, "-p", url.port, "--no-auth-warning", "-a", url.password, ...words]).toString().trim();
  expect(said).toBe("OK");
};

async function serverShows(name: string) {
  const text = { crt: pem(`${name}.crt`), key: pem(`${name}.key`) };
  for (const [server, like] of [["pgconf", "pg"], ["redis", "redis"]] as const)
    for (const kind of ["crt", "key"] as const) give(join(folder, server, `${name}.${kind}`), text[kind], join(folder, like));
  await postgresqlWith({
    ssl: "on", ssl_cert_file: join(folder, "pgconf", `${name}.crt`), ssl_key_file: join(folder, "pgconf", `${name}.key`),
  });
  redisCli("CONFIG", "SET", "tls-cert-file", join(folder, "redis", `${name}.crt`), "tls-key-file", join(folder, "redis", `${name}.key`));
}

beforeAll(async () => {
  execFileSync("chmod", ["711", home]);
  mkdirSync(certificates);
  const lines = execFileSync(servers, ["start", folder, "--tls", "--with", String(process.pid)]).toString();
  for (const line of lines.trim().split("\n")) env[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
  authority("ours");
  authority("theirs");
  certificate("good", "ours", "DNS:localhost,IP:127.0.0.1");
  certificate("elsewhere", "ours", "DNS:db.example.com");
  certificate("expired", "ours", "DNS:localhost,IP:127.0.0.1", "-days", "-1");
  certificate("foreign", "theirs", "DNS:localhost,IP:127.0.0.1");
  openssl("req", "-x509", ...key, "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
    "-keyout", "alone.key", "-out", "alone.crt");
  certificate("client", "ours", "DNS:client");
  certificate("stranger", "theirs", "DNS:client");

  const data = newFolder();
  const tokens = ["ada", "ben", "cleo", "dan", "eva", "fred"].map((name) => addUser(data, name));
  const server = await serve(data);
  for (const token of tokens) {
    const caller = client(server, token);
    people.push({ caller, projectId: (await caller.mutation("projects.create", { name: "P" })).id, left: 30 });
  }
}, 120_000);

afterAll(() => {
  execFileSync(servers, ["stop", folder]);
  rmSync(home, { recursive: true, force: true });
});

function tried(connectionUrl: string, tls?: object): Promise<any> {
  const { caller, projectId } = people.find((one) => one.left-- > 0)!;
  const connectionType = connectionUrl.startsWith("postgres") ? "postgresql" : "redis";
  return caller.mutation("connections.test", { projectId, connectionType, connectionUrl, ...(tls && { config: { tls } }) });
}

/* By the name, which is nearby: modes are said. */
const pgUrl = (more = "", variable = "PGURL") => env[variable]!.replace("127.0.0.1", "localhost") + more;
const redisUrl = () => env.REDISTLSURL!.replace("127.0.0.1", "localhost");
const ours = () => pem("ours.crt");
const identity = (name: string, keyOf = name) => ({ clientCertPem: pem(`${name}.crt`), clientKeyPem: pem(`${keyOf}.key`) });

/* What a test must say: in, and how (verified, unverified, off), or the code and part of the words. */
type Outcome = "verified" | "unverified" | "off" | [error: string, message: RegExp];

function judge(result: any, outcome: Outcome) {
  const told = JSON.stringify(result);
  if (typeof outcome === "string") {
    expect(result.success, told).toBe(true);
    expect(result.tls ?? "off", told).toBe(outcome);
    expect(result.stages.map((stage: any) => stage.name)).toEqual(
      ["resolve", "connect", "tls", "sign-in", "query"].filter((name) => outcome !== "off" || name !== "tls"));
    return;
  }
  expect(result.success, told).toBe(false);
  expect(result.error, told).toMatch(new RegExp(`^(${outcome[0]})$`));
  expect(result.message, told).toMatch(outcome[1]);
  expect(result.advice, told).toMatch(/\.$/);
  expect(result.stages.at(-1).ok, told).toBe(false);
}

const untrusted: Outcome = ["TLS_UNTRUSTED", /certificate is not trusted: /];
const wrongName: Outcome = ["TLS_WRONG_NAME", /certificate is not made out to "localhost"|does not match host name "localhost"/];
const outOfDate: Outcome = ["TLS_EXPIRED", /certificate is out of date: /];

/* For each certificate of the server: the mode, whether our authority is given, what comes of it. */
const shown: [certificate: string, cases: [mode: string, ca: boolean, outcome: Outcome][]][] = [
  ["good", [
    ["verify-full", true, "verified"], ["verify-full", false, untrusted],
    ["verify-ca", true, "verified"], ["verify-ca", false, untrusted],
    ["require", true, "verified"], ["require", false, "unverified"],
  ]],
  ["elsewhere", [["verify-full", true, wrongName], ["verify-ca", true, "verified"], ["require", false, "unverified"]]],
  ["expired", [
    ["verify-full", true, outOfDate], ["verify-ca", true, outOfDate], ["require", true, outOfDate], ["require", false, "unverified"],
  ]],
  ["foreign", [["verify-full", true, untrusted], ["verify-ca", true, untrusted], ["require", false, "unverified"]]],
  ["alone", [["verify-full", true, untrusted], ["require", false, "unverified"]]],
];

describe.each(shown)("a server that shows the certificate \"%s\"", (name, cases) => {
  beforeAll(() => serverShows(name), 60_000);
  test.each(cases)("%s, authority given: %s", async (mode, ca, outcome) => {
    const tls = { mode, ...(ca && { caPem: ours() }) };
    judge(await tried(pgUrl(), tls), outcome);
    judge(await tried(pgUrl(`?sslmode=${mode}`), ca ? { caPem: ours() } : undefined), outcome);
    judge(await tried(redisUrl(), tls), outcome);
  });
});

describe("what is said and what is meant", () => {
  beforeAll(() => serverShows("good"), 60_000);

  test("an authority without a mode is asked, also nearby; none is no check there", async () => {
    judge(await tried(pgUrl(), { caPem: ours() }), "verified");
    judge(await tried(pgUrl(), { caPem: pem("theirs.crt") }), untrusted);
    judge(await tried(pgUrl()), "unverified");
    judge(await tried(redisUrl(), { caPem: ours() }), "verified");
    judge(await tried(redisUrl()), untrusted);
  });

  test("several authorities in one text", async () => {
    judge(await tried(pgUrl(), { caPem: pem("theirs.crt") + ours() }), "verified");
    judge(await tried(redisUrl(), { caPem: pem("theirs.crt") + ours() }), "verified");
  });

  test("no TLS where none is wanted, and not where it is demanded", async () => {
    judge(await tried(pgUrl("?sslmode=disable")), "off");
    judge(await tried(pgUrl("?sslmode=disable", "PGTLSONLYURL")), ["TLS_REQUIRED", /pg_hba\.conf/]);
    judge(await tried(pgUrl("", "PGTLSONLYURL")), "unverified");
    judge(await tried(redisUrl().replace("rediss:", "redis:")), ["TLS_REQUIRED", /the server demands TLS: write rediss:\/\//]);
    judge(await tried(env.REDISURL!), "off");
  });

  test("a session runs over it", async () => {
    const { caller, projectId } = people.at(-1)!; /* the others come before */
    const config = { tls: { caPem: ours() } };
    const connectionId = (await caller.mutation("connections.create", {
      projectId, connectionType: "postgresql", name: "tls", connectionUrl: pgUrl(), config })).id;
    const nodes = [{ id: "n", type: "postgresql-query", name: "n",
      config: { connectionId, query: "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()" } }];
    const workflowId = (await caller.mutation("workflows.create", { projectId, name: "w", definition: { nodes, edges: [] } })).id;
    const { execution } = await caller.mutation("workflows.execute", { workflowId, waitMs: 20_000 });
    expect(execution.steps[0].output?.rows, JSON.stringify(execution)).toEqual([{ ssl: true, version: "TLSv1.3" }]);
    /* The certificates decide who gets the password: they are changed only by who knows it. */
    for (const tls of [{ caPem: pem("theirs.crt") }, { caPem: ours(), ...identity("client") }, {}]) {
      const failure = await refused(caller.mutation("connections.update", { connectionId, config: { tls } }), "BAD_REQUEST", "connections.update", "connectionUrl");
      expect(failure.data.reason).toBe("SECRET_REQUIRED");
      const tested = await refused(caller.mutation("connections.test", { connectionId, config: { tls } }), "BAD_REQUEST", "connections.test", "connectionUrl");
      expect(tested.data.reason).toBe("SECRET_REQUIRED");
    }
    await caller.mutation("connections.update", { connectionId, config: { ...config, pool: { max: 2 } } });
    judge(await caller.mutation("connections.test", { connectionId }), "verified");
  });

  test("what is no certificate, or not the key of it, is refused by name", async () => {
    const tls = (more: object) => tried(pgUrl(), more);
    const says = async (more: object, field: string, message: string) =>
      expect((await refused(tls(more), "BAD_REQUEST", "connections.test", field)).message).toBe(`${field}: ${message}`);
    await says(identity("client", "stranger"), "config.tls.clientKeyPem", "is not the key of the certificate in clientCertPem");
    await says({ ...identity("client"), clientKeyPem: "hello" }, "config.tls.clientKeyPem", "holds no private key in PEM form");
    await says({ ...identity("client"), clientKeyPem: undefined }, "config.tls.clientKeyPem", "is missing: a certificate and its key go together");
    await says({ caPem: "hello" }, "config.tls.caPem", 'has no line "-----BEGIN CERTIFICATE-----"');
    const broken = refused(tls({ caPem: ours().replace(/\n[^-]{20}/, "\n====================") }), "BAD_REQUEST", "connections.test", "config.tls.caPem");
    expect((await broken).message).toMatch(/^config\.tls\.caPem: certificate 1 in it cannot be read: /);
    await refused(tls({ caPem: ours().repeat(200) }), "BAD_REQUEST", "connections.test", "config.tls.caPem");
    await refused(tls({ ...identity("client"), clientKeyPem: pem("client.key").repeat(400) }), "BAD_REQUEST", "connections.test", "config.tls.clientKeyPem");
    await refused(tried(pgUrl("?sslmode=prefer"), { caPem: ours() }), "BAD_REQUEST", "connections.test", "config.tls.caPem");
  });
});

describe("a server that asks for a certificate", () => {
  beforeAll(async () => {
    await serverShows("good");
    give(join(folder, "pgconf", "clients.crt"), ours(), join(folder, "pg"));
    give(join(folder, "redis", "clients.crt"), ours(), join(folder, "redis"));
    const rules = join(folder, "pg", "pg_hba.conf");
    give(rules, `hostssl all tieline 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n${readFileSync(rules)}`, join(folder, "pg"));
    await postgresqlWith({ ssl_ca_file: join(folder, "pgconf", "clients.crt") });
    redisCli("CONFIG", "SET", "tls-ca-cert-file", join(folder, "redis", "clients.crt"), "tls-auth-clients", "yes");
  }, 60_000);

  test("takes ours", async () => {
    for (const mode of ["verify-full", "verify-ca"]) {
      judge(await tried(pgUrl(), { mode, caPem: ours(), ...identity("client") }), "verified");
      judge(await tried(redisUrl(), { mode, caPem: ours(), ...identity("client") }), "verified");
    }
    judge(await tried(pgUrl(), { mode: "require", ...identity("client") }), "unverified");
  });
  test("says so when there is none, or a stranger's", async () => {
    judge(await tried(pgUrl(), { caPem: ours() }), ["TLS_FAILED", /requires a valid client certificate/]);
    judge(await tried(redisUrl(), { caPem: ours() }), ["TLS_FAILED|CONNECTION_LOST", /certificate required|ask for a client certificate/]);
    judge(await tried(pgUrl(), { caPem: ours(), ...identity("stranger") }), ["TLS_FAILED", /unknown ca/i]);
    judge(await tried(redisUrl(), { caPem: ours(), ...identity("stranger") }), ["TLS_FAILED|CONNECTION_LOST", /unknown ca|ask for a client certificate/i]);
  });
});

describe("servers of another age", () => {
  test("one that knows TLS 1.1 at most", async () => {
    await postgresqlWith({ ssl_min_protocol_version: "TLSv1", ssl_max_protocol_version: "TLSv1.1", ssl_ciphers: "ALL:@SECLEVEL=0" });
    redisCli("CONFIG", "SET", "tls-auth-clients", "no", "tls-protocols", "TLSv1.1", "tls-ciphers", "ALL:@SECLEVEL=0");
    for (const mode of ["verify-full", "require"]) {
      judge(await tried(pgUrl(`?sslmode=${mode}`, "PGTLSONLYURL")), ["TLS_FAILED", /protocol version|unsupported protocol/]);
      judge(await tried(redisUrl(), { mode }), ["TLS_FAILED", /protocol version|unsupported protocol/]);
    }
    judge(await tried(pgUrl("?sslmode=prefer")), "off");
  }, 60_000);
  test("one that has none", async () => {
    await postgresqlWith({ ssl: "off" });
    for (const mode of ["verify-full", "verify-ca", "require"])
      judge(await tried(pgUrl(`?sslmode=${mode}`), mode === "require" ? undefined : { caPem: ours() }), ["TLS_NOT_OFFERED", /does not support SSL/]);
    judge(await tried(pgUrl(), { caPem: ours() }), ["TLS_NOT_OFFERED", /does not support SSL/]);
    judge(await tried(pgUrl()), "off");
    judge(await tried(env.REDISURL!.replace("redis:", "rediss:"), { caPem: ours() }), ["TLS_NOT_OFFERED", /does not speak TLS on this port/]);
  }, 60_000);
});
