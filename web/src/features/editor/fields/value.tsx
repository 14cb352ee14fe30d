/* SPDX-License-Identifier: Apache-2.0 */
/* A text that may hold templates, with a list of the values there are to put in. */
import { ActionIcon, Menu, Textarea } from "@mantine/core";
import { Braces } from "lucide-react";
import { useMemo, useRef } from "react";
import { editorText } from "../../../text/editor.ts";
import { useEditor } from "../context.tsx";
import { references } from "../model/references.ts";
import { dropDown } from "./drop-down.ts";
import type { FieldProps } from "./field.tsx";
import { errorOf } from "./notes.tsx";

const words = editorText.fields;

/* What other programs saved as a number or an object is shown, and stays one while it is JSON. */
function write(value: unknown): string {
  return value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
}

function read(text: string, before: unknown): unknown {
  if (before === undefined || typeof before === "string") return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export function ValueField({ field, node, value, set, problems, inDialog }: FieldProps) {
  const { graph, steps, readOnly } = useEditor();
  const input = useRef<HTMLTextAreaElement>(null);
  const offered = useMemo(() => references(graph, node.id, steps), [graph, node.id, steps]);
  const text = write(value);

  function insert(path: string) {
    const at = input.current?.selectionStart ?? text.length;
    const to = input.current?.selectionEnd ?? at;
    const written = `{{ ${path} }}`;
    set(`${text.slice(0, at)}${written}${text.slice(to)}`);
    setTimeout(() => {
      input.current?.focus();
      input.current?.setSelectionRange(at + written.length, at + written.length);
    });
  }

  return (
    <div className="value-field">
      <Textarea
        ref={input}
        className="grow"
        label={field.title}
        value={text}
        rows={Math.min(8, Math.max(1, text.split("\n").length))}
        readOnly={readOnly !== undefined}
        spellCheck={false}
        error={errorOf(problems)}
        onChange={(event) => {
          const typed = event.currentTarget.value;
          set(typed === "" && field.required ? undefined : read(typed, value));
        }}
      />
      {field.templates && !readOnly ? (
        <Menu position="bottom-end" width={320} {...dropDown(inDialog)}>
          <Menu.Target>
            <ActionIcon className="value-insert" aria-label={words.insertFor(field.title)} title={words.insert}>
              <Braces size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown className="value-menu">
            {offered.map((one) => (
              <Menu.Item key={one.text} onClick={() => insert(one.text)}>
                <span className="mono">{one.text}</span>
                <br />
                <span className="meta">{one.about}</span>
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      ) : null}
    </div>
  );
}
