/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that act anywhere in the editor; single letters only where nobody types. */
import { useEffect, useRef } from "react";
import { lettersOn } from "../../app/letters.ts";
import { addShortcuts, control } from "../../app/shortcuts.ts";
import { editorText } from "../../text/editor.ts";

const words = editorText.keys;
addShortcuts({
  title: words.editor,
  keys: [
    { keys: [control, "S"], does: words.save },
    { keys: [control, "Enter"], does: words.run },
    { keys: [control, "Z"], does: words.undo },
    { keys: [control, "Shift", "Z"], does: words.redo },
    { keys: ["F6"], does: words.parts },
    { keys: ["T"], does: words.tidy },
    { keys: ["O"], does: words.outline },
  ],
});
addShortcuts({
  title: words.canvas,
  keys: [
    { keys: ["← ↑ → ↓"], does: words.go },
    { keys: ["Shift", "← ↑ → ↓"], does: words.move },
    { keys: ["A"], does: words.add },
    { keys: ["C"], does: words.connect },
    { keys: ["Enter"], does: words.open },
    { keys: ["F2"], does: words.rename },
    { keys: ["Del"], does: words.remove },
    { keys: [control, "D"], does: words.duplicate },
    { keys: [control, "A / C / V"], does: words.copy },
    { keys: ["0 + −"], does: words.zoom },
  ],
});

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
      } else if (!typing && !event.altKey && lettersOn()) {
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
