/* SPDX-License-Identifier: Apache-2.0 */
/* Commands: the same answers with a server and without one, and nothing that surprises an operator. */
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { addUser, binary, client, newFolder, password, serve } from "./harness.ts";
import { environment } from "./stores.ts";

interface Said {
  code: number | null;
  out: string;
  err: string;
}

/* Runs a command to its end, whatever that is. */
function tell(words: string[], input = "", env: Record<string, string> = {}): Said {
  const done = spawnSync(binary, words, { input, env: { ...environment(words), ...env }, timeout: 60000 });
  return { code: done.status, out: done.stdout.toString(), err: done.stderr.toString() };
}

/* The same beside other things that this process does. */
function start(words: string[]): Promise<Said> {
  const child = spawn(binary, words, { stdio: ["ignore", "pipe", "pipe"], env: environment(words) });
  const said: Said = { code: null, out: "", err: "" };
  child.stdout.on("data", (chunk) => (said.out += chunk));
  child.stderr.on("data", (chunk) => (said.err += chunk));
  return new Promise((resolve) => child.once("close", (code) => resolve({ ...said, code })));
}

function done(words: string[], input = ""): string {
  const said = tell(words, input);
  expect(said.code, `${words.join(" ")}: ${said.err}`).toBe(0);
  return said.out;
}

const definition = { nodes: [{ id: "start", type: "manual-trigger", name: "Start", config: {} }], edges: [] };

/* Everything that needs no server, in an order that an operator might choose. */
function administer(data: string, tag: string): void {
  const at = ["--data", data];
  const email = `${tag}@tieline.test`;
  const id = done(["user", "add", email, "--name", tag, "--password-file", "-", ...at], `${password}\n`).trim();
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  const twice = tell(["user", "add", email, "--name", tag, "--password-file", "-", ...at], password);
  expect(twice).toMatchObject({ code: 1, err: expect.stringContaining("email") });
  const users = () => JSON.parse(done(["user", "list", "--json", ...at])).users.find((user: any) => user.email === email);
  expect(users()).toMatchObject({ id, name: tag, admin: false });
  done(["user", "grant-admin", email, ...at]);
  expect(users().admin).toBe(true);
  done(["user", "revoke-admin", email, ...at]);
  done(["user", "disable", email, ...at]);
  expect(users()).toMatchObject({ admin: false, disabledAt: expect.stringContaining("T") });
  done(["user", "enable", email, ...at]);
  expect(users().disabledAt).toBeUndefined();
  done(["user", "reset-password", email, "--password-file", "-", ...at], "another battery\r\n");
  const table = done(["user", "list", ...at]).split("\n");
  const place = table[0]!.indexOf("NAME");
  expect(table.find((line) => line.startsWith(email))!.slice(place)).toMatch(new RegExp(`^${tag} `));

  const secret = done(["token", "create", email, "--name", "ci", "--access", "read", "--days", "2", ...at]).trim();
  expect(secret).toMatch(/^tl_/);
  const { tokens } = JSON.parse(done(["token", "list", email, "--json", ...at]));
  expect(tokens).toMatchObject([{ name: "ci", access: "read" }]);
  expect(Date.parse(tokens[0].expiresAt) - Date.parse(tokens[0].createdAt)).toBeGreaterThan(86400000);
  expect(done(["token", "list", email, ...at])).not.toContain(secret);
  expect(tell(["token", "revoke", email, "tl_none", ...at])).toMatchObject({ code: 1, err: expect.stringContaining("tl_none") });
  done(["token", "revoke", email, tokens[0].prefix, ...at]);
  expect(JSON.parse(done(["token", "list", email, "--json", ...at])).tokens).toEqual([]);

  const project = done(["project", "add", `Project ${tag}`, "--owner", email, ...at]).trim();
  expect(done(["project", "list", ...at])).toContain(project);
  expect(done(["project", "list", "--user", email, ...at])).toMatch(/owner/);
  const other = `friend-${tag}@tieline.test`;
  done(["user", "add", other, "--name", "Friend", "--password-file", "-", ...at], password);
  done(["member", "add", `Project ${tag}`, other, "--role", "viewer", ...at]);
  done(["member", "update", project, other, "--role", "owner", ...at]);
  done(["member", "remove", project, email, ...at]);
  expect(JSON.parse(done(["member", "list", project, "--json", ...at])).members).toMatchObject([{ email: other, role: "owner" }]);
  const last = tell(["member", "remove", project, other, ...at]);
  expect(last).toMatchObject({ code: 1, err: expect.stringContaining("last one") });
  for (const list of ["connection", "workflow", "execution"])
    expect(done([list, "list", project, ...at]).split("\n").length).toBe(2);
  expect(tell(["member", "list", "Nothing", ...at])).toMatchObject({ code: 1, err: expect.stringContaining('"Nothing"') });
  expect(tell(["token", "list", "none@tieline.test", ...at])).toMatchObject({ code: 1, err: expect.stringContaining("none@tieline.test") });
}

