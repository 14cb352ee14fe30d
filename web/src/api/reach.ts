/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the server answers. After a call that did not arrive it is asked until it does. */
import { useSyncExternalStore } from "react";

const AGAIN_MS = 2_000;

let reached = true;
const listeners = new Set<() => void>();
let onBack: () => void = () => undefined;

/* What is done once the server answers again. */
export function onServerBack(handler: () => void): void {
  onBack = handler;
}

function set(is: boolean): void {
  if (is === reached) return;
  reached = is;
  for (const listener of listeners) listener();
}

async function ask(): Promise<void> {
  const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => undefined);
  if (!answer?.ok) {
    setTimeout(() => void ask(), AGAIN_MS);
    return;
  }
  set(true);
  onBack();
}

/* fetch(), for calls; one that its caller gave up says nothing about the server. */
export async function reachingFetch(input: RequestInfo | URL | string, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(input, init);
  } catch (error) {
    if (!init?.signal?.aborted && reached) {
      set(false);
      setTimeout(() => void ask(), AGAIN_MS);
    }
    throw error;
  }
}

export function useReached(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => reached,
  );
}

function onLine(listener: () => void): () => void {
  window.addEventListener("online", listener);
  window.addEventListener("offline", listener);
  return () => {
    window.removeEventListener("online", listener);
    window.removeEventListener("offline", listener);
  };
}

/* What the browser says of its network. */
export function useOnline(): boolean {
  return useSyncExternalStore(onLine, () => navigator.onLine);
}
