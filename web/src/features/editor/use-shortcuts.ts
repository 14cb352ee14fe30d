/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that act anywhere in the editor; single letters only where nobody types. */
import { useEffect, useRef } from "react";

interface Actions {
  save: () => void;
  run: () => void;
  undo: () => void;
  redo: () => void;
  tidyUp: () => void;
  toggleOutline: () => void;
}

const places = ["editor-palette", "editor-canvas", "editor-panel", "editor-foot"];

/* F6: on to the next part of the screen. */
function goRound(step: number): void {
  const there = places.filter((id) => document.getElementById(id));
  const here = there.findIndex((id) => document.getElementById(id)?.contains(document.activeElement));
  const next = there[(here + step + there.length) % there.length] ?? there[0];
  const place = next === undefined ? null : document.getElementById(next);
  const inner = place?.querySelector<HTMLElement>('[data-node][tabindex="0"], input, button:not([disabled])');
  (inner ?? place)?.focus();
}

export function useShortcuts(actions: Actions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { save, run, undo, redo, tidyUp, toggleOutline } = latest.current;
      /* A dialog has its own keys. */
      if (event.defaultPrevented || document.querySelector('[role="dialog"], [role="alertdialog"]')) return;
      const typing = (event.target as HTMLElement).closest?.("input, textarea, [contenteditable=true]");
      let act: (() => void) | undefined;
      if ((event.ctrlKey || event.metaKey) && !event.altKey) {
        const key = event.key.toLowerCase();
        if (key === "s") act = save;
        else if (key === "enter") act = run;
        else if (key === "z") act = event.shiftKey ? redo : undo;
        else if (key === "y") act = redo;
      } else if (event.key === "F6") {
        act = () => goRound(event.shiftKey ? -1 : 1);
      } else if (!typing && !event.altKey) {
        if (event.key === "t") act = tidyUp;
        else if (event.key === "o") act = toggleOutline;
      }
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
