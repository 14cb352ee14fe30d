/* SPDX-License-Identifier: Apache-2.0 */
/* Brings a person into the project: who has an account joins at once, anybody else gets a link. */
import { Button, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, queryClient, trpc } from "../../api/client.ts";
import type { Invitation } from "../../api.gen.ts";
import { problemOf } from "../../app/errors.ts";
import { useSubmitForm } from "../../app/forms.ts";
import { notice } from "../../app/notices.ts";
import type { Role } from "../../app/permissions.ts";
import { CopyField } from "../../parts/copy-field.tsx";
import { FormButtons, FormDialog } from "../../parts/form-dialog.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { text } from "../../text/en.ts";
import { people } from "../../text/people.ts";

const words = people.members;

/* What was made, to be handed over: the code is nowhere else. */
export interface Link {
  email: string;
  code: string;
}

export async function invite(projectId: string, email: string, role: Invitation["role"]): Promise<Link> {
  const { code } = await api.members.invite.mutate({ projectId, email, role });
  await queryClient.invalidateQueries(trpc.members.invitations.queryFilter());
  return { email, code };
}

/* Absent: there is nobody with this address to be made a member. */
async function add(projectId: string, email: string, role: Role): Promise<string | undefined> {
  try {
    const member = await api.members.add.mutate({ projectId, email, role });
    await queryClient.invalidateQueries(trpc.members.pathFilter());
    return member.name;
  } catch (error) {
    const problem = problemOf(error);
    if (problem.code === "NOT_FOUND" && problem.field === "email") return undefined;
    throw error;
  }
}

export const roleChoices = (["viewer", "editor", "owner"] as const).map((value) => ({
  value,
  label: text.roles[value],
}));

export function LinkView({ link, close }: { link: Link; close: () => void }) {
  return (
    <div className="form">
      <p>{words.linkLine(link.email)}</p>
      <CopyField
        label={words.link}
        value={`${location.origin}/invite#code=${link.code}`}
        button={words.linkCopy}
        copied={words.linkCopied}
        failed={people.copyFailed}
      />
      <div className="buttons">
        <span className="grow" />
        <Button onClick={close}>{people.done}</Button>
      </div>
    </div>
  );
}

interface FormProps {
  projectId: string;
  close: () => void;
  made: (link: Link) => void;
}

function Form({ projectId, close, made }: FormProps) {
  const { form, failure, busy, onSubmit } = useSubmitForm<{ email: string; role: Role }>({
    initialValues: { email: "", role: "editor" },
    validate: { email: (value) => (value.trim().includes("@") ? null : words.emailMissing) },
    submit: async ({ email, role }) => {
      const name = await add(projectId, email.trim(), role);
      if (name === undefined) {
        made(await invite(projectId, email.trim(), role));
      } else {
        close();
        notice(words.joined(name));
      }
    },
    place: (problem) =>
      problem.code === "CONFLICT" && !problem.message.includes("200")
        ? { field: "email", message: words.alreadyMember }
        : undefined,
  });
  return (
    <form className="form" onSubmit={onSubmit} noValidate>
      <p className="muted">{words.inviteLine}</p>
      <FormError message={failure} />
      <TextInput label={words.email} type="email" autoComplete="off" data-autofocus {...form.getInputProps("email")} />
      <Select label={words.role} data={roleChoices} {...form.getInputProps("role")} />
      <FormButtons label={words.invite} busy={busy} />
    </form>
  );
}

interface Props {
  opened: boolean;
  projectId: string;
  close: () => void;
}

export function InviteDialog({ opened, projectId, close }: Props) {
  const [link, setLink] = useState<Link>();
  function done() {
    setLink(undefined);
    close();
  }
  return (
    <FormDialog opened={opened} close={done} title={link ? words.linkTitle : words.inviteTitle} width={480}>
      {link ? <LinkView link={link} close={done} /> : <Form projectId={projectId} close={done} made={setLink} />}
    </FormDialog>
  );
}
