/* SPDX-License-Identifier: Apache-2.0 */
/* Programs are compiled against what this binary prints, and the one of the docs is run. */
import { spawnSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { addUser, client, needed, newFolder, run, serve, type Server } from "./harness.ts";

const tests = join(import.meta.dirname, "..");
const root = join(tests, "..");
let folder: string;

/* As in the repository, but for the types: those come from the binary. */
beforeAll(() => {
  folder = newFolder();
  for (const part of ["tests/types", "web/src", "docs/examples"]) mkdirSync(join(folder, part), { recursive: true });
  symlinkSync(join(tests, "node_modules"), join(folder, "node_modules"));
  for (const file of ["tests/types/program.ts", "docs/examples/run_and_watch.ts"]) copyFileSync(join(root, file), join(folder, file));
  const types = `${run("types")}\n`;
  for (const file of ["web/src/api.gen.ts", "docs/examples/tieline.ts"]) writeFileSync(join(folder, file), types);
  const options = {
    target: "es2023", module: "nodenext", moduleResolution: "nodenext", lib: ["es2023", "dom", "dom.iterable"], types: ["node"],
    strict: true, noEmit: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noUnusedLocals: true,
    verbatimModuleSyntax: true, allowImportingTsExtensions: true, skipLibCheck: true,
  };
  writeFileSync(join(folder, "package.json"), '{"type": "module"}');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["tests/types/*.ts", "docs/examples/*.ts"] }));
});

const compile = () => {
  const tsc = join(tests, "node_modules/typescript/bin/tsc");
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  return { status, text: stdout + stderr };
};

describe("tieline types", () => {
  test("lets right programs compile, and wrong ones not", () => {
    expect(compile()).toEqual({ status: 0, text: "" });
  });
  test("finds each of the errors that are expected", () => {
    const file = join(folder, "tests/types/program.ts");
    const text = readFileSync(file, "utf8");
    const expected = text.match(/@ts-expect-error/g)!.length;
    expect(expected).toBeGreaterThan(10);
    writeFileSync(file, text.replaceAll("@ts-expect-error", "here is"));
    const { status, text: report } = compile();
    writeFileSync(file, text);
    expect(status).not.toBe(0);
    expect(report.match(/^\S*program\.ts.* error TS\d+/gm)?.length).toBe(expected);
  });
});

describe("docs/examples/run_and_watch.ts", () => {
  let server: Server;
  let token: string;
  const start = (...words: string[]) =>
    new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
      const env = { ...process.env, TIELINE_URL: server.base, TIELINE_TOKEN: token, NODE_OPTIONS: "" };
      const child = spawn(process.execPath, [join(folder, "docs/examples/run_and_watch.ts"), ...words], { env });
      let out = "", err = "";
      child.stdout.on("data", (chunk) => (out += chunk));
      child.stderr.on("data", (chunk) => (err += chunk));
      child.on("close", (code) => resolve({ code, out, err }));
    });
  const make = async (query: string) => {
    const caller = client(server, token);
    const projectId = (await caller.mutation("projects.create", { name: "P" })).id;
    const connection = { projectId, connectionType: "postgresql", name: "db", connectionUrl: needed("PGURL") };
    const connectionId = (await caller.mutation("connections.create", connection)).id;
    const config = { connectionId, query, parameters: ["{{ trigger.number }}"] };
    const definition = { nodes: [{ id: "start", type: "manual-trigger", name: "Start" }, { id: "load", type: "postgresql-query", name: "Load", config }], edges: [{ source: "start", target: "load" }] };
    return (await caller.mutation("workflows.create", { projectId, name: "nightly", definition })).id as string;
  };
  beforeAll(async () => {
    const data = newFolder();
    token = addUser(data, "olga");
    server = await serve(data);
  });
  test("follows an execution to its end", async () => {
    const { code, out, err } = await start(await make("SELECT $1::int * 2 AS twice, pg_sleep(0.3)::text AS slept"), '{"number": 21}');
    expect(err).toBe("");
    expect(code).toBe(0);
    const lines = out.trim().split("\n");
    expect(lines[0]).toBe("nightly, version 1");
    expect(lines).toContain("  load: running");
    expect(lines.slice(-3)).toEqual(["  load: succeeded", "execution: succeeded", expect.stringContaining('"twice":42')]);
  });
  test("says what failed", async () => {
    const { code, out } = await start(await make("SELECT 1 / $1::int"), '{"number": 0}');
    expect(code).toBe(1);
    expect(out).toMatch(/load: SERVER_ERROR: .*division by zero/);
    const unknown = await start("01890000-0000-7000-8000-000000000001");
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining("NOT_FOUND: ")]);
  });
});
