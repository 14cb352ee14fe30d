/* SPDX-License-Identifier: Apache-2.0 */
/* Accepts an invitation: as a new user with a password of their own, or as the one of its address. */
import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useRouteContext } from "@tanstack/react-router";
import { TRPCClientError } from "@trpc/client";
import { api } from "../../api/client.ts";
import type { InvitationView } from "../../api.gen.ts";
import { useAddressCode } from "../../app/address-code.ts";
import { nameProblem, useSubmitForm } from "../../app/forms.ts";
import { startSession } from "../../app/session.ts";
import { Entrance } from "../../parts/entrance.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { LoadError } from "../../parts/load-error.tsx";
import { text } from "../../text/en.ts";
import { people } from "../../text/people.ts";

const words = people.invite;

function Form({ code, view }: { code: string; view: InvitationView }) {
  const navigate = useNavigate();
  const { status } = useRouteContext({ from: "__root__" });
  const own = status.user?.email.toLowerCase() === view.email.toLowerCase();
  const { form, failure, busy, onSubmit } = useSubmitForm({
    initialValues: { name: "", password: "" },
    validate: {
      name: (value) => (view.known ? null : nameProblem(value)),
      password: (value) => (own || value.length >= 8 ? null : view.known ? words.passwordMissing : words.passwordShort),
    },
    submit: async ({ name, password }) => {
      const { user, projectId } = await api.auth.acceptInvitation.mutate({
        code,
        ...(view.known ? {} : { name: name.trim() }),
        ...(own ? {} : { password }),
      });
      startSession(user);
      await navigate({ to: "/projects/$projectId", params: { projectId } });
    },
    place: (problem) =>
      problem.code === "FORBIDDEN"
        ? { field: "password", message: problem.field ? words.passwordWrong : text.login.disabled }
        : undefined,
  });
  return (
    <form className="form" onSubmit={onSubmit} noValidate>
      <FormError message={failure} />
      {/* Not a field to fill in, but password managers want to know whose password it is. */}
      <TextInput label={words.email} type="email" autoComplete="username" value={view.email} readOnly />
      {view.known ? null : <TextInput label={words.name} autoComplete="name" {...form.getInputProps("name")} />}
      {own ? null : (
        <TextInput
          label={words.password}
          description={view.known ? words.knownHint : words.newPasswordHint}
          type="password"
          autoComplete={view.known ? "current-password" : "new-password"}
          {...form.getInputProps("password")}
        />
      )}
      <Button type="submit" variant="filled" loading={busy}>
        {view.known ? words.join : words.createAndJoin}
      </Button>
    </form>
  );
}

function Gone() {
  return (
    <Entrance title={words.goneTitle} line={words.goneLine}>
      <Link to="/login">{words.toLogin}</Link>
    </Entrance>
  );
}

export function InviteScreen() {
  const code = useAddressCode("code");
  const invitation = useQuery({
    queryKey: ["invitation", code],
    queryFn: () => api.auth.viewInvitation.mutate({ code }),
    enabled: code !== "",
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const view = invitation.data;
  if (code === "") return <Gone />;
  if (invitation.isError)
    return invitation.error instanceof TRPCClientError && invitation.error.data ? (
      <Gone />
    ) : (
      <Entrance title={words.title}>
        <LoadError what={words.title} error={invitation.error} retry={() => void invitation.refetch()} />
      </Entrance>
    );
  if (!view) return <Entrance title={words.title} line={words.loading} children={null} />;
  return (
    <Entrance title={words.title} line={words.line(view.invitedBy, view.projectName, text.roles[view.role])}>
      <Form code={code} view={view} />
    </Entrance>
  );
}
