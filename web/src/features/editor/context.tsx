/* SPDX-License-Identifier: Apache-2.0 */
/* What every part of the editor reads and changes. */
import { createContext, useContext } from "react";
import type { Connection } from "../../api/types.ts";
import type { Component, Execution, Project, Workflow } from "../../api.gen.ts";
import type { Problem } from "./model/check.ts";
import type { Graph } from "./model/graph.ts";

export type StepNow = Execution["steps"][number];

export interface Editor {
  project: Project;
  workflow: Workflow;
  graph: Graph;
  components: ReadonlyMap<string, Component>;
  connections: Connection[] | undefined;
  /* Of the whole draft. */
  problems: Problem[];
  /* By node, of the execution that is watched or was the last. */
  steps: ReadonlyMap<string, StepNow>;
  executionId: string | undefined;
  /* Why nothing can be changed here; absent: it can. */
  readOnly: string | undefined;
  /* `about` joins quick changes of one thing into one step of undo. */
  change: (next: (graph: Graph) => Graph, about?: string) => void;
  undo: () => void;
  redo: () => void;
  canUndo: boolean;
  canRedo: boolean;
  /* The node whose panel is open. */
  openId: string | undefined;
  /* The panel stands above the outline, not beside it. */
  narrow: boolean;
  open: (id: string | undefined) => void;
  selected: ReadonlySet<string>;
  select: (ids: Iterable<string>) => void;
  /* Adds a node of this type, behind the selected one unless told otherwise; opens its panel. */
  add: (type: string, where?: { at?: { x: number; y: number }; insertAfter?: string }) => void;
  remove: (ids: Iterable<string>) => void;
  duplicate: (ids: Iterable<string>) => void;
  /* Another number: the whole graph is to be seen. */
  fits: number;
  /* Which question is asked about a node. */
  ask: (question: Question | undefined) => void;
}

export interface Question {
  kind: "connect" | "insert";
  nodeId: string;
}

const context = createContext<Editor | undefined>(undefined);
export const EditorProvider = context.Provider;

export function useEditor(): Editor {
  const editor = useContext(context);
  if (!editor) throw new Error("a part of the editor stands outside of it");
  return editor;
}

export function problemsOf(problems: Problem[], nodeId: string, field?: string): Problem[] {
  return problems.filter(
    (problem) =>
      problem.nodeId === nodeId &&
      (field === undefined ||
        problem.field === field ||
        problem.field?.startsWith(`${field}.`) ||
        problem.field?.startsWith(`${field}[`)),
  );
}
