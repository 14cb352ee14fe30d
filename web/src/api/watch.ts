/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live news of executions: one stream for what a screen shows, taken up again where it broke off.
 *
 * A browser opens six connections to a server, tabs counted together, and an open stream holds one: at
 * most four tabs have one at a time, and only while they are seen. Whoever has none is told "gap" (fetch
 * again) every ten seconds; so is everybody while the stream is down, and when it lost track.
 */
import { TRPCClientError } from "@trpc/client";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { WatchEvent } from "../api.gen.ts";
import { api } from "./client.ts";

export type Topic = { executionId: string } | { projectId: string };
/* live: news come as they happen. late: now and then. over: what was watched has ended, or is not for us. */
export type WatchState = "live" | "late" | "over";

const SLOTS = 4;
const POLL_MS = 10_000;
/* News that come together are told together: a screen is drawn once for them. */
const GATHER_MS = 100;
/* A short look at another tab costs no new stream. */
const HIDDEN_MS = 5_000;
const RETRY_MS = [1_000, 2_000, 5_000, 10_000];
/* Shorter breaks are nobody's business. */
const PAUSE_MS = 5_000;

/* --- what the shell says about all of it --- */

const broken = new Set<object>();
const onlookers = new Set<() => void>();

function setBroken(who: object, is: boolean): void {
  if (broken.has(who) === is) return;
  if (is) broken.add(who);
  else broken.delete(who);
  for (const look of onlookers) look();
}

/* True: a stream that a screen wants has been down for a while. */
export function useLivePaused(): boolean {
  return useSyncExternalStore(
    (look) => {
      onlookers.add(look);
      return () => onlookers.delete(look);
    },
    () => broken.size > 0,
  );
}

/* --- places for streams, shared by all tabs --- */

type Free = () => void;

/* Resolves when the lock is ours; undefined: it is taken, or waiting for it was given up. */
function lock(name: string, options: LockOptions): Promise<Free | undefined> {
  return new Promise((resolve) => {
    navigator.locks
      .request(name, options, (held) => (held ? new Promise<void>((free) => resolve(free)) : resolve(undefined)))
      .catch(() => resolve(undefined));
  });
}

async function takePlace(signal: AbortSignal): Promise<Free | undefined> {
  /* Over plain HTTP browsers have no locks: then it is being seen that counts. */
  if (!navigator.locks) return () => undefined;
  for (let slot = 0; slot < SLOTS; slot++) {
    const free = await lock(`tieline-stream-${slot}`, { ifAvailable: true });
    if (free) return free;
  }
  return lock(`tieline-stream-${Math.floor(Math.random() * SLOTS)}`, { signal });
}

/* --- one stream --- */

function isFinal(error: unknown): boolean {
  const code = error instanceof TRPCClientError ? error.data?.code : undefined;
  return ["NOT_FOUND", "FORBIDDEN", "UNAUTHORIZED", "BAD_REQUEST"].includes(code);
}

/* Watches until the returned function is called. `tell` is given one or more events, in their order. */
export function watch(
  topic: Topic,
  tell: (events: WatchEvent[]) => void,
  onState: (state: WatchState) => void = () => undefined,
): () => void {
  const self = {};
  let lastEventId: string | undefined;
  let stopStream: (() => void) | undefined;
  let over = false;
  let failures = 0;
  let gathered: WatchEvent[] = [];
  let gatherTimer: ReturnType<typeof setTimeout> | undefined;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let pauseTimer: ReturnType<typeof setTimeout> | undefined;
  let hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  let pollTimer: ReturnType<typeof setInterval> | undefined;

  function pass(): void {
    clearTimeout(gatherTimer);
    gatherTimer = undefined;
    const events = gathered;
    gathered = [];
    if (events.length) tell(events);
  }

  function take(event: WatchEvent): void {
    gathered.push(event);
    gatherTimer ??= setTimeout(pass, GATHER_MS);
  }

  function set(state: WatchState): void {
    clearInterval(pollTimer);
    if (state === "late") pollTimer = setInterval(() => document.hidden || take({ type: "gap" }), POLL_MS);
    else {
      clearTimeout(pauseTimer);
      pauseTimer = undefined;
      setBroken(self, false);
    }
    onState(state);
  }

  function end(): void {
    over = true;
    stop();
    set("over");
  }

  function open(): void {
    const gate = new AbortController();
    let free: Free | undefined;
    let close: Free | undefined;
    stopStream = () => {
      stopStream = undefined;
      gate.abort();
      close?.();
      free?.();
    };
    set("late");
    void takePlace(gate.signal).then((place) => {
      if (gate.signal.aborted || !place) return place?.();
      free = place;
      const stream = api.executions.watch.subscribe(
        { ...topic, ...(lastEventId ? { lastEventId } : {}) },
        {
          onData: ({ id, data }) => {
            lastEventId = id;
            failures = 0;
            take(data);
          },
          onConnectionStateChange: ({ state }) => {
            if (gate.signal.aborted) return;
            if (state === "pending") set("live");
            else if (state === "connecting") {
              set("late");
              pauseTimer ??= setTimeout(() => setBroken(self, true), PAUSE_MS);
            }
          },
          onComplete: () => {
            pass();
            end();
          },
          onError: (error) => {
            if (gate.signal.aborted) return;
            stopStream?.();
            if (isFinal(error)) {
              /* The query will say what it is. */
              take({ type: "gap" });
              pass();
              end();
              return;
            }
            set("late");
            pauseTimer ??= setTimeout(() => setBroken(self, true), PAUSE_MS);
            retryTimer = setTimeout(look, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
          },
        },
      );
      close = () => stream.unsubscribe();
    });
  }

  /* Opens or closes as the tab is seen or hidden. */
  function look(): void {
    clearTimeout(hiddenTimer);
    clearTimeout(retryTimer);
    if (over) return;
    if (document.hidden) hiddenTimer = setTimeout(() => stopStream?.(), HIDDEN_MS);
    else if (!stopStream) open();
  }

  function stop(): void {
    document.removeEventListener("visibilitychange", look);
    for (const timer of [gatherTimer, retryTimer, pauseTimer, hiddenTimer]) clearTimeout(timer);
    clearInterval(pollTimer);
    setBroken(self, false);
    stopStream?.();
  }

  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    over = true;
    stop();
  };
}

/* The same for as long as a component lives and the topic is the same. undefined: nothing is watched. */
export function useWatch(topic: Topic | undefined, tell: (events: WatchEvent[]) => void): WatchState {
  const [state, setState] = useState<WatchState>("late");
  const latest = useRef(tell);
  latest.current = tell;
  const key = topic && JSON.stringify(topic);
  useEffect(() => {
    if (!key) return;
    setState("late");
    return watch(JSON.parse(key) as Topic, (events) => latest.current(events), setState);
  }, [key]);
  return state;
}
