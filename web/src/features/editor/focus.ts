/* SPDX-License-Identifier: Apache-2.0 */
/* Where the focus goes: to a node, on the canvas or in the outline; to the name in its properties. */
import { focusOn } from "../../parts/focus.ts";

export function focusNode(id: string): void {
  focusOn(`[data-node="${CSS.escape(id)}"]`);
}

export function focusName(nodeId: string, whole = false): void {
  focusOn(`#panel-name[data-of="${CSS.escape(nodeId)}"]`, (field) => {
    if (whole) (field as HTMLInputElement).select();
  });
}

/* Where it does not stand beside what it is about. */
export function focusPanel(nodeId: string): void {
  focusOn(`#editor-panel[data-of="${CSS.escape(nodeId)}"]`);
}