describe("commands", () => {
  test("work alone and beside a server", { timeout: 120000 }, async () => {
    const data = newFolder();
    addUser(data, "root");
    done(["user", "grant-admin", "root@tieline.test", "--data", data]);
    administer(data, "alone");
    expect(done(["migrate", "--data", data])).toBe("The store is up to date.\n");
    const none = tell(["status", "--data", data]);
    expect(none).toMatchObject({ code: 1, err: expect.stringContaining("no server runs") });
    const server = await serve(data);
    administer(data, "beside");
    const status = JSON.parse(done(["status", "--json", "--data", data]));
    expect(status).toMatchObject({ processId: server.pid, listen: server.base.slice("http://".length) });
    expect(done(["migrate", "--data", data])).toBe("The store is up to date.\n");
    /* What a command takes away is gone at once. */
    const token = done(["token", "create", "alone@tieline.test", "--name", "t", "--data", data]).trim();
    await client(server, token).query("projects.list");
    done(["user", "disable", "alone@tieline.test", "--data", data]);
    await expect(client(server, token).query("projects.list")).rejects.toThrow(/unknown, revoked or expired/);
  });

  test("start, show and cancel executions, and test connections", { timeout: 60000 }, async () => {
    const data = newFolder();
    const token = addUser(data, "ada");
    const at = ["--data", data];
    for (const words of [["workflow", "run", "x"], ["execution", "cancel", "x"], ["connection", "test", "x"]])
      expect(tell([...words, ...at])).toMatchObject({ code: 1, err: expect.stringContaining("no server runs") });
    const server = await serve(data);
    const ada = client(server, token);
    const { id: projectId } = await ada.mutation("projects.create", { name: "Orders" });
    const { id: workflowId } = await ada.mutation("workflows.create", { projectId, name: "Start", definition });
    const url = { connectionType: "redis", name: "Nowhere", connectionUrl: "redis://:hidden@127.0.0.1:1" };
    const { id: connectionId } = await ada.mutation("connections.create", { projectId, ...url });

    const shown = done(["connection", "list", "Orders", "--type", "redis", ...at]);
    expect(shown).toContain("redis://:••••@127.0.0.1:1");
    const tested = tell(["connection", "test", connectionId, ...at]);
    expect(tested).toMatchObject({ code: 1, out: expect.stringMatching(/^STAGE[^]*connect +no[^]*REFUSED/) });
    const asJson = tell(["connection", "test", connectionId, "--json", ...at]);
    expect(asJson.code).toBe(1);
    expect(JSON.parse(asJson.out)).toMatchObject({ success: false, error: "REFUSED" });

    const run = (...more: string[]) => tell(["workflow", "run", workflowId, ...more, ...at], '{"n": 1.10}');
    expect(run("--wait", "20", "--input", '{"a":1}')).toMatchObject({ code: 0, out: expect.stringMatching(/Status +succeeded/) });
    const piped = JSON.parse(run("--wait", "20", "--input-file", "-", "--json").out);
    expect(piped).toMatchObject({ status: "succeeded", input: { n: 1.1 } });
    const first = run("--idempotency-key", "k").out.trim();
    expect(run("--idempotency-key", "k").out.trim()).toBe(first);
    expect(run("--input", "{")).toMatchObject({ code: 1, err: expect.stringContaining("the input") });
    expect(run("--input", "{}", "--input-file", "-")).toMatchObject({ code: 1, err: expect.stringContaining("not both") });

    const waits = { id: "get", type: "redis-command", name: "Get", config: { connectionId, command: "GET", key: "k" }, retry: { strategy: "keep-trying" } };
    const { id: waiting } = await ada.mutation("workflows.create", { projectId, name: "Wait", definition: { nodes: [waits], edges: [] } });
    const going = tell(["workflow", "run", waiting, "--wait", "1", ...at]);
    expect(going).toMatchObject({ code: 1, out: expect.stringMatching(/Status +(waiting|running|queued)/) });
    const id = /Execution +(\S+)/.exec(going.out)![1]!;
    expect(done(["execution", "list", "Orders", "--workflow", waiting, ...at])).toContain(id);
    expect(done(["execution", "cancel", id, ...at])).toMatch(/Status +cancelled/);
    expect(done(["execution", "show", id, ...at])).toMatch(/NODE[^]*get +cancelled/);
    const { executions } = JSON.parse(done(["execution", "list", "Orders", "--status", "cancelled", "--json", ...at]));
    expect(executions.map((one: any) => one.id)).toEqual([id]);
    const page = tell(["execution", "list", "Orders", "--limit", "1", ...at]);
    const cursor = /--cursor (\S+)/.exec(page.err)![1]!;
    expect(done(["execution", "list", "Orders", "--limit", "1", "--cursor", cursor, ...at])).not.toBe(page.out);
    expect(tell(["execution", "show", "01a2082d-765f-75fb-a363-f60582dbbb64", ...at])).toMatchObject({ code: 1, err: expect.stringContaining("no such execution") });
    /* Without a server the store still tells. */
    await server.stop();
    expect(done(["execution", "show", id, ...at])).toMatch(/Status +cancelled/);
  });

  test("at the same time wait for each other, with and without a server", { timeout: 60000 }, async () => {
    const data = newFolder();
    addUser(data, "ada");
    const all = async () => Promise.all(Array.from({ length: 8 }, (_, i) => start(["project", "add", `P${i}`, "--owner", "ada@tieline.test", "--data", data])));
    for (const said of await all()) expect(said, said.err).toMatchObject({ code: 0 });
    /* A server that starts waits for commands, too. */
    const [server, first] = await Promise.all([serve(data), all()]);
    for (const said of first) expect(said, said.err).toMatchObject({ code: 0 });
    await expect(serve(data)).rejects.toThrow(/in use by process/);
    for (const said of await all()) expect(said, said.err).toMatchObject({ code: 0 });
    /* Some find the server that is ending, and the store behind it. */
    const [ended, ...said] = await Promise.all([server.stop(), ...Array.from({ length: 4 }, () => start(["user", "list", "--data", data]))]);
    expect(ended).toBe(0);
    for (const one of said) expect(one, one.err).toMatchObject({ code: 0 });
    expect(JSON.parse(done(["project", "list", "--json", "--data", data])).projects.length).toBe(24);
  });

  test("make no data folder by mistake", () => {
    const data = join(newFolder(), "none");
    for (const words of [["user", "list"], ["project", "list"], ["token", "list", "a@tieline.test"], ["status"]]) {
      expect(tell([...words, "--data", data])).toMatchObject({ code: 1, err: expect.stringContaining(data) });
      expect(existsSync(data)).toBe(false);
    }
  });

  test("show nothing that would move a terminal's cursor", () => {
    const data = newFolder();
    addUser(data, "ada");
    const name = "a\u202eb\u{1F600}";
    done(["project", "add", name, "--owner", "ada@tieline.test", "--data", data]);
    expect(done(["project", "list", "--data", data])).toContain("a?b\u{1F600}");
    expect(JSON.parse(done(["project", "list", "--json", "--data", data])).projects[0].name).toBe(name);
  });
});

