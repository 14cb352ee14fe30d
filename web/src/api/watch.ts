/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live news of executions. Tabs that watch the same thing have one stream together: one of them leads,
 * holds the stream and passes on what comes; when it is closed or hidden, another one goes on behind
 * the last event, which all of them know. Whoever is without news as they happen is told "gap" (fetch
 * again) every ten seconds; so is everybody when the stream lost track.
 */
import { useEffect, useRef } from "react";
import type { WatchEvent } from "../api.gen.ts";
import { setBroken } from "./paused.ts";
import { openStream, type Placed, type Topic } from "./stream.ts";
import { openChannel, takeLead, takePlace, type Word } from "./tabs.ts";

const POLL_MS = 10_000;
/* News that come together are told together: a screen is drawn once for them. */
const GATHER_MS = 100;
/* A short look at another tab costs no new stream; a longer one leaves the place to who is seen. */
const HIDDEN_MS = 5_000;
/* Shorter breaks are nobody's business. */
const PAUSE_MS = 5_000;

/* Watches until the returned function is called. `tell` is given one or more events, in their order. */
export function watch(topic: Topic, tell: (events: WatchEvent[]) => void): () => void {
  const self = {};
  const key = JSON.stringify(topic);
  let lastEventId: string | undefined;
  let live = false;
  /* The stream is wanted, and does not come about. */
  let down = false;
  let leading = false;
  let stepDown: (() => void) | undefined;
  let gathered: Placed[] = [];
  let gatherTimer: ReturnType<typeof setTimeout> | undefined;
  let pauseTimer: ReturnType<typeof setTimeout> | undefined;
  let hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  let pollTimer: ReturnType<typeof setInterval> | undefined;

  const fetchAgain = () => tell([{ type: "gap" }]);

  function set(isLive: boolean, isDown: boolean): void {
    live = isLive;
    down = isDown;
    clearInterval(pollTimer);
    if (!live) pollTimer = setInterval(() => document.hidden || fetchAgain(), POLL_MS);
    if (down) pauseTimer ??= setTimeout(() => setBroken(self, true), PAUSE_MS);
    else {
      clearTimeout(pauseTimer);
      pauseTimer = undefined;
      setBroken(self, false);
    }
  }

  function sayState(): void {
    channel.say({ kind: "state", live, down });
  }

  function pass(): void {
    clearTimeout(gatherTimer);
    gatherTimer = undefined;
    const events = gathered;
    gathered = [];
    if (events.length === 0) return;
    channel.say({ kind: "events", events });
    tell(events.map(({ data }) => data));
  }

  /* What was watched has ended; refused: it is not for us, and the query will say what it is. */
  function end(refused: boolean): void {
    stop();
    if (refused) fetchAgain();
  }

  function hear(word: Word): void {
    switch (word.kind) {
      case "hello":
        if (leading) sayState();
        break;
      case "events":
        lastEventId = word.events[word.events.length - 1]?.id ?? lastEventId;
        tell(word.events.map(({ data }) => data));
        break;
      case "state": {
        /* What the leader was told before we came, nobody tells us. */
        const missed = word.live && !live && lastEventId === undefined;
        set(word.live, word.down);
        if (missed) fetchAgain();
        break;
      }
      case "end":
        end(word.refused);
        break;
    }
  }

  function lead(): () => void {
    leading = true;
    const close = openStream(topic, () => lastEventId, {
      event: (event) => {
        lastEventId = event.id;
        gathered.push(event);
        gatherTimer ??= setTimeout(pass, GATHER_MS);
      },
      state: (isLive) => {
        set(isLive, !isLive);
        sayState();
      },
      end: (refused) => {
        pass();
        channel.say({ kind: "end", refused });
        end(refused);
      },
    });
    return () => {
      leading = false;
      close();
      pass();
      set(false, false);
      sayState();
    };
  }

  /* Asks to lead, and does once it may. */
  function stepUp(): void {
    const gate = new AbortController();
    const undo: (() => void)[] = [];
    stepDown = () => {
      stepDown = undefined;
      gate.abort();
      for (const one of undo.splice(0).reverse()) one();
    };
    const mine = (free: (() => void) | undefined): boolean => {
      if (!free) return false;
      if (gate.signal.aborted) free();
      else undo.push(free);
      return !gate.signal.aborted;
    };
    takeLead(key, gate.signal)
      .then((free) => {
        if (!mine(free)) return undefined;
        /* Who led before may have gone without a word. */
        set(false, false);
        sayState();
        return takePlace(gate.signal);
      })
      .then((free) => {
        if (mine(free)) undo.push(lead());
      });
  }

  /* Steps up or down as the tab is seen or hidden. */
  function look(): void {
    clearTimeout(hiddenTimer);
    if (document.hidden) hiddenTimer = setTimeout(() => stepDown?.(), HIDDEN_MS);
    else if (!stepDown) stepUp();
  }

  function stop(): void {
    document.removeEventListener("visibilitychange", look);
    stepDown?.();
    for (const timer of [gatherTimer, pauseTimer, hiddenTimer]) clearTimeout(timer);
    clearInterval(pollTimer);
    setBroken(self, false);
    channel.close();
  }

  const channel = openChannel(key, hear);
  document.addEventListener("visibilitychange", look);
  set(false, false);
  channel.say({ kind: "hello" });
  look();
  return stop;
}

/* The same for as long as a component lives and the topic is the same. undefined: nothing is watched. */
export function useWatch(topic: Topic | undefined, tell: (events: WatchEvent[]) => void): void {
  const latest = useRef(tell);
  latest.current = tell;
  const key = topic && JSON.stringify(topic);
  useEffect(() => (key ? watch(JSON.parse(key) as Topic, (events) => latest.current(events)) : undefined), [key]);
}
