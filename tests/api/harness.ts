/* SPDX-License-Identifier: Apache-2.0 */
/* A server of its own for each test file, people to call it, and clients as programs use them. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTRPCUntypedClient, httpBatchLink, httpLink, TRPCClientError } from "@trpc/client";
import { afterAll, expect } from "vitest";
import { environment } from "./stores.ts";

export const binary = process.env.TIELINE_BIN ?? join(import.meta.dirname, "../../build/debug/tieline");
export const password = "correct horse battery";

export function needed(name: "PGURL" | "PGADMINURL" | "REDISURL"): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must name a server: tools/servers run`);
  return value;
}

export interface Caller {
  query(path: string, input?: unknown): Promise<any>;
  mutation(path: string, input?: unknown): Promise<any>;
}

export interface Server {
  base: string;
  data: string;
  pid: number;
  setupToken: string | undefined;
  output(): string;
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

export function run(...words: string[]): string {
  return execFileSync(binary, words, { stdio: ["ignore", "pipe", "pipe"], env: environment(words) }).toString().trim();
}

/* Registered once for each file of tests, since a hook that a running hook adds is never called. */
const endings: (() => unknown)[] = [];
afterAll(async () => {
  while (endings.length > 0) await endings.pop()!();
});

export function whenOver(ending: () => unknown): void {
  endings.push(ending);
}

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tieline-api."));
  whenOver(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/* Adds a user by command and gives a token of theirs. */
export function addUser(data: string, name: string, access: "read" | "write" = "write"): string {
  const file = join(newFolder(), "password");
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  const email = `${name}@tieline.test`;
  run("user", "add", email, "--name", name, "--password-file", file, "--data", data);
  return run("token", "create", email, "--name", "test", "--access", access, "--data", data);
}

export async function serve(data: string, ...flags: string[]): Promise<Server> {
  const words = ["serve", "--data", data, "--listen", "127.0.0.1:0", ...flags];
  const child: ChildProcess = spawn(binary, words, { stdio: ["ignore", "pipe", "pipe"], env: environment(words) });
  let seen = "";
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const base = await new Promise<string>((resolve, reject) => {
    const look = (chunk: Buffer) => {
      seen += chunk.toString();
      const found = /Listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(seen);
      if (found) resolve(found[1]!);
    };
    child.stdout!.on("data", look);
    child.stderr!.on("data", look);
    child.once("exit", (code, signal) => reject(new Error(`the server ended (${code ?? signal}): ${seen}`)));
  });
  let killed = false;
  const stop = () => {
    child.kill("SIGTERM");
    return ended;
  };
  const kill = async () => {
    killed = true;
    child.kill("SIGKILL");
    await ended;
  };
  whenOver(async () => {
    if (!killed) expect(await stop(), seen).toBe(0);
  });
  return { base, data, pid: child.pid!, setupToken: /Set-up token: (\S+)/.exec(seen)?.[1], output: () => seen, stop, kill };
}

/* A server of its own, a user of it, and a project of theirs. */
export async function serveProject(name: string): Promise<{ server: Server; caller: Caller; projectId: string }> {
  const data = newFolder();
  const token = addUser(data, name);
  const server = await serve(data);
  const caller = client(server, token);
  return { server, caller, projectId: (await caller.mutation("projects.create", { name: "P" })).id };
}

/* One request a call, or (batch) those of one turn together. */
export function client(server: Server, token?: string, batch = false): Caller {
  const headers = () => (token ? { authorization: `Bearer ${token}` } : {});
  const url = `${server.base}/trpc`;
  const links = [batch ? httpBatchLink({ url, headers }) : httpLink({ url, headers })];
  return createTRPCUntypedClient({ links }) as unknown as Caller;
}

export interface Failure {
  message: string;
  code: number;
  data: { code: string; httpStatus: number; path: string; field?: string; reason?: string; requestId: string; workflows?: any[] };
}

const numbers: Record<string, [number, number]> = {
  BAD_REQUEST: [-32600, 400],
  UNAUTHORIZED: [-32001, 401],
  FORBIDDEN: [-32003, 403],
  NOT_FOUND: [-32004, 404],
  CONFLICT: [-32009, 409],
  TOO_MANY_REQUESTS: [-32029, 429],
};

/* The call must fail with this key; its number, status and path must fit. Gives the error's shape. */
export async function refused(call: Promise<unknown>, key: string, path: string, field?: string): Promise<Failure> {
  const error = await call.then(
    (value) => expect.fail(`${path} answered ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TRPCClientError);
  const shape = (error as TRPCClientError<any>).shape as unknown as Failure;
  const [code, httpStatus] = numbers[key]!;
  expect(shape.data, shape.message).toMatchObject({ code: key, httpStatus, path });
  expect(shape.code, shape.message).toBe(code);
  expect(shape.data.field, shape.message).toBe(field);
  if (field && key === "BAD_REQUEST") expect(shape.message.startsWith(field), shape.message).toBe(true);
  return shape;
}
