/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stretch of wire in front of a real server. What is wrong with it can be changed at any moment,
 * for sessions that are open as well as for those to come.
 */
import { connect, type Socket } from "node:net";
import { listen, type Port } from "./listener.ts";

export type Fault =
  | { kind: "none" }
  | { kind: "delay"; ms: number } /* each chunk, both ways */
  | { kind: "drip"; ms: number } /* what the server says, a byte at a time */
  | { kind: "half-open" } /* nothing passes any more, nothing ends */
  | { kind: "drop" } /* ends in order, new ones too */
  | { kind: "reset" } /* ends at once, new ones too */
  | { kind: "truncate"; after: number } /* so many bytes of what the server says from now on, then the end */
  | { kind: "withhold"; text: string } /* hangs up in place of passing on what of the server's words holds this */
  | { kind: "corrupt"; at: number }; /* turns the bits of this one of the server's bytes from now on */

interface Wire {
  client: Socket;
  server: Socket;
  said: number; /* bytes of the server since the fault began */
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class Proxy {
  #fault: Fault = { kind: "none" };
  #wires = new Set<Wire>();
  #changed: (() => void)[] = [];
  #port!: Port;

  /* In front of the server that `url` names. */
  static async open(url: string): Promise<Proxy> {
    const proxy = new Proxy();
    const to = Number(new URL(url).port);
    proxy.#port = await listen((client) => proxy.#accept(client, to));
    return proxy;
  }

  /* The same URL, leading here. */
  lead(url: string): string {
    return url.replace(/@127\.0\.0\.1:\d+/, `@127.0.0.1:${this.#port.port}`);
  }

  get open(): number {
    return this.#port.sockets.size;
  }

  get accepted(): number {
    return this.#port.accepted;
  }

  set fault(fault: Fault) {
    this.#fault = fault;
    for (const wire of this.#wires) {
      wire.said = 0;
      if (fault.kind === "drop" || fault.kind === "reset") this.#cut(wire);
    }
    for (const tell of this.#changed.splice(0)) tell();
  }

  #cut(wire: Wire): void {
    if (this.#fault.kind === "reset") wire.client.resetAndDestroy();
    else wire.client.end().resume();
    wire.server.destroy();
  }

  #accept(client: Socket, to: number): void {
    const server = connect({ host: "127.0.0.1", port: to, noDelay: true });
    const wire = { client, server, said: 0 };
    this.#wires.add(wire);
    server.on("error", () => client.destroy());
    client.on("close", () => {
      server.destroy();
      this.#wires.delete(wire);
    });
    if (this.#fault.kind === "drop" || this.#fault.kind === "reset") return this.#cut(wire);
    void this.#carry(wire, client, server, false);
    void this.#carry(wire, server, client, true);
  }

  /* An end passes like a chunk does: a half-open wire keeps it to itself. */
  async #carry(wire: Wire, from: Socket, to: Socket, said: boolean): Promise<void> {
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) await this.#pass(wire, chunk, to, said);
    } catch {
      /* It ended badly. */
    }
    await this.#wait();
    to.end();
  }

  async #wait(): Promise<void> {
    while (this.#fault.kind === "half-open") await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  async #pass(wire: Wire, chunk: Buffer, to: Socket, said: boolean): Promise<void> {
    await this.#wait();
    const fault = this.#fault;
    if (fault.kind === "delay") await sleep(fault.ms);
    if (!said || fault.kind === "none" || fault.kind === "delay") return void to.write(chunk);
    if (fault.kind === "withhold") {
      if (!chunk.includes(fault.text)) return void to.write(chunk);
      to.end();
      return void wire.server.destroy();
    }
    const from = wire.said;
    wire.said += chunk.length;
    if (fault.kind === "corrupt" && fault.at >= from && fault.at < wire.said) {
      chunk = Buffer.from(chunk);
      chunk[fault.at - from]! ^= 0xff;
    }
    if (fault.kind === "truncate" && fault.after <= wire.said) {
      to.end(chunk.subarray(0, fault.after - from));
      wire.server.destroy();
    } else if (fault.kind === "drip") {
      for (const byte of chunk) {
        to.write(Buffer.of(byte));
        await sleep(fault.ms);
        if (this.#fault !== fault || to.destroyed) break;
      }
    } else {
      to.write(chunk);
    }
  }
}
