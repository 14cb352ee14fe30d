/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that work everywhere, and the list of all keys. A screen takes part by attributes: its search
 * field has data-shortcut="search", its button for a new one data-shortcut="new"; what has keys of its
 * own (a canvas, a code field) stands in an element with data-own-keys. A feature with keys of its own
 * adds them to the list with addShortcuts(), from a file that is loaded with it.
 */
import { useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { focusOn } from "../parts/focus.ts";
import { text } from "../text/en.ts";
import { lettersOn } from "./letters.ts";

const words = text.shortcuts;

export interface ShortcutGroup {
  title: string;
  /* Each key of a combination by itself; "then" between those that follow each other. */
  keys: { keys: string[]; does: string }[];
}

const mac = /Mac|iPhone|iPad/.test(navigator.platform);
export const control = mac ? "⌘" : "Ctrl";

export const shortcutGroups: ShortcutGroup[] = [
  {
    title: words.groups.anywhere,
    keys: [
      { keys: [control, "K"], does: words.goTo },
      { keys: ["?"], does: words.help },
      { keys: ["g", words.behind, "p"], does: words.projects },
      { keys: ["g", words.behind, "w"], does: words.workflows },
      { keys: ["g", words.behind, "c"], does: words.connections },
      { keys: ["g", words.behind, "e"], does: words.executions },
      { keys: ["Esc"], does: words.close },
    ],
  },
  {
    title: words.groups.lists,
    keys: [
      { keys: ["/"], does: words.search },
      { keys: ["n"], does: words.create },
    ],
  },
];

export function addShortcuts(group: ShortcutGroup): void {
  if (!shortcutGroups.some(({ title }) => title === group.title)) shortcutGroups.push(group);
}

/* Somebody writes here, or it has keys of its own. */
function isTaken(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable="true"], [data-own-keys]') !== null
  );
}

function somethingIsOpen(): boolean {
  return document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null;
}

const tabs: Record<string, string> = { w: "workflows", c: "connections", e: "executions" };
/* How long "g" waits for the second letter. */
const SEQUENCE_MS = 1_500;

export function useShortcuts(openGoTo: () => void, openHelp: () => void): void {
  const navigate = useNavigate();
  const { projectId } = useParams({ strict: false });
  const latest = useRef({ openGoTo, openHelp, navigate, projectId });
  latest.current = { openGoTo, openHelp, navigate, projectId };
  useEffect(() => {
    let awaiting = 0;

    /* What had the focus may not be on that page: its heading has it, unless a question came up. */
    async function go(to: string): Promise<void> {
      await latest.current.navigate({ to: to as "/projects" });
      if (!somethingIsOpen()) focusOn("main h1");
    }

    function second(letter: string): boolean {
      const { projectId } = latest.current;
      const tab = tabs[letter];
      if (letter === "p") void go("/projects");
      else if (tab && projectId) void go(`/projects/${projectId}/${tab}`);
      else return false;
      return true;
    }

    function letter(key: string): boolean {
      if (awaiting > Date.now()) {
        awaiting = 0;
        return second(key);
      }
      switch (key) {
        case "?":
          latest.current.openHelp();
          return true;
        case "g":
          awaiting = Date.now() + SEQUENCE_MS;
          return true;
        case "/": {
          const search = document.querySelector<HTMLElement>('[data-shortcut="search"]');
          search?.focus();
          return search !== null;
        }
        case "n": {
          const button = document.querySelector<HTMLElement>('[data-shortcut="new"]');
          button?.click();
          return button !== null;
        }
        default:
          return false;
      }
    }

    function onKey(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.isComposing || somethingIsOpen()) return;
      const command = mac ? event.metaKey : event.ctrlKey;
      if (command && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        latest.current.openGoTo();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || !lettersOn() || isTaken(event.target)) return;
      if (letter(event.key)) event.preventDefault();
    }

    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
