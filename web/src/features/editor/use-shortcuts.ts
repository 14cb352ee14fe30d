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
    { keys: ["t"], does: words.tidy },
    { keys: ["o"], does: words.outline },
  ],
});
addShortcuts({
  title: words.canvas,
  keys: [
    { keys: ["← ↑ → ↓"], does: words.go },
    { keys: ["Shift", "← ↑ → ↓"], does: words.move },
    { keys: ["a"], does: words.add },
    { keys: ["c"], does: words.connect },
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

/* Each with what in it takes the focus, in the order of preference. */
const places: Record<string, string[]> = {
  "editor-palette": ["input"],
  "editor-canvas": ['[data-node][tabindex="0"]', "[data-node]", "button", "input"],
  "editor-panel": ["#panel-name", "button"],
  "editor-foot": ["button", "a"],
};

/* F6: on to the next part of the screen. */
function goRound(step: number): void {
  const there = Object.keys(places).filter((id) => document.getElementById(id));
  const here = there.findIndex((id) => document.getElementById(id)?.contains(document.activeElement));
  /* From nowhere it begins at the first, or at the last. */
  const next = here < 0 ? there.at(step > 0 ? 0 : -1) : there[(here + step + there.length) % there.length];
  const place = next === undefined ? null : document.getElementById(next);
  if (next === undefined || !place) return;
  for (const wanted of places[next] ?? []) {
    place.querySelector<HTMLElement>(wanted)?.focus();
    if (place.contains(document.activeElement)) return;
  }
  place.focus();
}

export function useShortcuts(actions: Actions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { save, run, undo, redo, tidyUp, toggleOutline } = latest.current;
      /* A dialog has its own keys, but for what belongs to the draft in the wide one of the properties. */
      const dialogs = [...document.querySelectorAll('[role="dialog"], [role="alertdialog"]')];
      if (event.defaultPrevented || dialogs.some((dialog) => !dialog.querySelector("[data-editor-keys]"))) return;
      const typing = (event.target as HTMLElement).closest?.("input, textarea, [contenteditable=true]");
      let act: (() => void) | undefined;
      if ((event.ctrlKey || event.metaKey) && !event.altKey) {
        const key = event.key.toLowerCase();
        if (key === "s") act = save;
        else if (key === "enter") act = run;
        else if (key === "z") act = event.shiftKey ? redo : undo;
        else if (key === "y") act = redo;
      } else if (dialogs.length > 0) {
        return;
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
