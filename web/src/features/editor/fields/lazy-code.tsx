/* SPDX-License-Identifier: Apache-2.0 */
/* A code field, loaded when the first one is shown. */
import { lazy, Suspense } from "react";
import { editorText } from "../../../text/editor.ts";

const CodeField = lazy(() => import("../../../parts/code-field.tsx"));

export function LazyCode(props: Parameters<typeof CodeField>[0]) {
  return (
    <Suspense fallback={<div className="code-field code-waiting">{editorText.fields.code}</div>}>
      <CodeField {...props} />
    </Suspense>
  );
}
