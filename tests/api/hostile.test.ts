/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that mean ill: each costs its own steps, in time, with a reason, and nothing else. */
import { afterAll, beforeAll, describe, test } from "vitest";
import type { Socket } from "node:net";
import { Field, Pulse, longestMs, sleep } from "../faults/field.ts";
import { drip, flood } from "../faults/listener.ts";
import * as pg from "../faults/postgresql.ts";
import * as redis from "../faults/redis.ts";

const CONNECT_MS = 2500;
const STATEMENT_MS = 2000;
const LATE_MS = 1000; /* after its deadline a step has so much to end, and what a healthy one takes here and now */
const HELD_UP_MS = 10_000; /* far more than a busy machine makes of it, far less than a hang */
const MORE_KIB = 256 * 1024; /* what all of it together may take at any moment */
const password = "canary-4a7d1ed414474e4033ac29ccb8653d9b";
const config = { connectTimeoutMs: CONNECT_MS, statementTimeoutMs: STATEMENT_MS, pool: { max: 2 } };

let field: Field;
let pulse: Pulse;
let threads: number;

beforeAll(async () => {
  field = await Field.open(3);
  pulse = await Pulse.start(field);
  threads = field.threads();
});

interface Case {
  what: string;
  at: string;
  does: (socket: Socket) => void;
  code: string; /* of the step; two with a bar between, where it depends on who is faster */
  goesOn?: boolean;
  heavy?: boolean; /* tried alone: this process has one thread to mean ill with */
  tested?: string; /* of the test of the connection; else the step's, or none when sign-in goes well */
}

const mega = `${"x".repeat(500_000)}${password}\u001b[31m\r\n\u0000`.replace("\u0000", "") + "y".repeat(500_000);
const write = (...parts: Buffer[]) => (socket: Socket) => void socket.write(Buffer.concat(parts));
const writeAndEnd = (...parts: Buffer[]) => (socket: Socket) => void socket.end(Buffer.concat(parts));
const reset = (socket: Socket) => void socket.resetAndDestroy();
const hangUp = (socket: Socket) => void socket.end();
const silence = () => {};
const bytes = (text: string) => Buffer.from(text, "latin1");

const signIn = pg.message("R", 0);
const rowHead = Buffer.concat([pg.message("1"), pg.message("2")]);

