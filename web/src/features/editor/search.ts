/* SPDX-License-Identifier: Apache-2.0 */
/* What the address of the editor says. */
export interface EditorSearch {
  node?: string;
  view?: "outline";
}

export function readEditorSearch(search: Record<string, unknown>): EditorSearch {
  return {
    ...(typeof search.node === "string" && search.node !== "" ? { node: search.node } : {}),
    ...(search.view === "outline" ? { view: "outline" as const } : {}),
  };
}
