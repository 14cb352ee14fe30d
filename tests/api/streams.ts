/* SPDX-License-Identifier: Apache-2.0 */
/* Event streams: as programs open them, as they are on the wire, and a connection that can be cut. */
import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { createTRPCUntypedClient, httpSubscriptionLink } from "@trpc/client";
import { EventSource } from "eventsource";
import { afterAll, expect } from "vitest";
import type { Server } from "./harness.ts";

const endings: (() => unknown)[] = [];
afterAll(async () => {
  while (endings.length > 0) await endings.pop()!();
});

/* Waits until it is so; what never comes is a hang, which the test's time limit finds. */
export async function until<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const value = await look();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/* --- as programs open them --- */

export interface Watching {
  events: { id: string; data: any }[];
  states: string[];
  errors: any[];
  completed: number;
  /* Resolves when the sequence is over or has failed. */
  ended: Promise<void>;
  stop(): void;
}

export function watch(base: string, token: string, input: object): Watching {
  const link = httpSubscriptionLink({ url: `${base}/trpc`, EventSource, connectionParams: { token } });
  const client = createTRPCUntypedClient({ links: [link] });
  const seen: Watching = { events: [], states: [], errors: [], completed: 0, ended: Promise.resolve(), stop: () => undefined };
  seen.ended = new Promise((resolve) => {
    const subscription = client.subscription("executions.watch", input, {
      onData: (event) => seen.events.push(event as never),
      onConnectionStateChange: (state) => seen.states.push(state.state),
      onError: (error) => {
        seen.errors.push(error);
        resolve();
      },
      onComplete: () => {
        seen.completed++;
        resolve();
      },
    });
    seen.stop = () => {
      subscription.unsubscribe();
      resolve();
    };
  });
  endings.push(() => seen.stop());
  return seen;
}

/* --- as they are on the wire --- */

export interface Frame {
  event: string;
  data: any;
  id?: string;
}

export interface Raw {
  status: number;
  headers: Headers;
  frames: Frame[];
  text(): string;
  /* Resolves true when the answer came to its proper end, false when it was cut. */
  ended: Promise<boolean>;
  stop(): void;
}

export async function open(url: string, headers: Record<string, string> = {}): Promise<Raw> {
  const abort = new AbortController();
  const answer = await fetch(url, { headers: { accept: "text/event-stream", ...headers }, signal: abort.signal });
  const frames: Frame[] = [];
  let text = "", rest = "";
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body!) {
      const part = decoder.decode(chunk, { stream: true });
      text += part;
      rest += part;
      for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
        const frame: Frame = { event: "message", data: undefined };
        for (const line of rest.slice(0, end).split("\n")) {
          const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
          if (name === "event") frame.event = value!;
          if (name === "data") frame.data = value === "" ? "" : JSON.parse(value!);
          if (name === "id") frame.id = value!;
        }
        frames.push(frame);
        rest = rest.slice(end + 2);
      }
    }
  };
  const ended = read().then(() => true, () => false);
  const raw = { status: answer.status, headers: answer.headers, frames, text: () => text, ended, stop: () => abort.abort() };
  endings.push(() => raw.stop());
  return raw;
}

export function watchUrl(server: Pick<Server, "base">, input: object, more = ""): string {
  return `${server.base}/trpc/executions.watch?${more}input=${encodeURIComponent(JSON.stringify(input))}`;
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/* --- a connection that can be cut --- */

export interface Cable {
  base: string;
  leadTo(server: Server | undefined): void;
  cut(): number;
}

export async function cable(): Promise<Cable> {
  const sockets = new Set<Socket>();
  let target = 0;
  const listener = createServer((near) => {
    if (target === 0) {
      near.destroy();
      return;
    }
    const far = connect(target, "127.0.0.1");
    for (const [one, other] of [[near, far], [far, near]] as const) {
      sockets.add(one);
      one.on("error", () => undefined);
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  endings.push(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  return {
    base: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    leadTo: (server) => {
      target = server ? Number(new URL(server.base).port) : 0;
    },
    cut: () => {
      const count = sockets.size;
      for (const socket of sockets) socket.destroy();
      return count;
    },
  };
}

/* What each execution or step came to, in the order in which it was told. */
export function stories(events: { data: any }[]): Map<string, string[]> {
  const told = new Map<string, string[]>();
  for (const { data } of events) {
    const name = data.type === "execution" ? data.execution.id : data.type === "step" ? data.step.nodeId : "gap";
    const status = data.type === "execution" ? data.execution.status : data.type === "step" ? data.step.status : "gap";
    told.set(name, [...(told.get(name) ?? []), status]);
  }
  return told;
}

export function expectOneEnd(events: { data: any }[], executionId: string, status: string) {
  const ends = (stories(events).get(executionId) ?? []).filter((word) => !["queued", "running", "waiting"].includes(word));
  expect(ends).toEqual([status]);
}
