/* SPDX-License-Identifier: Apache-2.0 */
import { Button, TextInput } from "@mantine/core";
import { api, queryClient, trpc } from "../../api/client.ts";
import { useSubmitForm } from "../../app/forms.ts";
import { notice } from "../../app/notices.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { text } from "../../text/en.ts";

const words = text.projects;

function Form({ close, created }: { close: () => void; created: (id: string) => void }) {
  const { form, failure, busy, onSubmit } = useSubmitForm({
    initialValues: { name: "" },
    validate: {
      name: (value) =>
        value.trim() === "" ? words.nameMissing : [...value.trim()].length > 100 ? words.nameLong : null,
    },
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
      <div className="buttons">
        <span className="grow" />
        <Button onClick={close}>{text.common.cancel}</Button>
        <Button type="submit" variant="filled" loading={busy}>
          {words.create}
        </Button>
      </div>
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
    <Dialog opened={opened} close={close} title={first ? words.first : words.add} width={440}>
      <Form close={close} created={created} />
    </Dialog>
  );
}
