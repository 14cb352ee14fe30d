/* SPDX-License-Identifier: Apache-2.0 */
/* What other features may use of this one. */
import { lazy } from "react";
import "./connections.css";

/* Loaded once it is asked for: most of the time nobody adds a connection elsewhere. */
export const EditorDialog = lazy(async () => ({ default: (await import("./editor-dialog.tsx")).EditorDialog }));
export { TestButton } from "./test-button.tsx";
export { TestResultLine } from "./test-result.tsx";
export { typeTitle } from "./types.ts";
export { useConnectionTest } from "./use-test.ts";