describe("the socket", () => {
  test("is its owner's alone, goes with the server, and outlives nothing", { timeout: 60000 }, async () => {
    const data = newFolder();
    const socket = join(data, "tieline.sock");
    const server = await serve(data);
    expect(lstatSync(socket).isSocket()).toBe(true);
    expect(lstatSync(socket).mode & 0o777).toBe(0o600);
    await server.kill();
    expect(lstatSync(socket).isSocket()).toBe(true);
    expect(done(["user", "list", "--data", data])).toMatch(/^EMAIL/);
    const next = await serve(data);
    done(["status", "--data", data]);
    expect(await next.stop()).toBe(0);
    expect(existsSync(socket)).toBe(false);
  });
  test("may lie deeper than its address can say", { timeout: 60000 }, async () => {
    const data = join(newFolder(), "d".repeat(120), "e".repeat(120));
    mkdirSync(data, { recursive: true });
    const server = await serve(data);
    expect(JSON.parse(done(["status", "--json", "--data", data])).processId).toBe(server.pid);
    expect(await server.stop()).toBe(0);
    expect(readdirSync(data)).not.toContain("tieline.sock");
  });
  test("is another one for another store", { timeout: 60000 }, async () => {
    const data = newFolder();
    const other = ["--data", data, "--store", `sqlite:${join(data, "other.db")}`];
    addUser(data, "ada");
    const server = await serve(data);
    done(["user", "add", "bob@tieline.test", "--name", "Bob", "--password-file", "-", ...other], password);
    expect(JSON.parse(done(["user", "list", "--json", "--data", data])).users).toMatchObject([{ name: "ada" }]);
    const second = await serve(data, ...other.slice(2));
    expect(JSON.parse(done(["status", "--json", ...other])).processId).toBe(second.pid);
    expect(JSON.parse(done(["status", "--json", "--data", data])).processId).toBe(server.pid);
    expect(JSON.parse(done(["user", "list", "--json", ...other])).users).toMatchObject([{ name: "Bob" }]);
    expect(await second.stop()).toBe(0);
    expect(readdirSync(data).filter((name) => name.endsWith(".sock"))).toEqual(["tieline.sock"]);
  });
  test("does not replace a file of somebody's", async () => {
    const data = newFolder();
    writeFileSync(join(data, "tieline.sock"), "mine");
    await expect(serve(data)).rejects.toThrow(/tieline\.sock.*no socket/);
    expect(readFileSync(join(data, "tieline.sock"), "utf8")).toBe("mine");
  });
  test("does not let the last set-up token live on", async () => {
    const data = newFolder();
    const server = await serve(data);
    done(["user", "add", "ada@tieline.test", "--name", "Ada", "--admin", "--password-file", "-", "--data", data], password);
    const setup = { token: server.setupToken, name: "Eve", email: "eve@tieline.test", password };
    await expect(client(server).mutation("auth.setup", setup)).rejects.toThrow(/set up already/);
    expect(await client(server).query("auth.status")).toEqual({ setupRequired: false });
  });
});

