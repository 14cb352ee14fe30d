/* SPDX-License-Identifier: Apache-2.0 */
/* A port of 127.0.0.1 and the sockets that came to it, all of which end with the test file. */
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll } from "vitest";

export interface Port {
  port: number;
  sockets: Set<Socket>; /* open ones */
  accepted: number; /* so far */
  close(): Promise<void>;
}

/* Errors of sockets are what is provoked here: whoever wants to know of one listens for "close". */
export async function listen(accept: (socket: Socket) => void): Promise<Port> {
  const sockets = new Set<Socket>();
  const listener = createServer({ noDelay: true }, (socket) => {
    opened.accepted++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    accept(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      listener.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  const opened: Port = { port: (listener.address() as AddressInfo).port, sockets, accepted: 0, close };
  afterAll(() => opened.close());
  return opened;
}

/* Bytes at intervals, for ever: until the other end has enough. */
export function drip(socket: Socket, bytes: Buffer, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => socket.write(bytes.subarray(at % bytes.length, (at++ % bytes.length) + 1)), everyMs);
  socket.on("close", () => clearInterval(timer));
}

/* The same bytes over and over, as fast as the other end takes them. */
export function flood(socket: Socket, bytes: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on("drain", more);
  more();
}
