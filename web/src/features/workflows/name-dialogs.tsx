/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for the name of a new workflow, or for another name of one. */
import { TextInput } from "@mantine/core";
import { api, queryClient, trpc } from "../../api/client.ts";
import { nameProblem, useSubmitForm } from "../../app/forms.ts";
import { notice } from "../../app/notices.ts";
import { FormButtons, FormDialog } from "../../parts/form-dialog.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { text } from "../../text/en.ts";

const words = text.workflows;

interface FormProps {
  name: string;
  submitLabel: string;
  submit: (name: string) => Promise<void>;
}

function NameForm({ name, submitLabel, submit }: FormProps) {
  const { form, failure, busy, onSubmit } = useSubmitForm({
    initialValues: { name },
    validate: { name: nameProblem },
    submit: (values) => submit(values.name.trim()),
  });
  return (
    <form className="form" onSubmit={onSubmit} noValidate>
      <FormError message={failure} />
      <TextInput label={words.name} data-autofocus autoComplete="off" {...form.getInputProps("name")} />
      <FormButtons label={submitLabel} busy={busy} />
    </form>
  );
}

interface NewProps {
  opened: boolean;
  projectId: string;
  close: () => void;
  created: (id: string) => void;
}

export function NewWorkflowDialog({ opened, projectId, close, created }: NewProps) {
  return (
    <FormDialog opened={opened} close={close} title={words.add} width={440}>
      <NameForm
        name=""
        submitLabel={words.create}
        submit={async (name) => {
          const made = await api.workflows.create.mutate({ projectId, name });
          void queryClient.invalidateQueries(trpc.workflows.list.pathFilter());
          created(made.id);
        }}
      />
    </FormDialog>
  );
}

interface RenameProps {
  workflow: { id: string; name: string } | undefined;
  close: () => void;
}

export function RenameDialog({ workflow, close }: RenameProps) {
  return (
    <FormDialog opened={workflow !== undefined} close={close} title={words.renameTitle} width={440}>
      {workflow ? (
        <NameForm
          name={workflow.name}
          submitLabel={words.rename}
          submit={async (name) => {
            if (name !== workflow.name) {
              const saved = await api.workflows.update.mutate({ workflowId: workflow.id, name });
              const { queryKey } = trpc.workflows.get.queryOptions({ workflowId: workflow.id });
              queryClient.setQueryData(queryKey, (old) => old && { ...old, name: saved.name });
              await queryClient.invalidateQueries(trpc.workflows.list.pathFilter());
              notice(words.renamed(saved.name));
            }
            close();
          }}
        />
      ) : null}
    </FormDialog>
  );
}
