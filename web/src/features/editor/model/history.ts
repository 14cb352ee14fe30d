/* SPDX-License-Identifier: Apache-2.0 */
/* Undo and redo. Changes of the same thing in quick succession, as while typing, are one step. */
import type { Graph } from "./graph.ts";

const STEPS = 200;
const PAUSE_MS = 1000;

export interface History {
  now: Graph;
  past: Graph[];
  future: Graph[];
  /* What the last change was about, and when it was made. */
  about?: string;
  at?: number;
}

export function begin(graph: Graph): History {
  return { now: graph, past: [], future: [] };
}

export function change(history: History, next: Graph, about: string | undefined, at: number): History {
  if (next === history.now) return history;
  const goesOn = about !== undefined && about === history.about && at - (history.at ?? 0) < PAUSE_MS;
  return {
    now: next,
    past: goesOn ? history.past : [...history.past, history.now].slice(-STEPS),
    future: [],
    ...(about === undefined ? {} : { about, at }),
  };
}

export function undo(history: History): History {
  const before = history.past.at(-1);
  if (!before) return history;
  return { now: before, past: history.past.slice(0, -1), future: [history.now, ...history.future] };
}

export function redo(history: History): History {
  const [after, ...future] = history.future;
  if (!after) return history;
  return { now: after, past: [...history.past, history.now], future };
}
