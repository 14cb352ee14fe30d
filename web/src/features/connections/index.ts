/* SPDX-License-Identifier: Apache-2.0 */
/* What other features may use of this one. */
import "./connections.css";

export { EditorDialog } from "./editor-dialog.tsx";
export { TestButton } from "./test-button.tsx";
export { TestResultLine } from "./test-result.tsx";
export { typeTitle } from "./types.ts";
export { useConnectionTest } from "./use-test.ts";
