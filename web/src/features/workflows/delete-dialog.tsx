/* SPDX-License-Identifier: Apache-2.0 */
/* Asks before a workflow is deleted. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { api, queryClient, trpc } from "../../api/client.ts";
import type { WorkflowSummary } from "../../api.gen.ts";
import { problemOf } from "../../app/errors.ts";
import { notice } from "../../app/notices.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { text } from "../../text/en.ts";

const words = text.workflows;

interface Props {
  workflow: WorkflowSummary | undefined;
  close: () => void;
  beforeDelete: (id: string) => void;
}

function Form({ workflow, close, beforeDelete }: Props & { workflow: WorkflowSummary }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  async function remove() {
    setBusy(true);
    setFailure(undefined);
    try {
      await api.workflows.delete.mutate({ workflowId: workflow.id });
      beforeDelete(workflow.id);
      close();
      await queryClient.invalidateQueries(trpc.workflows.list.pathFilter());
      void queryClient.invalidateQueries(trpc.connections.usage.pathFilter());
      notice(words.deleted(workflow.name));
    } catch (error) {
      setFailure(problemOf(error).message);
      setBusy(false);
    }
  }
  return (
    <div className="form">
      <p>{words.deleteLine(workflow.name)}</p>
      <FormError message={failure} />
      <div className="buttons">
        <span className="grow" />
        <Button onClick={close} data-autofocus>
          {text.common.cancel}
        </Button>
        <Button variant="filled" color="err" loading={busy} onClick={() => void remove()}>
          {words.deleteButton}
        </Button>
      </div>
    </div>
  );
}

export function DeleteWorkflowDialog({ workflow, ...rest }: Props) {
  return (
    <Dialog opened={workflow !== undefined} close={rest.close} title={words.deleteTitle} width={440} alert>
      {workflow ? <Form workflow={workflow} {...rest} /> : null}
    </Dialog>
  );
}
