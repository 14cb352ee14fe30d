/* SPDX-License-Identifier: Apache-2.0 */
/* Streams that a screen wants and that have been down for a while: what the shell says about them. */
import { useSyncExternalStore } from "react";

const broken = new Set<object>();
const onlookers = new Set<() => void>();

export function setBroken(who: object, is: boolean): void {
  if (broken.has(who) === is) return;
  if (is) broken.add(who);
  else broken.delete(who);
  for (const look of onlookers) look();
}

export function useLivePaused(): boolean {
  return useSyncExternalStore(
    (look) => {
      onlookers.add(look);
      return () => onlookers.delete(look);
    },
    () => broken.size > 0,
  );
}
