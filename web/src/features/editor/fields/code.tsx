/* SPDX-License-Identifier: Apache-2.0 */
/* SQL with what its $n stand for, and JSON arrays. The fields themselves are loaded when first shown. */
import { useEffect, useId, useMemo, useState } from "react";
import { StatusMark } from "../../../parts/status-mark.tsx";
import { editorText } from "../../../text/editor.ts";
import { useEditor } from "../context.tsx";
import { inexact } from "../model/check.ts";
import { fieldOf } from "../model/fields.ts";
import { references } from "../model/references.ts";
import { parametersOf } from "../model/sql-params.ts";
import type { FieldProps } from "./field.tsx";
import { LazyCode } from "./lazy-code.tsx";
import { errorOf, OwnField } from "./notes.tsx";

const words = editorText.fields;

export function SqlField({ field, node, value, set, problems }: FieldProps) {
  const id = useId();
  const { readOnly } = useEditor();
  return (
    <OwnField id={id} label={field.title} problems={problems}>
      <LazyCode
        language="sql"
        label={field.title}
        value={typeof value === "string" ? value : ""}
        onChange={(next) => set(next === "" ? undefined : next)}
        invalid={errorOf(problems) !== undefined}
        readOnly={readOnly !== undefined}
        describedBy={`${id}-notes`}
        key={node.id}
      />
    </OwnField>
  );
}

/* As one would write it: each value on the one line while that is short. */
export function writeArray(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  const line = JSON.stringify(value);
  const spaced = Array.isArray(value) ? `[${value.map((item) => JSON.stringify(item)).join(", ")}]` : line;
  return spaced.length <= 60 ? spaced : JSON.stringify(value, null, 2);
}

/* The array that a text means; a text that means none stays a text, and is a problem. */
export function readArray(text: string): unknown {
  if (text.trim() === "") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : text;
  } catch {
    return text;
  }
}

export function JsonArrayField({ field, node, value, set, problems }: FieldProps) {
  const id = useId();
  const { graph, components, steps, readOnly } = useEditor();
  const [text, setText] = useState(() => writeArray(value));
  useEffect(() => {
    setText((now) => (JSON.stringify(readArray(now)) === JSON.stringify(value) ? now : writeArray(value)));
  }, [value]);
  const sql = fieldOf(components.get(node.type), "sql");
  const used = sql ? parametersOf(String(node.config[sql.name] ?? "")) : [];
  const given = Array.isArray(value) ? value : [];
  const rough = Array.isArray(value) ? inexact(text) : undefined;
  const suggestions = useMemo(() => references(graph, node.id, steps), [graph, node.id, steps]);
  return (
    <OwnField
      id={id}
      label={field.title}
      problems={problems}
      hint={
        <>
          {rough ? <StatusMark tone="warn">{editorText.check.inexact(rough)}</StatusMark> : null}
          {used.length ? (
            <ul className="meanings">
              {used.map((n) => (
                <li key={n}>
                  {n <= given.length ? words.parameter(n, JSON.stringify(given[n - 1])) : words.noParameter(n)}
                </li>
              ))}
            </ul>
          ) : null}
        </>
      }
    >
      <LazyCode
        language="json"
        label={field.title}
        value={text}
        onChange={(next) => {
          setText(next);
          set(readArray(next));
        }}
        invalid={errorOf(problems) !== undefined}
        readOnly={readOnly !== undefined}
        describedBy={`${id}-notes`}
        hint='For example ["{{ trigger.id }}", 1]'
        suggestions={suggestions}
        key={node.id}
      />
    </OwnField>
  );
}
