/* SPDX-License-Identifier: Apache-2.0 */
/* Which connection a node uses: those of its type, a way to test it, a way to a new one. */
import { Select } from "@mantine/core";
import { Check, Plus } from "lucide-react";
import { Suspense, useRef, useState } from "react";
import { editorText } from "../../../text/editor.ts";
import { text } from "../../../text/en.ts";
import { EditorDialog, TestButton, TestResultLine, useConnectionTest } from "../../connections/index.ts";
import { useEditor } from "../context.tsx";
import { dropDown } from "./drop-down.ts";
import type { FieldProps } from "./field.tsx";
import { errorOf } from "./notes.tsx";

const words = editorText.fields;
/* No id of a connection. */
const ADD = "+";

function Option({ value, label, checked }: { value: string; label: string; checked: boolean }) {
  return (
    <span className="connection-option" data-add={value === ADD || undefined}>
      {value === ADD ? <Plus size={14} aria-hidden /> : checked ? <Check size={14} aria-hidden /> : null}
      <span>{label}</span>
    </span>
  );
}

export function ConnectionField({ field, value, set, problems, inDialog }: FieldProps) {
  const { connections, project, readOnly } = useEditor();
  const [adding, setAdding] = useState(false);
  /* Once it was there it stays, to close in its own time and give back the focus. */
  const wanted = useRef(false);
  wanted.current ||= adding;
  const id = typeof value === "string" ? value : "";
  const fitting = connections?.filter((one) => !field.connector || one.connectionType === field.connector) ?? [];
  const chosen = fitting.find((one) => one.id === id);
  const test = useConnectionTest(`${id} ${chosen?.updatedAt ?? ""}`);
  return (
    <div className="own-field">
      <div className="connection-field">
        <Select
          className="grow"
          label={field.title}
          placeholder={words.choose}
          data={[
            ...fitting.map((one) => ({ value: one.id, label: one.name })),
            ...(id && connections && !chosen ? [{ value: id, label: words.deleted, disabled: true }] : []),
            { value: ADD, label: words.addConnection },
          ]}
          renderOption={({ option, checked = false }) => <Option {...option} checked={checked} />}
          /* What leads to a new one is found whatever is searched. */
          filter={({ options, search }) =>
            options.filter(
              (option) =>
                "value" in option &&
                (option.value === ADD || option.label.toLowerCase().includes(search.trim().toLowerCase())),
            )
          }
          allowDeselect={false}
          value={id || null}
          onChange={(next) => (next === ADD ? setAdding(true) : set(next ?? undefined))}
          readOnly={readOnly !== undefined}
          error={errorOf(problems)}
          searchable={fitting.length > 8}
          comboboxProps={dropDown(inDialog)}
        />
        {chosen ? (
          <div className="connection-test">
            <TestButton
              test={test}
              start={() => test.start({ connectionId: chosen.id })}
              label={text.test.label(chosen.name)}
              reason={readOnly ? text.test.editorsOnly : undefined}
            />
          </div>
        ) : null}
      </div>
      <TestResultLine outcome={test.outcome} />
      <Suspense>
        {wanted.current ? (
          <EditorDialog
            opened={adding}
            projectId={project.id}
            connection={undefined}
            types={field.connector ? [field.connector] : ["postgresql", "redis"]}
            close={() => setAdding(false)}
            saved={(made) => {
              setAdding(false);
              set(made);
            }}
          />
        ) : null}
      </Suspense>
    </div>
  );
}
