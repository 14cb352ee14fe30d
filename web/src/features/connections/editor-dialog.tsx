/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adds or edits a connection. The URL field starts empty and is sent only if something was typed in;
 * a test takes the values as they stand, saved or not.
 */
import { Button, Radio, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useRef, useState } from "react";
import { api, queryClient, trpc } from "../../api/client.ts";
import type { Connection, ConnectionTemplate } from "../../api/types.ts";
import type { Problem } from "../../app/errors.ts";
import { nameProblem, useSubmitForm } from "../../app/forms.ts";
import { notice } from "../../app/notices.ts";
import { FormButtons, FormDialog } from "../../parts/form-dialog.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { SecretInput } from "../../parts/secret-input.tsx";
import { text } from "../../text/en.ts";
import { caValue, type PoolField, poolField, poolValues, settings, withCa, withPoolValues } from "./config.ts";
import { FieldsForm } from "./fields-form.tsx";
import { placeholders } from "./placeholders.ts";
import { PoolForm } from "./pool-form.tsx";
import { TestButton } from "./test-button.tsx";
import { TestResultLine } from "./test-result.tsx";
import { typeTitle } from "./types.ts";
import { readConnectionUrl, summarize } from "./url.ts";
import { usageQuery } from "./usage.ts";
import { type TestInput, useConnectionTest } from "./use-test.ts";

const words = text.editor;

/* By itself: the workflow editor has this dialog as well, and most connections start from nothing. */
const StartFrom = lazy(async () => ({ default: (await import("./start-from.tsx")).StartFrom }));
const AboutTemplate = lazy(async () => ({ default: (await import("./start-from.tsx")).AboutTemplate }));

interface Target {
  projectId: string;
  /* The one to edit; absent: a new one. */
  connection: Connection | undefined;
}

interface FormProps extends Target {
  types: string[];
  saved: (id: string) => void;
}

interface Values extends Record<PoolField, string>, Record<string, unknown> {
  type: string;
  name: string;
  url: string;
  ca: string;
}

function urlProblem(url: string, type: string, keepsOld: boolean): string | null {
  if (keepsOld && url === "") return null;
  const reading = readConnectionUrl(url, type);
  return reading.ok ? null : reading.problem;
}

function wholeNumber(value: string): string | null {
  return /^\d*$/.test(value.trim()) ? null : text.pool.number;
}

function place(problem: Problem): { field: string; message: string } | undefined {
  if (problem.code === "CONFLICT") return { field: "name", message: text.nameProblems.taken };
  if (problem.field === "connectionUrl") return { field: "url", message: problem.message };
  if (problem.field === "config.tls.caPem") return { field: "ca", message: problem.message };
  const setting = problem.field ? poolField(problem.field) : undefined;
  return setting ? { field: setting, message: problem.message } : undefined;
}

/* What the values mean for the server; config only when there is something to say. */
function contents(values: Values, was: Connection | undefined) {
  const config = withCa(withPoolValues(was?.config, values), values.ca);
  const shown = (of: unknown) => JSON.stringify([poolValues(of), caValue(of)]);
  const sameConfig = shown(was?.config) === shown(config);
  return {
    ...(values.url === "" ? {} : { connectionUrl: values.url.trim() }),
    ...(sameConfig ? {} : { config }),
  };
}

async function save(values: Values, { projectId, connection }: Target): Promise<Connection> {
  const { connectionUrl, config } = contents(values, connection);
  const name = values.name.trim();
  if (!connection)
    return api.connections.create.mutate({
      projectId,
      connectionType: values.type,
      name,
      connectionUrl: connectionUrl ?? "",
      ...(config ? { config } : {}),
    });
  if (name === connection.name && !connectionUrl && !config) return connection;
  return api.connections.update.mutate({
    connectionId: connection.id,
    ...(name === connection.name ? {} : { name }),
    ...(connectionUrl ? { connectionUrl } : {}),
    ...(config ? { config } : {}),
  });
}

function testInput(values: Values, { projectId, connection }: Target): TestInput {
  const { connectionUrl, config } = contents(values, connection);
  const given = { ...(connectionUrl ? { connectionUrl } : {}), ...(config ? { config } : {}) };
  return connection ? { connectionId: connection.id, ...given } : { projectId, connectionType: values.type, ...given };
}

function UsedBy({ connection }: { connection: Connection }) {
  const usage = useQuery(usageQuery(connection.id)).data?.workflows;
  return usage?.length ? <p className="muted">{words.usedByLine(usage.length)}</p> : null;
}

