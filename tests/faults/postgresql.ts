/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PostgreSQL server that means ill. It speaks enough of the protocol to be signed in to and to
 * answer any statement with one row of one text, until it comes to the moment that a test chose:
 *
 *     accept    nothing was said yet
 *     startup   the client said who it is
 *     ready     sign-in is over, and the first statements come
 *     execute   a statement with the word "hostile" in it is to be executed
 *     parse     … or only described
 *
 * Source: PostgreSQL 15 manual, chapter "Frontend/Backend Protocol".
 */
import type { Socket } from "node:net";
import { listen, type Port } from "./listener.ts";

export type Moment = "accept" | "startup" | "ready" | "parse" | "execute";

export interface Misdeed {
  at: Moment;
  does: (socket: Socket) => void;
  goesOn?: boolean; /* as after an error: skips to the Sync, then behaves */
}

export function message(type: string, ...body: (Buffer | string | number)[]): Buffer {
  const whole = Buffer.concat(body.map((part) => (typeof part === "number" ? int32(part) : Buffer.from(part))));
  return Buffer.concat([Buffer.from(type), int32(whole.length + 4), whole]);
}

/* A header that announces `length` bytes, whatever follows. */
export function header(type: string, length: number): Buffer {
  return Buffer.concat([Buffer.from(type), int32(length)]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value & 0xffff);
  return bytes;
}

export const row = (text: string) => message("D", int16(1), text.length, text);
export const failure = (text: string, sqlState = "XX000", severity = "ERROR") =>
  message("E", `S${severity}\0V${severity}\0C${sqlState}\0M${text}\0\0`);
export const notice = (text: string) => message("N", `SNOTICE\0VNOTICE\0C00000\0M${text}\0\0`);
export const status = (name: string, value: string) => message("S", `${name}\0${value}\0`);
export const idle = message("Z", "I");

const columns = message("T", int16(1), "text\0", 0, int16(0), 25, int16(-1), -1, int16(0));
const signedIn = Buffer.concat([
  message("R", 0),
  status("server_version", "15.0"),
  status("server_encoding", "UTF8"),
  status("client_encoding", "UTF8"),
  status("standard_conforming_strings", "on"),
  message("K", 4711, 4712),
  idle,
]);

/* A sign-in by SCRAM that would take the client half an hour to compute. */
export function endlessScram(socket: Socket): void {
  socket.write(message("R", 10, "SCRAM-SHA-256\0\0"));
  socket.on("data", (chunk) => {
    const nonce = /r=([^,]+)$/.exec(chunk.toString("latin1"))?.[1];
    if (nonce) socket.write(message("R", 11, `r=${nonce}x,s=QSXCR+Q6sek8bf92,i=2147483647`));
  });
}

const SSL_REQUEST = 80877103;
const CANCEL_REQUEST = 80877102;

class Session {
  #socket: Socket;
  #server: HostilePostgresql;
  #heard = Buffer.alloc(0);
  #started = false;
  #gone = false; /* the misdeed has the socket for as long as it is wanted */
  #hostile = new Set<string>(); /* names of statements */
  #bound = "";
  #skips = false;

  constructor(socket: Socket, server: HostilePostgresql) {
    this.#socket = socket;
    this.#server = server;
    socket.on("data", (chunk) => this.#hear(chunk));
    this.#reach("accept");
  }

  #reach(moment: Moment): boolean {
    const misdeed = this.#server.misdeed;
    if (this.#gone || misdeed?.at !== moment) return false;
    this.#skips = misdeed.goesOn ?? false;
    this.#gone = !this.#skips;
    if (this.#gone) this.#heard = Buffer.alloc(0);
    misdeed.does(this.#socket);
    return true;
  }

  #hear(chunk: Buffer): void {
    if (this.#gone && this.#server.misdeed) return;
    this.#gone = false;
    this.#heard = Buffer.concat([this.#heard, chunk]);
    while (!this.#gone) {
      const start = this.#started ? 1 : 0;
      if (this.#heard.length < start + 4) return;
      const end = start + this.#heard.readUInt32BE(start);
      if (this.#heard.length < end) return;
      const body = this.#heard.subarray(start + 4, end);
      const type = String.fromCharCode(this.#heard[0]!);
      this.#heard = this.#heard.subarray(end);
      if (this.#started) this.#answer(type, body);
      else this.#start(body);
    }
  }

  #start(body: Buffer): void {
    const code = body.readUInt32BE(0);
    if (code === CANCEL_REQUEST) return this.#server.hold(this.#socket);
    if (code === SSL_REQUEST) return void this.#socket.write("N");
    this.#started = true;
    if (!this.#reach("startup")) this.#socket.write(signedIn);
  }

  #answer(type: string, body: Buffer): void {
    const word = (at: number) => body.toString("utf8", at, body.indexOf(0, at));
    if (this.#skips && type !== "S") return;
    if (!this.#skips && this.#reach("ready")) return;
    this.#skips = false;
    if (type === "P") {
      const name = word(0);
      this.#hostile.delete(name);
      if (word(name.length + 1).includes("hostile")) {
        this.#hostile.add(name);
        if (this.#reach("parse")) return;
      }
      this.#socket.write(message("1"));
    } else if (type === "B") {
      const portal = word(0);
      this.#bound = word(portal.length + 1);
      this.#socket.write(message("2"));
    } else if (type === "D") {
      this.#socket.write(body[0] === 0x53 ? Buffer.concat([message("t", int16(0)), columns]) : columns);
    } else if (type === "E") {
      if (this.#hostile.has(this.#bound) && this.#reach("execute")) return;
      this.#socket.write(Buffer.concat([row("f"), message("C", "SELECT 1\0")]));
    } else if (type === "S") {
      this.#socket.write(idle);
    } else if (type === "X") {
      this.#socket.end();
    }
  }
}

export class HostilePostgresql {
  misdeed: Misdeed | undefined; /* none: it behaves */
  #port!: Port;
  #held = new Set<Socket>();

  static async open(misdeed?: Misdeed): Promise<HostilePostgresql> {
    const server = new HostilePostgresql();
    server.misdeed = misdeed;
    server.#port = await listen((socket) => void new Session(socket, server));
    return server;
  }

  url(password: string): string {
    return `postgresql://mallory:${password}@127.0.0.1:${this.#port.port}/db?sslmode=disable`;
  }

  /* A request to cancel: it is not hung up on, which libpq would wait for. */
  hold(socket: Socket): void {
    this.#held.add(socket);
    socket.on("close", () => this.#held.delete(socket));
  }

  get open(): number {
    return this.#port.sockets.size - this.#held.size;
  }
}
