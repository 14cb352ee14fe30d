/* SPDX-License-Identifier: Apache-2.0 */
/* What the address of the tab says: the open dialog. */
export interface WorkflowsSearch {
  add?: boolean;
  edit?: string;
  delete?: string;
  q?: string;
}

const texts = ["edit", "delete", "q"] as const;

export function readWorkflowsSearch(search: Record<string, unknown>): WorkflowsSearch {
  const read: WorkflowsSearch = {};
  if (search.add) read.add = true;
  for (const key of texts) {
    const value = search[key];
    if (value !== undefined && value !== "" && typeof value !== "object") read[key] = String(value);
  }
  return read;
}
