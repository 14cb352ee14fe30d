/* SPDX-License-Identifier: Apache-2.0 */
/* The draft of one workflow: its history, what of it is saved, and the copy that outlives a reload. */
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "react";
import type { Workflow } from "../../api.gen.ts";
import { type Graph, readGraph, sameGraph } from "./model/graph.ts";
import { begin, change as changed, type History, redo, undo } from "./model/history.ts";
import { dropDraft, findDraft, type KeptDraft, keepDraft } from "./model/recover.ts";

const KEEP_AFTER_MS = 300;

/* As it is saved; what other programs made without places is given some. */
export async function graphOf(workflow: Workflow): Promise<Graph> {
  const { graph, placed } = readGraph(workflow.definition);
  return placed ? graph : (await import("./model/layout.ts")).tidy(graph);
}

type Action =
  | { kind: "change"; next: (graph: Graph) => Graph; about?: string | undefined; at: number }
  | { kind: "undo" }
  | { kind: "redo" }
  | { kind: "begin"; graph: Graph };

function reduce(history: History, action: Action): History {
  switch (action.kind) {
    case "change":
      return changed(history, action.next(history.now), action.about, action.at);
    case "undo":
      return undo(history);
    case "redo":
      return redo(history);
    case "begin":
      return begin(action.graph);
  }
}

/* The version that the draft was made from, and how it was. */
interface Base {
  version: number;
  graph: Graph;
}

/* `first` is the workflow's graph, placed. */
export function useDraft(workflow: Workflow, first: Graph, userId: string) {
  const [base, setBase] = useState<Base>(() => ({ version: workflow.version, graph: first }));
  const [history, dispatch] = useReducer(reduce, base.graph, begin);
  const graph = history.now;
  const dirty = useMemo(() => !sameGraph(graph, base.graph), [graph, base]);
  const [found, setFound] = useState<KeptDraft | undefined>(() => {
    const kept = findDraft(userId, workflow.id);
    return kept && !sameGraph(kept.graph, base.graph) ? kept : undefined;
  });

  const keep = useRef<() => void>(() => undefined);
  keep.current = () => {
    /* What was found stays until somebody decides about it, or goes on working. */
    if (dirty) keepDraft(userId, workflow.id, { version: base.version, at: Date.now(), graph });
    else if (!found) dropDraft(userId, workflow.id);
  };
  useEffect(() => {
    const timer = setTimeout(() => keep.current(), KEEP_AFTER_MS);
    return () => clearTimeout(timer);
  }, [graph, dirty, base]);
  useEffect(() => {
    const now = () => keep.current();
    addEventListener("pagehide", now);
    return () => removeEventListener("pagehide", now);
  }, []);

  const change = useCallback(
    (next: (graph: Graph) => Graph, about?: string) => dispatch({ kind: "change", next, about, at: Date.now() }),
    [],
  );

  /* Somebody else's version, taken over where nothing was changed here. */
  useEffect(() => {
    if (workflow.version <= base.version || dirty) return;
    let current = true;
    void graphOf(workflow).then((latest) => {
      if (!current) return;
      setBase({ version: workflow.version, graph: latest });
      dispatch({ kind: "begin", graph: latest });
    });
    return () => {
      current = false;
    };
  }, [workflow, base.version, dirty]);

  return {
    graph,
    base,
    dirty,
    change,
    undo: useCallback(() => dispatch({ kind: "undo" }), []),
    redo: useCallback(() => dispatch({ kind: "redo" }), []),
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    /* What was sent is saved now, as this version; what was typed since is not. */
    saved: (version: number, sent: Graph) => setBase({ version, graph: sent }),
    /* Saving goes on from this version, whatever it holds. */
    rebase: (version: number) => setBase({ version, graph: base.graph }),
    forget: () => {
      keep.current = () => undefined;
      dropDraft(userId, workflow.id);
    },
    found,
    restore: () => {
      if (!found) return;
      setBase({ version: found.version, graph: base.graph });
      change(() => found.graph);
      setFound(undefined);
    },
    discard: () => {
      setFound(undefined);
      dropDraft(userId, workflow.id);
    },
  };
}

export type Draft = ReturnType<typeof useDraft>;
