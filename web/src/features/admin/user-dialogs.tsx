/* SPDX-License-Identifier: Apache-2.0 */
/* Adding a user, changing one, giving one another password. */
import { Switch, TextInput } from "@mantine/core";
import { api, queryClient, trpc } from "../../api/client.ts";
import type { User } from "../../api.gen.ts";
import { nameProblem, useSubmitForm } from "../../app/forms.ts";
import { notice } from "../../app/notices.ts";
import { FormButtons, FormDialog } from "../../parts/form-dialog.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { people } from "../../text/people.ts";

const words = people.users;

export function refreshUsers(): Promise<void> {
  return queryClient.invalidateQueries(trpc.users.pathFilter());
}

const passwordShort = (value: string) => (value.length < 8 ? words.passwordShort : null);

function AddForm({ close }: { close: () => void }) {
  const { form, failure, busy, onSubmit } = useSubmitForm({
    initialValues: { name: "", email: "", password: "", admin: false },
    validate: {
      name: nameProblem,
      email: (value) => (value.trim().includes("@") ? null : words.emailMissing),
      password: passwordShort,
    },
    submit: async ({ name, email, password, admin }) => {
      const user = await api.users.create.mutate({ name: name.trim(), email: email.trim(), password, admin });
      await refreshUsers();
      close();
      notice(words.created(user.name));
    },
    place: (problem) => (problem.code === "CONFLICT" ? { field: "email", message: words.emailTaken } : undefined),
  });
  return (
    <form className="form" onSubmit={onSubmit} noValidate>
      <FormError message={failure} />
      <TextInput label={words.name} autoComplete="off" data-autofocus {...form.getInputProps("name")} />
      <TextInput label={words.email} type="email" autoComplete="off" {...form.getInputProps("email")} />
      <TextInput
        label={words.password}
        description={words.passwordHint}
        type="password"
        autoComplete="new-password"
        {...form.getInputProps("password")}
      />
      <Switch
        label={words.administrator}
        description={words.adminHint}
        {...form.getInputProps("admin", { type: "checkbox" })}
      />
      <FormButtons label={words.create} busy={busy} />
    </form>
  );
}

export function AddUserDialog({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <FormDialog opened={opened} close={close} title={words.add} width={480}>
      <AddForm close={close} />
    </FormDialog>
  );
}

interface OfUser {
  user: User;
  isMe: boolean;
  close: () => void;
}

function EditForm({ user, isMe, close }: OfUser) {
  const { form, failure, busy, onSubmit } = useSubmitForm({
    initialValues: { name: user.name, admin: user.admin },
    validate: { name: nameProblem },
    submit: async ({ name, admin }) => {
      await api.users.update.mutate({ userId: user.id, name: name.trim(), ...(isMe ? {} : { admin }) });
      await refreshUsers();
      close();
      notice(words.saved(name.trim()));
    },
  });
  return (
    <form className="form" onSubmit={onSubmit} noValidate>
      <FormError message={failure} />
      <TextInput label={words.name} autoComplete="off" data-autofocus {...form.getInputProps("name")} />
      <Switch
        label={words.administrator}
        description={isMe ? words.notYourself : words.adminHint}
        disabled={isMe}
        {...form.getInputProps("admin", { type: "checkbox" })}
      />
      <FormButtons label={words.save} busy={busy} />
    </form>
  );
}

function ResetForm({ user, close }: OfUser) {
  const { form, failure, busy, onSubmit } = useSubmitForm({
    initialValues: { password: "" },
    validate: { password: passwordShort },
    submit: async ({ password }) => {
      await api.users.resetPassword.mutate({ userId: user.id, password });
      close();
      notice(words.resetDone(user.name));
    },
  });
  return (
    <form className="form" onSubmit={onSubmit} noValidate>
      <p>{words.resetLine}</p>
      <FormError message={failure} />
      <TextInput
        label={words.newPassword}
        description={words.passwordHint}
        type="password"
        autoComplete="new-password"
        data-autofocus
        {...form.getInputProps("password")}
      />
      <FormButtons label={words.reset} busy={busy} />
    </form>
  );
}

interface DialogProps {
  user: User | undefined;
  isMe: boolean;
  close: () => void;
}

export function EditUserDialog({ user, isMe, close }: DialogProps) {
  return (
    <FormDialog opened={user !== undefined} close={close} title={words.editTitle} width={480}>
      {user ? <EditForm user={user} isMe={isMe} close={close} /> : null}
    </FormDialog>
  );
}

export function ResetDialog({ user, isMe, close }: DialogProps) {
  return (
    <FormDialog opened={user !== undefined} close={close} title={user ? words.resetTitle(user.name) : ""} width={480}>
      {user ? <ResetForm user={user} isMe={isMe} close={close} /> : null}
    </FormDialog>
  );
}
