/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Redis server that means ill. It answers "+OK" to whatever it is asked but PING, until it comes to the
 * moment that a test chose:
 *
 *     accept    nothing was said yet
 *     sign-in   the client has sent AUTH
 *     command   a command with the word "hostile" in it has come
 *
 * Source: the Redis documentation, "Redis serialization protocol specification".
 */
import type { Socket } from "node:net";
import { listen, type Port } from "./listener.ts";

export interface Misdeed {
  at: "accept" | "sign-in" | "command";
  does: (socket: Socket) => void;
}

/* The words of the first command in `heard` and where it ends, or nothing while it is not whole. */
function command(heard: Buffer): { words: string[]; end: number } | undefined {
  if (heard[0] !== 0x2a) return undefined; /* not of Redis: no answer */
  let at = 0;
  const number = () => {
    const end = heard.indexOf("\r\n", at);
    if (end < 0) return -1;
    const value = Number(heard.toString("latin1", at + 1, end));
    at = end + 2;
    return value;
  };
  const count = number();
  const words: string[] = [];
  for (let i = 0; i < count; i++) {
    const length = number();
    if (length < 0 || at + length + 2 > heard.length) return undefined;
    words.push(heard.toString("latin1", at, at + length));
    at += length + 2;
  }
  return count < 0 ? undefined : { words, end: at };
}

export class HostileRedis {
  misdeed: Misdeed | undefined; /* none: it behaves */
  #port!: Port;

  static async open(misdeed?: Misdeed): Promise<HostileRedis> {
    const server = new HostileRedis();
    server.misdeed = misdeed;
    server.#port = await listen((socket) => server.#serve(socket));
    return server;
  }

  url(password: string): string {
    return `redis://mallory:${password}@127.0.0.1:${this.#port.port}`;
  }

  get open(): number {
    return this.#port.sockets.size;
  }

  #serve(socket: Socket): void {
    let heard = Buffer.alloc(0);
    let gone = false; /* the misdeed has the socket for as long as it is wanted */
    const reach = (moment: Misdeed["at"]) => {
      if (gone || this.misdeed?.at !== moment) return;
      gone = true;
      this.misdeed.does(socket);
    };
    reach("accept");
    socket.on("data", (chunk) => {
      if (gone && this.misdeed) return;
      gone = false;
      heard = Buffer.concat([heard, chunk]);
      for (let next = command(heard); next && !gone; next = command(heard)) {
        heard = heard.subarray(next.end);
        if (next.words[0] === "AUTH") reach("sign-in");
        if (next.words.some((word) => word.includes("hostile"))) reach("command");
        if (!gone) socket.write(next.words[0] === "PING" ? "+PONG\r\n" : "+OK\r\n");
      }
      if (gone) heard = Buffer.alloc(0);
    });
  }
}
