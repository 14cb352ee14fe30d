/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the pages of docs/ show is what happens. A block of JSON with "nodes" is a workflow: it is
 * saved and run with the "input" of the block behind it, which is an excerpt of the execution; or of
 * the workflow, when it has "problems". In the pages of commands each ```sh block is run, in order,
 * and what it prints is the block behind it, but for ids, times and addresses.
 */
import { execFile } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { addUser, binary, client, needed, newFolder, run, serve, type Caller, type Server } from "./harness.ts";

const docs = join(import.meta.dirname, "../../docs");

interface Block {
  kind: string;
  text: string;
  adjacent: boolean; /* nothing but blank lines stands between it and the block before */
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(docs, page), "utf8");
  let end = 0;
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map((found) => {
    const between = text.slice(end, found.index);
    end = found.index + found[0].length;
    return { kind: found[1]!, text: found[2]!, adjacent: between.trim() === "" };
  });
}

/* Numbers keep their digits: 1.10 becomes "#1.10". */
const exact = (json: string): any =>
  JSON.parse(json.replace(/("(?:[^"\\]|\\.)*")|-?\d[\d.eE+-]*/g, (number, text) => text ?? JSON.stringify(`#${number}`)));

let server: Server;
let token: string;
let caller: Caller;
const ids: Record<string, string> = {};
let projectId: string;

async function post(path: string, body: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return await (await fetch(`${server.base}/trpc/${path}`, { method: "POST", headers, body })).text();
}

beforeAll(async () => {
  const data = newFolder();
  token = addUser(data, "dora");
  server = await serve(data);
  caller = client(server, token);
  projectId = (await caller.mutation("projects.create", { name: "Pages" })).id;
  const urls = { POSTGRESQL: needed("PGURL"), REDIS: needed("REDISURL"), NOWHERE: "postgresql://app@127.0.0.1:1/orders" };
  for (const [name, connectionUrl] of Object.entries(urls)) {
    const connectionType = connectionUrl.slice(0, connectionUrl.indexOf(":"));
    ids[name] = (await caller.mutation("connections.create", { projectId, connectionType, name, connectionUrl })).id;
  }
});

describe.each(["workflows.md", "templates.md", "retry.md"])("%s", (page) => {
  const blocks = blocksOf(page).filter((block) => block.kind === "json");
  const examples = blocks.flatMap((block, n) => ("nodes" in JSON.parse(block.text) ? [[block.text, blocks[n + 1]?.text ?? "{}"] as const] : []));

  test("has examples, and every block is one", () => {
    expect(examples.length).toBeGreaterThan(2);
    expect(examples.length * 2).toBe(blocks.length);
  });

  test.each(examples.map(([definition, expected], n) => ({ n: n + 1, definition, expected })))("example $n", async ({ definition, expected }) => {
    const known = definition.replace(/"(POSTGRESQL|REDIS|NOWHERE)"/g, (_, name) => `"${ids[name]}"`);
    const saved = await post("workflows.create", `{"projectId":"${projectId}","name":"${crypto.randomUUID()}","definition":${known}}`);
    const wanted = exact(expected);
    if ("message" in wanted) {
      expect(JSON.parse(saved).error.message).toBe(wanted.message);
      return;
    }
    expect(saved).toContain('"result"');
    const { id: workflowId, problems } = JSON.parse(saved).result.data;
    if ("problems" in wanted) {
      expect(problems).toEqual(wanted.problems);
      return;
    }
    const input = /^ {2}"input": (.*),$/m.exec(expected)?.[1];
    const answer = exact(await post("workflows.execute", `{"workflowId":"${workflowId}","waitMs":30000${input ? `,"input":${input}` : ""}}`));
    expect(answer.result.data.execution).toMatchObject(wanted);
  });
});

describe.each(["api.md", "connections.md"])("commands of %s", (page) => {
  test("print what the page says", async () => {
    const folder = newFolder();
    const data = newFolder();
    symlinkSync(binary, join(folder, "tieline"));
    const password = join(folder, "password");
    writeFileSync(password, "correct horse battery\n", { mode: 0o600 });
    run("user", "add", "ada@example.com", "--name", "Ada", "--password-file", password, "--data", data);
    const here = await serve(data);
    const stands: [string, string][] = [
      ["postgresql://app:secret@127.0.0.1:5432/orders", needed("PGURL")],
      ["redis://:secret@127.0.0.1:6379", needed("REDISURL")],
      ["http://127.0.0.1:8080", here.base],
    ];
    const shells = blocksOf(page).flatMap((block, n, all) => {
      const behind = all[n + 1];
      const output = behind?.adjacent && behind.kind !== "sh" ? behind : undefined;
      return block.kind === "sh" ? [{ script: block.text, output }] : [];
    });
    expect(shells.filter(({ output }) => output).length).toBeGreaterThan(4);
    let script = shells.map(({ script }, n) => `echo '@@${n}'\n${script}\necho\n`).join("");
    for (const [shown, real] of stands) script = script.replaceAll(shown, real);
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, TIELINE_DATA: data };
    const { stdout, stderr } = await promisify(execFile)("bash", ["-eu", "-c", script], { cwd: folder, env, timeout: 60_000 });
    const printed = stdout.split(/^@@\d+\n/m).slice(1);
    expect(printed.length, stderr).toBe(shells.length);
    const mask = (url: string) => url.replace(/:[^:@/]*@/, ":••••@");
    const plain = (text: string) => {
      for (const [shown, real] of stands) text = text.replaceAll(mask(real), mask(shown)).replaceAll(real, shown);
      return text
        .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID")
        .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
        .replace(/^(id: )[0-9a-f]+\./gm, "$1STREAM.")
        .replace(/("(?:ms|latencyMs)":\s*)\d+/g, "$1MS")
        .replace(/("testedFrom":\s*)"[^"]*"/g, "$1HERE")
        .replace(/(Tested from +).*/g, "$1HERE")
        .replace(/((?:resolve|connect|tls|sign-in|query) +(?:yes|no) +)\d+ +/g, "$1MS ")
        .replace(/tl_[0-9a-f]{8}/g, "PREFIX")
        .replace(/(PostgreSQL|Redis) \d+(\.\d+)*/g, "$1 VERSION")
        .replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, quoted) => quoted ?? " ")
        .replace(/("(?:[^"\\]|\\.)*")|\s?([[\]{},:])\s?/g, (_, quoted, mark) => quoted ?? mark)
        .trim();
    };
    shells.forEach(({ script, output }, n) => {
      if (output) expect(plain(printed[n]!), script).toBe(plain(output.text));
    });
  });
});
