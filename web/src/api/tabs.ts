/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tabs of a browser have together: for each topic one of them that leads, a few places for
 * streams, and a channel on which the leader tells the others.
 */
import type { Placed } from "./stream.ts";

/*
 * A browser opens six connections to a server, tabs counted together, and an open stream holds one:
 * some must be left for calls.
 */
const PLACES = 4;

type Free = () => void;

export type Word =
  | { kind: "hello" }
  | { kind: "events"; events: Placed[] }
  /* `down`: the stream is wanted, and does not come about. */
  | { kind: "state"; live: boolean; down: boolean }
  | { kind: "end"; refused: boolean };

/* Resolves when the lock is ours; undefined: it is taken, or waiting for it was given up. */
function lock(name: string, options: LockOptions): Promise<Free | undefined> {
  return new Promise((resolve) => {
    navigator.locks
      .request(name, options, (held) => (held ? new Promise<void>((free) => resolve(free)) : resolve(undefined)))
      .catch(() => resolve(undefined));
  });
}

/* To lead the tabs that watch `key`, once no other does. */
export async function takeLead(key: string, signal: AbortSignal): Promise<Free | undefined> {
  /* Over plain HTTP browsers have no locks: then each tab that is seen has a stream of its own. */
  if (!navigator.locks) return () => undefined;
  return lock(`tieline-watch ${key}`, { signal });
}

/* A place for a stream, once one is free. */
export async function takePlace(signal: AbortSignal): Promise<Free | undefined> {
  if (!navigator.locks) return () => undefined;
  for (let place = 0; place < PLACES; place++) {
    const free = await lock(`tieline-stream-${place}`, { ifAvailable: true });
    if (free) return free;
  }
  return lock(`tieline-stream-${Math.floor(Math.random() * PLACES)}`, { signal });
}

export interface Channel {
  say: (word: Word) => void;
  close: () => void;
}

/* To and from all others that watch `key`, in this tab or another one. */
export function openChannel(key: string, hear: (word: Word) => void): Channel {
  /* Who has no locks has no leader to listen to. */
  if (!navigator.locks || typeof BroadcastChannel === "undefined")
    return { say: () => undefined, close: () => undefined };
  const channel = new BroadcastChannel(`tieline-watch ${key}`);
  channel.onmessage = ({ data }: MessageEvent<Word>) => hear(data);
  return {
    say: (word) => channel.postMessage(word),
    close: () => {
      channel.onmessage = null;
      channel.close();
    },
  };
}
