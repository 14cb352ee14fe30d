/* SPDX-License-Identifier: Apache-2.0 */
/* One polite live region: what ended or was saved is said once to those who listen. */
import { useSyncExternalStore } from "react";

let said = "";
const listeners = new Set<() => void>();

export function announce(words: string): void {
  /* The same words again are news too: a no-break space makes them other ones. */
  said = words === said ? `${words}\u00a0` : words;
  for (const listener of listeners) listener();
}

export function Announcer() {
  const words = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => said,
  );
  return (
    <div className="hidden-text" aria-live="polite" data-announcer>
      {words}
    </div>
  );
}