describe("wrong usage", () => {
  const cases: [string[], string][] = [
    [[], "Commands:"],
    [["nonsense"], 'unknown command "nonsense"'],
    [["user"], "user add EMAIL"],
    [["user", "nonsense"], 'unknown command "user nonsense"'],
    [["user", "add"], "EMAIL is missing"],
    [["user", "add", "a@tieline.test"], "--name NAME is missing"],
    [["user", "list", "--nonsense"], 'unknown flag "--nonsense"'],
    [["user", "list", "-x"], 'unknown flag "-x"'],
    [["user", "list", "more"], 'unexpected "more"'],
    [["user", "list", "--json=1"], "--json takes no value"],
    [["user", "list", "--data"], "--data needs a value"],
    [["user", "list", "--data", ""], "--data must not be empty"],
    [["token", "create", "a", "--name", "n", "--access", "all"], 'does not know the word "all"'],
    [["token", "create", "a", "--name", "n", "--days", "0"], "from 1 to 3650"],
    [["execution", "list", "p", "--limit", "x"], 'not "x"'],
    [["token", "revoke", "a"], "TOKEN is missing"],
  ];
  test.each(cases)("%j", (words, says) => {
    expect(tell(words)).toMatchObject({ code: 2, out: "", err: expect.stringContaining(says) });
  });
  test("also of variables", () => {
    const said = tell(["user", "list"], "", { TIELINE_JSON: "yes" });
    expect(said).toMatchObject({ code: 2, err: expect.stringContaining('TIELINE_JSON must be 1, true, 0 or false, not "yes"') });
  });
  test("is not a flag behind --", () => {
    const data = newFolder();
    expect(tell(["project", "add", "--owner", "a@tieline.test", "--data", data, "--", "--odd"])).toMatchObject({ code: 1, err: expect.stringContaining("a@tieline.test") });
  });
});

