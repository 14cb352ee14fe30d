/* SPDX-License-Identifier: Apache-2.0 */
/* The editor of one field of a config, chosen by the form's description alone. */
import { Select, Switch, TextInput } from "@mantine/core";
import type { FormField } from "../../../api.gen.ts";
import { SecretInput } from "../../../parts/secret-input.tsx";
import { editorText } from "../../../text/editor.ts";
import { useEditor } from "../context.tsx";
import type { Problem } from "../model/check.ts";
import { readDuration, writeDuration } from "../model/duration.ts";
import type { GraphNode } from "../model/graph.ts";
import { JsonArrayField, SqlField } from "./code.tsx";
import { ConnectionField } from "./connection.tsx";
import { dropDown } from "./drop-down.ts";
import { KeptText } from "./kept-text.tsx";
import { errorOf, Warnings } from "./notes.tsx";
import { ValueField } from "./value.tsx";

export interface FieldProps {
  field: FormField;
  node: GraphNode;
  value: unknown;
  /* undefined takes the value away. */
  set: (value: unknown) => void;
  problems: Problem[];
  /* What drops down must stay inside of a dialog. */
  inDialog: boolean;
}

const readNumber = (text: string) => (/^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined);
const readWhole = (text: string) => (/^-?\d{1,15}$/.test(text.trim()) ? Number(text) : undefined);

/* What the description says, where the label alone would leave one guessing. */
function docOf(field: FormField): string {
  return field.doc;
}

function Group({ field, node, value, set, problems, inDialog }: FieldProps) {
  const values = (value ?? {}) as Record<string, unknown>;
  return (
    <fieldset className="group">
      <legend>{field.title}</legend>
      <div className="pair">
        {field.fields?.map((inner) => (
          <Field
            key={inner.name}
            field={inner}
            node={node}
            value={values[inner.name]}
            set={(next) => {
              const { [inner.name]: _old, ...rest } = values;
              const all = next === undefined ? rest : { ...rest, [inner.name]: next };
              set(Object.keys(all).length ? all : undefined);
            }}
            problems={problems.filter((problem) => problem.field === `${field.name}.${inner.name}`)}
            inDialog={inDialog}
          />
        ))}
      </div>
      {errorOf(problems) ? <p className="own-error">{errorOf(problems)}</p> : null}
    </fieldset>
  );
}

export function Field(props: FieldProps) {
  const { field, value, set, problems, inDialog } = props;
  const locked = useEditor().readOnly !== undefined;
  const error = errorOf(problems);
  const numbers = {
    label: field.title,
    value: typeof value === "number" ? value : undefined,
    onChange: set,
    error,
    readOnly: locked,
    description: docOf(field),
  };
  switch (field.look) {
    case "connection":
      return <ConnectionField {...props} />;
    case "sql":
      return <SqlField {...props} />;
    case "json-array":
      return <JsonArrayField {...props} />;
    case "duration-ms":
      return (
        <KeptText
          {...numbers}
          read={readDuration}
          write={writeDuration}
          wrong={editorText.check.duration}
          placeholder={field.default ? writeDuration(Number(field.default)) : undefined}
        />
      );
  }
  switch (field.kind) {
    case "boolean":
      return (
        <div className="own-field">
          <Switch
            className="panel-switch"
            label={field.title}
            description={docOf(field)}
            checked={value === true}
            onChange={(event) => !locked && set(event.currentTarget.checked ? true : undefined)}
            aria-readonly={locked}
          />
          <Warnings problems={problems} />
        </div>
      );
    case "choice":
      return (
        <Select
          label={field.title}
          {...(field.required ? {} : { description: docOf(field) })}
          placeholder={field.required ? editorText.fields.choose : editorText.fields.none}
          data={field.options ?? []}
          value={typeof value === "string" ? value : null}
          onChange={(next) => set(next ?? undefined)}
          clearable={!field.required}
          allowDeselect={!field.required}
          readOnly={locked}
          error={error}
          comboboxProps={dropDown(inDialog)}
        />
      );
    case "integer":
      return (
        <KeptText
          {...numbers}
          read={readWhole}
          write={String}
          wrong={editorText.check.number}
          placeholder={field.default}
        />
      );
    case "number":
      return (
        <KeptText
          {...numbers}
          read={readNumber}
          write={String}
          wrong={editorText.check.number}
          placeholder={field.default}
        />
      );
    case "secret":
      return (
        <SecretInput
          label={field.title}
          error={error}
          onChange={(event) => set(event.currentTarget.value || undefined)}
        />
      );
    case "group":
      return <Group {...props} />;
    case "json":
      return <ValueField {...props} />;
  }
  if (field.templates || field.look === "multiline") return <ValueField {...props} />;
  return (
    <TextInput
      label={field.title}
      value={typeof value === "string" ? value : ""}
      readOnly={locked}
      error={error}
      onChange={(event) => set(event.currentTarget.value || undefined)}
    />
  );
}