const postgresql: Case[] = [
  { what: "says nothing", at: "accept", does: silence, code: "TIMEOUT" },
  { what: "hangs up at once", at: "accept", does: hangUp, code: "CONNECTION_LOST" },
  { what: "resets at once", at: "accept", does: reset, code: "CONNECTION_LOST|UNREACHABLE" },
  { what: "speaks HTTP", at: "startup", does: writeAndEnd(bytes("HTTP/1.1 400 Bad Request\r\n\r\n")), code: "SERVER_PROTOCOL" },
  { what: "says nothing after the sign-in", at: "startup", does: write(signIn), code: "TIMEOUT" },
  { what: "drips its sign-in", at: "startup", does: (socket) => drip(socket, signIn, 1000), code: "TIMEOUT" },
  { what: "drips notices at the sign-in", at: "startup", does: (socket) => { socket.write(signIn); drip(socket, pg.notice("n"), 1); }, code: "TIMEOUT" },
  { what: "floods with notices at the sign-in", at: "startup", does: (socket) => { socket.write(signIn); flood(socket, pg.notice("n".repeat(9000))); }, heavy: true, code: "SERVER_PROTOCOL|TIMEOUT" },
  { what: "floods with settings at the sign-in", at: "startup", does: (socket) => { socket.write(signIn); flood(socket, pg.status("a".repeat(5000), "b".repeat(20_000))); }, heavy: true, code: "SERVER_PROTOCOL|TIMEOUT" },
  { what: "asks for the password for ever", at: "startup", does: (socket) => flood(socket, pg.message("R", 3)), heavy: true, code: "SERVER_PROTOCOL|TIMEOUT|CONNECTION_LOST|AUTH_FAILED" },
  { what: "asks for MD5 with every breath", at: "startup", does: (socket) => flood(socket, pg.message("R", 5, "salt")), heavy: true, code: "SERVER_PROTOCOL|TIMEOUT|CONNECTION_LOST|AUTH_FAILED" },
  { what: "wants 2^31 rounds of SCRAM", at: "startup", does: pg.endlessScram, code: "TIMEOUT" },
  { what: "wants a sign-in that nobody knows", at: "startup", does: write(pg.message("R", 99)), code: "AUTH_FAILED" },
  { what: "announces a sign-in of 2 GB", at: "startup", does: write(pg.header("R", 0x7fffffff)), code: "SERVER_PROTOCOL" },
  { what: "announces an error of 2 GB", at: "startup", does: write(pg.header("E", 0x7fffffff)), code: "TIMEOUT" },
  { what: "refuses, our password in it", at: "startup", does: writeAndEnd(pg.failure(`no ${password}\u0007\r\n${password}`, "28P01", "FATAL")), code: "AUTH_FAILED" },
  { what: "says nothing to the first statements", at: "ready", does: silence, code: "TIMEOUT" },
  { what: "floods with notices before the first answer", at: "ready", does: (socket) => flood(socket, pg.notice("n".repeat(9000))), heavy: true, code: "SERVER_PROTOCOL|TIMEOUT" },
  { what: "floods with notifications before the first answer", at: "ready", does: (socket) => flood(socket, pg.message("A", 1, "channel\0", `${"p".repeat(7000)}\0`)), heavy: true, code: "SERVER_PROTOCOL|TIMEOUT" },
  { what: "hangs up at the first statements", at: "ready", does: hangUp, code: "CONNECTION_LOST" },
  { what: "describes columns that do not come", at: "parse", does: write(pg.message("1"), pg.message("t", pg.int16(0)), pg.message("T", pg.int16(0xffff), "a\0")), code: "TIMEOUT" },
  { what: "describes nothing", at: "parse", does: write(pg.idle), code: "SERVER_PROTOCOL|TIMEOUT" },
  { what: "wants a file before anything", at: "ready", does: write(pg.message("1"), pg.message("2"), pg.message("G", Buffer.of(0), pg.int16(0))), code: "COPY_NOT_ALLOWED" },
  { what: "says nothing", at: "execute", does: silence, code: "TIMEOUT" },
  { what: "hangs up", at: "execute", does: hangUp, code: "CONNECTION_LOST" },
  { what: "hangs up within a row", at: "execute", does: writeAndEnd(rowHead, pg.row("x".repeat(9999)).subarray(0, 5000)), code: "CONNECTION_LOST" },
  { what: "resets within a row", at: "execute", does: (socket) => socket.write(pg.row("x".repeat(99)).subarray(0, 50), () => socket.resetAndDestroy()), code: "CONNECTION_LOST" },
  { what: "drips a row", at: "execute", does: (socket) => drip(socket, pg.row("x".repeat(99_999)), 1), heavy: true, code: "TIMEOUT" },
  { what: "has small rows without end", at: "execute", does: (socket) => flood(socket, Buffer.concat(Array(1000).fill(pg.row("x")))), heavy: true, code: "RESULT_TOO_LARGE" },
  { what: "has rows of 1 MB without end", at: "execute", does: (socket) => flood(socket, pg.row("x".repeat(1 << 20))), heavy: true, code: "RESULT_TOO_LARGE" },
  { what: "has a row of 2 GB", at: "execute", does: (socket) => { socket.write(pg.header("D", 0x7fffffff)); flood(socket, Buffer.alloc(1 << 20)); }, heavy: true, code: "CONNECTION_LOST" },
  { what: "has a row of 64 MB", at: "execute", does: (socket) => { socket.write(pg.header("D", 0x04000000)); flood(socket, Buffer.alloc(1 << 20)); }, heavy: true, code: "RESULT_TOO_LARGE" },
  { what: "announces a row of 64 MB and stops", at: "execute", does: write(pg.header("D", 0x04000000)), heavy: true, code: "TIMEOUT" },
  { what: "announces a row of 2 GB and stops", at: "execute", does: write(pg.header("D", 0x7fffffff)), code: "CONNECTION_LOST" },
  { what: "has a row of negative length", at: "execute", does: write(pg.header("D", -1)), code: "CONNECTION_LOST" },
  { what: "has a row with a field of negative length", at: "execute", does: write(pg.message("D", pg.int16(1), -7, "x"), pg.idle), code: "CONNECTION_LOST" },
  { what: "has rows with too many fields", at: "execute", does: write(pg.message("D", pg.int16(2), 1, "x", 1, "y"), pg.message("C", "SELECT 1\0"), pg.idle), code: "CONNECTION_LOST" },
  { what: "floods with notices", at: "execute", does: (socket) => flood(socket, pg.notice("n".repeat(9000))), heavy: true, code: "RESULT_TOO_LARGE|TIMEOUT" },
  { what: "drips notices", at: "execute", does: (socket) => drip(socket, pg.notice("n"), 1), code: "TIMEOUT" },
  { what: "floods with notifications", at: "execute", does: (socket) => flood(socket, pg.message("A", 1, "channel\0", `${"p".repeat(7000)}\0`)), heavy: true, code: "RESULT_TOO_LARGE|TIMEOUT" },
  { what: "floods with settings", at: "execute", does: (socket) => flood(socket, pg.status("a".repeat(5000), "b".repeat(20_000))), heavy: true, code: "RESULT_TOO_LARGE|TIMEOUT" },
  { what: "sends a message of no known type", at: "execute", does: write(pg.message("!", "x")), code: "TIMEOUT" },
  { what: "wants a file", at: "parse", does: write(pg.message("1"), pg.message("G", Buffer.of(0), pg.int16(0))), code: "COPY_NOT_ALLOWED" },
  { what: "gives a file", at: "parse", does: write(pg.message("1"), pg.message("H", Buffer.of(0), pg.int16(0))), code: "COPY_NOT_ALLOWED" },
  { what: "copies both ways", at: "parse", does: write(pg.message("1"), pg.message("W", Buffer.of(0), pg.int16(0))), code: "COPY_NOT_ALLOWED" },
  { what: "asks for the password again", at: "execute", does: write(pg.message("R", 3)), code: "TIMEOUT" },
  { what: "fails with 1 MB, our password in it", at: "execute", does: write(pg.failure(mega)), goesOn: true, code: "SERVER_ERROR" },
  { what: "fails without a word", at: "execute", does: write(pg.message("E", Buffer.of(0))), goesOn: true, code: "CONNECTION_LOST" },
  { what: "fails without end", at: "execute", does: (socket) => flood(socket, pg.failure("x".repeat(9000))), heavy: true, code: "SERVER_ERROR" },
];

