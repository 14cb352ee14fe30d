/* SPDX-License-Identifier: Apache-2.0 */
/* Adding a user, changing one, giving one another password. */
import { Button, Switch, TextInput } from "@mantine/core";
import { api, queryClient, trpc } from "../../api/client.ts";
import type { User } from "../../api.gen.ts";
import { useSubmitForm } from "../../app/forms.ts";
import { notice } from "../../app/notices.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { text } from "../../text/en.ts";
import { people } from "../../text/people.ts";

const words = people.users;

export function refreshUsers(): Promise<void> {
  return queryClient.invalidateQueries(trpc.users.pathFilter());
}

function Buttons({ close, label, busy }: { close: () => void; label: string; busy: boolean }) {
  return (
    <div className="buttons">
      <span className="grow" />
      <Button onClick={close}>{text.common.cancel}</Button>
      <Button type="submit" variant="filled" loading={busy}>
        {label}
      </Button>
    </div>
  );
}

const nameMissing = (value: string) =>
  value.trim() === "" ? words.nameMissing : [...value.trim()].length > 100 ? text.nameProblems.long : null;
const passwordShort = (value: string) => (value.length < 8 ? words.passwordShort : null);

function AddForm({ close }: { close: () => void }) {
  const { form, failure, busy, onSubmit } = useSubmitForm({
    initialValues: { name: "", email: "", password: "", admin: false },
    validate: {
      name: nameMissing,
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
      <Buttons close={close} label={words.create} busy={busy} />
    </form>
  );
}

export function AddUserDialog({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Dialog opened={opened} close={close} title={words.add} width={480}>
      <AddForm close={close} />
    </Dialog>
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
    validate: { name: nameMissing },
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
      <Buttons close={close} label={words.save} busy={busy} />
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
      <Buttons close={close} label={words.reset} busy={busy} />
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
    <Dialog opened={user !== undefined} close={close} title={words.editTitle} width={480}>
      {user ? <EditForm user={user} isMe={isMe} close={close} /> : null}
    </Dialog>
  );
}

export function ResetDialog({ user, isMe, close }: DialogProps) {
  return (
    <Dialog opened={user !== undefined} close={close} title={user ? words.resetTitle(user.name) : ""} width={480}>
      {user ? <ResetForm user={user} isMe={isMe} close={close} /> : null}
    </Dialog>
  );
}
