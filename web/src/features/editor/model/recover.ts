/* SPDX-License-Identifier: Apache-2.0 */
/* Unsaved drafts, one for each user and workflow, that outlive a reload. They hold no secrets: connections are ids. */
import type { Graph } from "./graph.ts";

export interface KeptDraft {
  /* The version that it was made from. */
  version: number;
  at: number;
  graph: Graph;
}

const key = (userId: string, workflowId: string) => `tieline-draft ${userId} ${workflowId}`;

/* False: this browser keeps nothing. */
export function keepDraft(userId: string, workflowId: string, draft: KeptDraft): boolean {
  try {
    localStorage.setItem(key(userId, workflowId), JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function dropDraft(userId: string, workflowId: string): void {
  try {
    localStorage.removeItem(key(userId, workflowId));
  } catch {
    /* Nothing was kept. */
  }
}

export function findDraft(userId: string, workflowId: string): KeptDraft | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(key(userId, workflowId)) ?? "null") as KeptDraft | null;
    if (kept && Number.isInteger(kept.version) && Array.isArray(kept.graph?.nodes) && Array.isArray(kept.graph.edges))
      return kept;
  } catch {
    /* Unreadable is the same as none. */
  }
  return undefined;
}
