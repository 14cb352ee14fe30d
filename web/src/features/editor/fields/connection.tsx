/* SPDX-License-Identifier: Apache-2.0 */
/* Which connection a node uses: those of its type, a way to test it, a way to a new one. */
import { Button, Select } from "@mantine/core";
import { Plus } from "lucide-react";
import { useState } from "react";
import { editorText } from "../../../text/editor.ts";
import { text } from "../../../text/en.ts";
import { EditorDialog, TestButton, TestResultLine, useConnectionTest } from "../../connections/index.ts";
import { useEditor } from "../context.tsx";
import type { FieldProps } from "./field.tsx";
import { errorOf } from "./notes.tsx";

const words = editorText.fields;

export function ConnectionField({ field, value, set, problems, inDialog }: FieldProps) {
  const { connections, project, readOnly } = useEditor();
  const [adding, setAdding] = useState(false);
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
          ]}
          value={id || null}
          onChange={(next) => set(next ?? undefined)}
          readOnly={readOnly !== undefined}
          error={errorOf(problems)}
          searchable={fitting.length > 8}
          comboboxProps={{ withinPortal: !inDialog }}
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
      {readOnly ? null : (
        <Button
          className="start"
          size="compact-sm"
          variant="subtle"
          leftSection={<Plus size={14} aria-hidden />}
          onClick={() => setAdding(true)}
        >
          {words.addConnection}
        </Button>
      )}
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
    </div>
  );
}
