/* SPDX-License-Identifier: Apache-2.0 */
import { TextInput } from "@mantine/core";
import { api, queryClient, trpc } from "../../api/client.ts";
import { nameProblem, useSubmitForm } from "../../app/forms.ts";
import { notice } from "../../app/notices.ts";
import { FormButtons, FormDialog } from "../../parts/form-dialog.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { text } from "../../text/en.ts";

const words = text.projects;

function Form({ created }: { created: (id: string) => void }) {
  const { form, failure, busy, onSubmit } = useSubmitForm({
    initialValues: { name: "" },
    validate: { name: nameProblem },
    submit: async ({ name }) => {
      const project = await api.projects.create.mutate({ name: name.trim() });
      await queryClient.invalidateQueries(trpc.projects.list.queryFilter());
      notice(words.created(project.name));
      created(project.id);
    },
  });
  return (
    <form className="form" onSubmit={onSubmit} noValidate>
      <FormError message={failure} />
      <TextInput label={words.name} data-autofocus {...form.getInputProps("name")} />
      <FormButtons label={words.create} busy={busy} />
    </form>
  );
}

interface Props {
  opened: boolean;
  close: () => void;
  created: (id: string) => void;
  /* Right after set-up. */
  first: boolean;
}

export function CreateProjectDialog({ opened, close, created, first }: Props) {
  return (
    <FormDialog opened={opened} close={close} title={first ? words.first : words.add} width={440}>
      <Form created={created} />
    </FormDialog>
  );
}
