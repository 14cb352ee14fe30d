/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks before a connection is deleted, with the workflows that use it. While they are unknown nothing
 * can be deleted; when one of them is active, or they cannot be known, the name must be typed.
 */
import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowUpRight } from "lucide-react";
import { useState } from "react";
import { api, queryClient, trpc } from "../../api/client.ts";
import type { Connection } from "../../api/types.ts";
import type { ConnectionUse } from "../../api.gen.ts";
import { problemOf } from "../../app/errors.ts";
import { notice } from "../../app/notices.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { text } from "../../text/en.ts";
import { usageQuery } from "./usage.ts";

const words = text.remove;

function Users({ projectId, workflows }: { projectId: string; workflows: ConnectionUse[] }) {
  if (workflows.length === 0) return <p>{text.connections.unused}</p>;
  return (
    <div>
      <h3>{text.connections.usedByLine(workflows.length)}</h3>
      <ul className="users">
        {workflows.map((workflow) => (
          <li key={workflow.id}>
            {workflow.name} <span className="muted">({workflow.active ? words.active : words.inactive})</span>
            {workflow.nodes.length ? ` — ${workflow.nodes.map((node) => node.name).join(", ")}` : ""}{" "}
            <Link
              to="/projects/$projectId/workflows/$workflowId"
              params={{ projectId, workflowId: workflow.id }}
              target="_blank"
              preload={false}
              aria-label={words.open(workflow.name)}
            >
              <ArrowUpRight size={16} aria-hidden />
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface FormProps {
  connection: Connection;
  close: () => void;
  beforeDelete: (id: string) => void;
}

function Form({ connection, close, beforeDelete }: FormProps) {
  const usage = useQuery({ ...usageQuery(connection.id), staleTime: 0, refetchOnMount: "always" });
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState(false);
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  /* A list from before may no longer be true. */
  const known = usage.isFetching ? undefined : usage.data?.workflows;
  const unknown = usage.isError && !usage.isFetching;
  const mustType = unknown || known?.some((workflow) => workflow.active) === true;

  async function remove() {
    if (mustType && typed !== connection.name) {
      setWrong(true);
      return;
    }
    setBusy(true);
    setFailure(undefined);
    try {
      await api.connections.delete.mutate({
        connectionId: connection.id,
        /* What was shown and confirmed: somebody may have begun to use it since. */
        ...(unknown || known?.length ? { force: true } : {}),
      });
      beforeDelete(connection.id);
      close();
      notice(text.connections.deleted(connection.name));
      await queryClient.invalidateQueries(trpc.connections.pathFilter());
      await queryClient.invalidateQueries(trpc.workflows.pathFilter());
    } catch (error) {
      const problem = problemOf(error);
      setFailure(problem.message);
      if (problem.code === "CONFLICT") void usage.refetch();
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void remove();
      }}
    >
      <p>{words.line(connection.name)}</p>
      {known && !unknown ? <Users projectId={connection.projectId} workflows={known} /> : null}
      {unknown ? <p>{text.connections.usageFailed}</p> : null}
      {!known && !unknown ? <p className="muted">{text.common.loading}</p> : null}
      {mustType ? (
        <TextInput
          label={words.confirm(connection.name)}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setWrong(false);
          }}
          error={wrong ? words.mismatch : undefined}
          autoComplete="off"
          spellCheck={false}
        />
      ) : null}
      <FormError message={failure} />
      <div className="buttons">
        <span className="grow" />
        <Button onClick={close} data-autofocus>
          {text.common.cancel}
        </Button>
        <Button type="submit" variant="filled" color="err" loading={busy} disabled={!known && !unknown}>
          {words.button}
        </Button>
      </div>
    </form>
  );
}

interface Props {
  connection: Connection | undefined;
  close: () => void;
  beforeDelete: (id: string) => void;
}

export function DeleteDialog({ connection, close, beforeDelete }: Props) {
  return (
    <Dialog opened={connection !== undefined} close={close} title={words.title} alert>
      {connection ? <Form connection={connection} close={close} beforeDelete={beforeDelete} /> : null}
    </Dialog>
  );
}