const redisCases: Case[] = [
  { what: "says nothing", at: "accept", does: silence, code: "TIMEOUT" },
  { what: "hangs up at once", at: "accept", does: hangUp, code: "CONNECTION_LOST" },
  { what: "resets at once", at: "accept", does: reset, code: "CONNECTION_LOST|UNREACHABLE" },
  { what: "speaks HTTP", at: "accept", does: write(bytes("HTTP/1.1 400 Bad Request\r\n\r\n")), code: "SERVER_PROTOCOL" },
  { what: "says nothing to AUTH", at: "sign-in", does: silence, code: "TIMEOUT" },
  { what: "drips its answer to AUTH", at: "sign-in", does: (socket) => drip(socket, bytes("+OK but it is a long way\r\n"), 500), code: "TIMEOUT" },
  { what: "answers AUTH with a flood", at: "sign-in", does: (socket) => flood(socket, bytes("+".repeat(65536))), heavy: true, code: "RESULT_TOO_LARGE" },
  { what: "answers AUTH twice", at: "sign-in", does: write(bytes("+OK\r\n+OK\r\n")), code: "SERVER_PROTOCOL" },
  { what: "answers AUTH with a list", at: "sign-in", does: write(bytes("*2\r\n+OK\r\n+OK\r\n")), code: "SERVER_PROTOCOL" },
  { what: "refuses with 1 MB, our password in it", at: "sign-in", does: write(bytes(`-WRONGPASS ${password}\u001b${mega.replace(/[\r\n]/g, "")}\r\n`)), code: "AUTH_FAILED" },
  { what: "says nothing", at: "command", does: silence, code: "TIMEOUT" },
  { what: "hangs up", at: "command", does: hangUp, code: "CONNECTION_LOST" },
  { what: "hangs up within a reply", at: "command", does: writeAndEnd(bytes("$100\r\nabc")), code: "CONNECTION_LOST" },
  { what: "resets within a reply", at: "command", does: (socket) => socket.write("$100\r\nabc", () => socket.resetAndDestroy()), code: "CONNECTION_LOST" },
  { what: "drips a reply", at: "command", does: (socket) => drip(socket, bytes(`$99999\r\n${"x".repeat(9999)}`), 1), code: "TIMEOUT" },
  { what: "floods with a line without end", at: "command", does: (socket) => flood(socket, bytes("+".repeat(65536))), heavy: true, code: "RESULT_TOO_LARGE" },
  { what: "announces 2^31 bytes", at: "command", does: (socket) => { socket.write("$2147483648\r\n"); flood(socket, Buffer.alloc(65536)); }, heavy: true, code: "RESULT_TOO_LARGE" },
  { what: "announces 2^63 - 1 bytes", at: "command", does: write(bytes("$9223372036854775807\r\nx")), code: "TIMEOUT" },
  { what: "announces 2^64 bytes", at: "command", does: write(bytes("$18446744073709551616\r\nx")), code: "SERVER_PROTOCOL" },
  { what: "announces -2 bytes", at: "command", does: write(bytes("$-2\r\n")), code: "SERVER_PROTOCOL" },
  { what: "announces 2^31 - 1 replies", at: "command", does: write(bytes("*2147483647\r\n")), code: "SERVER_PROTOCOL" },
  { what: "nests without end", at: "command", does: (socket) => flood(socket, bytes("*1\r\n".repeat(9999))), heavy: true, code: "SERVER_PROTOCOL" },
  { what: "answers with a map", at: "command", does: write(bytes("%1\r\n+a\r\n+b\r\n")), code: "SERVER_PROTOCOL" },
  { what: "pushes", at: "command", does: write(bytes(">2\r\n+message\r\n+b\r\n")), code: "SERVER_PROTOCOL" },
  { what: "counts beyond 64 bits", at: "command", does: write(bytes(":99999999999999999999999999\r\n")), code: "SERVER_PROTOCOL" },
  { what: "counts in letters", at: "command", does: write(bytes(":twelve\r\n")), code: "SERVER_PROTOCOL" },
  { what: "sends an alert of TLS", at: "command", does: write(Buffer.of(0x15, 3, 1, 0, 2, 2, 70)), code: "SERVER_PROTOCOL" },
  { what: "fails with 1 MB, our password in it", at: "command", does: write(bytes(`-ERR ${mega.replace(/[\r\n]/g, "")}\r\n`)), code: "SERVER_ERROR" },
  { what: "fails without a word", at: "command", does: write(bytes("-\r\n")), code: "SERVER_ERROR" },
];

