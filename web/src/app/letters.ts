/* SPDX-License-Identifier: Apache-2.0 */
/* Whether single letters are shortcuts: the user's choice in this browser. */
import { useSyncExternalStore } from "react";

const key = "tieline-letters";
const listeners = new Set<() => void>();
let kept: boolean | undefined;

export function lettersOn(): boolean {
  if (kept === undefined) {
    try {
      kept = localStorage.getItem(key) !== "off";
    } catch {
      kept = true;
    }
  }
  return kept;
}

export function setLetters(on: boolean): void {
  kept = on;
  try {
    if (on) localStorage.removeItem(key);
    else localStorage.setItem(key, "off");
  } catch {
    /* No storage: it lasts as long as the page. */
  }
  for (const listener of listeners) listener();
}

export function useLetters(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, lettersOn);
}