function Form({ projectId, connection, types, saved }: FormProps) {
  const target = { projectId, connection };
  const { form, failure, busy, onSubmit } = useSubmitForm<Values>({
    initialValues: {
      type: connection?.connectionType ?? types[0] ?? "",
      name: connection?.name ?? "",
      url: "",
      ca: caValue(connection?.config),
      ...poolValues(connection?.config),
    },
    validate: {
      name: nameProblem,
      url: (url, values) => urlProblem(url, values.type, connection !== undefined),
      ...Object.fromEntries(settings.map(({ field }) => [field, wholeNumber])),
    },
    submit: async (values) => {
      const result = await save(values, target);
      await queryClient.invalidateQueries(trpc.connections.pathFilter());
      notice(connection ? text.connections.saved(result.name) : text.connections.created(result.name));
      saved(result.id);
    },
    place,
  });
  const { values } = form;
  const test = useConnectionTest(JSON.stringify([values.type, contents(values, connection)]));
  const reading = values.url === "" ? undefined : readConnectionUrl(values.url, values.type);
  const fields = useRef<HTMLDetailsElement>(null);
  const [started, setStarted] = useState<ConnectionTemplate>();
  const template = started?.connectionType === values.type ? started : undefined;
  const [shown, setShown] = useState(false);
  const shownByTemplate = useRef(false);

  function startTest() {
    const problem = urlProblem(values.url, values.type, connection !== undefined);
    if (problem) {
      form.setFieldError("url", problem);
      form.getInputNode("url")?.focus();
    } else {
      test.start(testInput(values, target));
    }
  }

  function selectInUrl(word: string) {
    const input = form.getInputNode("url") as HTMLInputElement | null;
    const start = input?.value.indexOf(word) ?? -1;
    input?.focus();
    if (start >= 0) input?.setSelectionRange(start, start + word.length);
  }

  /* A URL that somebody completed, and settings that they changed, stay. */
  function startFrom(next: ConnectionTemplate | undefined) {
    const [before, after] = [poolValues(template?.config), poolValues(next?.config)];
    for (const { field } of settings) if (values[field] === before[field]) form.setFieldValue(field, after[field]);
    setStarted(next);
    if (values.url !== "" && placeholders(values.url).length === 0) return;
    const url = next?.urlPattern ?? "";
    form.setFieldValue("url", url);
    setShown(next !== undefined);
    shownByTemplate.current = next !== undefined;
    const [first] = placeholders(url);
    /* Behind the render that puts it there. */
    if (first) requestAnimationFrame(() => selectInUrl(first.word));
  }

  /* What a template showed is masked again once no placeholder is left to be seen. */
  function leaveUrl() {
    if (shownByTemplate.current && placeholders(values.url).length === 0) setShown(false);
  }

  function takeUrl(url: string) {
    form.setFieldValue("url", url);
    if (fields.current) fields.current.open = false;
    form.getInputNode("url")?.focus();
  }

  return (
    <form className="form" onSubmit={onSubmit} noValidate>
      <FormError message={failure} />
      {connection ? (
        <dl className="facts">
          <dt>{words.type}</dt>
          <dd>
            {typeTitle(connection.connectionType)} <span className="muted">({words.typeFixed})</span>
          </dd>
        </dl>
      ) : (
        <Radio.Group label={words.type} {...form.getInputProps("type")}>
          <div className="choices">
            {types.map((type) => (
              <Radio key={type} value={type} label={typeTitle(type)} />
            ))}
          </div>
        </Radio.Group>
      )}
      {connection ? null : (
        <div className="start-from">
          <Suspense>
            <StartFrom type={values.type} chosen={template} choose={startFrom} />
          </Suspense>
        </div>
      )}
      <TextInput
        label={words.name}
        data-autofocus
        autoComplete="off"
        {...(connection ? {} : { description: words.nameHint })}
        {...form.getInputProps("name")}
      />
      {connection ? (
        <dl className="facts">
          <dt>{words.currentUrl}</dt>
          <dd className="mono">{connection.connectionUrl}</dd>
        </dl>
      ) : null}
      <div>
        <SecretInput
          label={words.url}
          {...(connection ? { description: words.keep } : {})}
          visible={shown}
          onVisibilityChange={(now) => {
            shownByTemplate.current = false;
            setShown(now);
          }}
          {...form.getInputProps("url")}
          onBlur={leaveUrl}
        />
        {reading?.ok ? <p className="understood">{summarize(reading.parts)}</p> : null}
        {reading && !reading.ok && reading.mended !== undefined ? (
          <div className="mend">
            {form.errors.url ? null : <span>{reading.problem}</span>}
            <Button size="compact-sm" onClick={() => takeUrl(reading.mended ?? "")}>
              {text.urlProblems.encode}
            </Button>
          </div>
        ) : null}
      </div>
      {template ? (
        <Suspense>
          <AboutTemplate template={template} url={values.url} select={selectInUrl} />
        </Suspense>
      ) : null}
      <details className="fold" ref={fields}>
        <summary>{words.fields}</summary>
        <FieldsForm type={values.type} take={takeUrl} />
      </details>
      <details className="fold" open={template?.config?.pool !== undefined}>
        <summary>{text.pool.title}</summary>
        <PoolForm inputProps={(field) => form.getInputProps(field)} />
      </details>
      <details className="fold" open={template?.facts.some(({ about }) => about === "ca") ?? false}>
        <summary>{text.pool.caTitle}</summary>
        <Textarea
          label={text.pool.ca}
          description={text.pool.caHint}
          rows={4}
          spellCheck={false}
          {...form.getInputProps("ca")}
        />
      </details>
      {connection ? <UsedBy connection={connection} /> : null}
      <TestResultLine outcome={test.outcome} />
      <FormButtons label={connection ? words.save : words.create} busy={busy}>
        <TestButton test={test} start={startTest} />
      </FormButtons>
    </form>
  );
}

interface Props extends Target {
  opened: boolean;
  types: string[];
  close: () => void;
  saved: (id: string) => void;
}

export function EditorDialog({ opened, projectId, connection, types, close, saved }: Props) {
  return (
    <FormDialog
      opened={opened && (connection !== undefined || types.length > 0)}
      close={close}
      title={connection ? words.editTitle : words.addTitle}
    >
      <Form key={connection?.id ?? "new"} projectId={projectId} connection={connection} types={types} saved={saved} />
    </FormDialog>
  );
}