const signsIn = ["parse", "execute", "command"];

/* One server, one connection: a step and a test in time and with their codes, then as if nothing had been. */
async function tryOut(kind: "postgresql" | "redis", { at, does, goesOn, code, tested }: Case, expect: any): Promise<void> {
  const misdeed = { at, does, goesOn } as any;
  const server = kind === "redis" ? await redis.HostileRedis.open(misdeed) : await pg.HostilePostgresql.open(misdeed);
  const connectionId = await field.connect(kind, server.url(password), config);
  const workflowId =
    kind === "redis"
      ? await field.command(connectionId, { command: "GET", key: "hostile" })
      : await field.query(connectionId, "SELECT 'hostile'");
  const execution = await field.execute(workflowId);
  expect(execution.status).toBe("failed");
  expect(code.split("|"), JSON.stringify(execution.error)).toContain(execution.error.code);
  expect(longestMs(execution)).toBeLessThanOrEqual((signsIn.includes(at) ? STATEMENT_MS : CONNECT_MS) + LATE_MS + pulse.slowestMs);

  const result = await field.test(connectionId);
  const codes = tested?.split("|") ?? (signsIn.includes(at) ? [undefined] : code.split("|"));
  expect(codes, JSON.stringify(result)).toContain(result.error);
  expect(result.success).toBe(result.error === undefined);
  expect(result.latencyMs).toBeLessThanOrEqual(CONNECT_MS + LATE_MS + pulse.slowestMs);

  const said = JSON.stringify([execution, result]);
  expect(said).not.toContain(password);
  expect(said).not.toMatch(/\\u00[01]|\\[rnt]/);
  expect(said.length).toBeLessThan(8192);

  server.misdeed = undefined;
  const again = await field.execute(workflowId);
  expect(again, JSON.stringify(again.error)).toMatchObject({ status: "succeeded" });
  expect(server.open).toBeLessThanOrEqual(config.pool.max);
}

describe.each([
  ["postgresql" as const, postgresql],
  ["redis" as const, redisCases],
])("%s", (kind, cases) => {
  const light = cases.filter(({ heavy }) => !heavy), heavy = cases.filter((one) => one.heavy);
  test.concurrent.for(light)("$at: $what: $code", (one, { expect }) => tryOut(kind, one, expect));
  test.for(heavy)("$at: $what: $code", (one, { expect }) => tryOut(kind, one, expect));
});

test("nobody else was held up, memory stays as it was, and no thread stays behind", async ({ expect }) => {
  await pulse.stop();
  for (let i = 0; i < 100 && field.threads() > threads; i++) await sleep(100);
  expect(field.threads()).toBeLessThanOrEqual(threads);
  expect(pulse.failures).toEqual([]);
  expect(pulse.beats).toBeGreaterThan(10);
  expect(pulse.slowestMs).toBeLessThan(HELD_UP_MS);
  expect(pulse.peakKiB - pulse.fieldBefore.residentKiB).toBeLessThan(MORE_KIB);
});

afterAll(() => pulse.stop());