describe("passwords", () => {
  const add = (data: string, ...more: string[]) => ["user", "add", "ada@tieline.test", "--name", "Ada", "--data", data, ...more];
  const canSignIn = async (data: string, pass: string) => {
    const server = await serve(data);
    expect(await client(server).mutation("auth.login", { email: "ada@tieline.test", password: pass })).toMatchObject({ user: { name: "Ada" } });
    await server.stop();
  };
  test("come from a file's first line", async () => {
    const [data, file] = [newFolder(), join(newFolder(), "p")];
    writeFileSync(file, 'quo"te \\ ünd\r\n');
    appendFileSync(file, "a second line\n");
    chmodSync(file, 0o600);
    done(add(data, "--password-file", file));
    await canSignIn(data, 'quo"te \\ ünd');
  });
  test("that are short, empty, missing or no text are refused", () => {
    const data = newFolder();
    for (const [bytes, says] of [["short\n", "password"], ["\n", "empty"], ["", "empty"]] as const)
      expect(tell(add(data, "--password-file", "-"), bytes)).toMatchObject({ code: 1, err: expect.stringContaining(says) });
    const file = join(newFolder(), "p");
    writeFileSync(file, Buffer.from([0xff, 0xfe, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67]));
    expect(tell(add(data, "--password-file", file))).toMatchObject({ code: 1, err: expect.stringContaining("UTF-8") });
    expect(tell(add(data, "--password-file", `${file}.none`))).toMatchObject({ code: 1, err: expect.stringContaining(`${file}.none`) });
    expect(JSON.parse(done(["user", "list", "--json", "--data", newStore()])).users).toEqual([]);
  });
  /* script(1) runs the command on a terminal of its own; what that shows is its output. */
  const onTerminal = (data: string, ...keys: string[]): Promise<{ code: number | null; out: string }> => {
    const quoted = [binary, ...add(data)].map((word) => `'${word}'`).join(" ");
    const child = spawn("script", ["-qefc", quoted, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
    const prompts = ["Password: ", "Once more: "];
    let out = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
      /* What is typed before the prompt is there was meant for something else. */
      if (keys.length > 0 && out.endsWith(prompts[0]!)) {
        child.stdin.write(keys.shift()!);
        prompts.shift();
      }
    });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, out }));
    });
  };
  test("are typed on a terminal without being shown", async () => {
    const data = newFolder();
    const typed = await onTerminal(data, "wrong\u0015a typed päs\u00fc\u007ftsword\n", "a typed pästsword\n");
    expect(typed.out).toContain("Password: ");
    expect(typed.out).not.toMatch(/typed|päs|wrong/);
    expect(typed.code).toBe(0);
    await canSignIn(data, "a typed pästsword");
  });
  test("that differ the second time, or are given up, are not taken", async () => {
    const data = newFolder();
    expect(await onTerminal(data, "a typed password\n", "another password\n")).toMatchObject({ code: 1, out: expect.stringContaining("second time") });
    expect(await onTerminal(data, "a typ\u0003")).toMatchObject({ code: 1, out: expect.stringContaining("no password was given") });
  });
});

function newStore(): string {
  const data = newFolder();
  done(["migrate", "--data", data]);
  return data;
}

describe("help and the manual page", () => {
  const root = join(import.meta.dirname, "../..");
  const manual = readFileSync(join(root, "docs/man/tieline.1"), "utf8");
  const commands = [...done(["--help"]).matchAll(/^ {2}([a-z]+(?: [a-z-]+)?)(?: \[?[A-Z_]+\]?)*  /gm)].map((found) => found[1]!);
  const helps = new Map(commands.map((command) => [command, done([...command.split(" "), "--help"])]));
  const flagsOf = (text: string) => [...new Set([...text.matchAll(/^ {2}--([a-z-]+)/gm)].map((found) => found[1]!))].sort();

  test("what flags mean stands in one column", () => {
    for (const text of helps.values())
      for (const [line] of text.matchAll(/^ {2}(?:--|[A-Z_]+ {2}).*/gm)) expect([...line].slice(0, 32).join(""), line).toMatch(/^.{30} [^ ]$/u);
  });

  test("each command has its help, with an example, and both ways to ask give it", () => {
    expect(commands.length).toBeGreaterThan(20);
    for (const [command, text] of helps) {
      expect(text.startsWith(`tieline ${command}`), command).toBe(true);
      if (command !== "version") expect(text, command).toMatch(/\nExamples:\n {2}(\w+=\$\()?tieline /);
      expect(done(["help", ...command.split(" ")])).toBe(text);
    }
    expect(done(["user", "--help"])).toContain("user reset-password EMAIL");
  });
  test("examples name only commands and flags that there are", () => {
    for (const [command, text] of helps) {
      const examples = text.slice(text.indexOf("\nExamples:"));
      if (!text.includes("\nExamples:")) continue;
      for (const [, flag] of examples.matchAll(/ --([a-z-]+)/g)) expect(flagsOf(text), command).toContain(flag);
    }
  });
  /* In the manual a command's section begins with ".Ss user add", and a flag's entry with ".It Fl -name". */
  test("the manual has the same commands, arguments and flags", () => {
    const sections = new Map(
      manual.split(/^\.Ss /m).slice(1).map((part) => {
        const [head, ...rest] = part.split("\n");
        return [head!, rest.join("\n").split(/^\.S[hs] /m)[0]!] as const;
      }),
    );
    const described = [...sections.keys()].filter((head) => /^[a-z]/.test(head));
    expect(described.sort()).toEqual([...commands].sort());
    const common = [...manual.slice(manual.indexOf(".Ss Common options")).split(/^\.S[hs] /m)[1]!.matchAll(/^\.It Fl -([a-z-]+)/gm)].map((found) => found[1]!);
    for (const [command, text] of helps) {
      const section = sections.get(command)!;
      const own = [...section.matchAll(/^\.It Fl -([a-z-]+)/gm)].map((found) => found[1]!);
      const takes = section.includes("Takes the common options.") ? common : section.includes("Takes the common store options.") ? common.filter((flag) => flag !== "json") : [];
      expect([...own, ...takes].sort(), command).toEqual(flagsOf(text));
      const usage = text.split("\n")[0]!.replace(" [flags]", "").slice(`tieline ${command}`.length).trim();
      for (const argument of usage.split(" ").filter(Boolean)) expect(section, command).toContain(argument.startsWith("[") ? `.Op Ar ${argument.slice(1, -1)}` : `.Ar ${argument}`);
    }
  });
  test("the manual is well formed", () => {
    const lint = spawnSync("mandoc", ["-T", "lint", "-W", "warning", join(root, "docs/man/tieline.1")]);
    if (lint.error) throw new Error("mandoc is missing: tools/packages build");
    expect(lint.stdout.toString() + lint.stderr.toString()).toBe("");
  });
  test("variables in the manual are flags", () => {
    const known = new Set([...helps.values()].flatMap(flagsOf).map((flag) => `TIELINE_${flag.replaceAll("-", "_").toUpperCase()}`));
    for (const [variable] of manual.matchAll(/TIELINE_[A-Z_]+/g)) if (variable !== "TIELINE_CRASH_AT") expect([...known]).toContain(variable);
  });
});
