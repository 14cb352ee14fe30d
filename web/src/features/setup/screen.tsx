/* SPDX-License-Identifier: Apache-2.0 */
/* The first account, made with the token that the server printed; it may come in the address's fragment. */
import { Button, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { api } from "../../api/client.ts";
import { useAddressCode } from "../../app/address-code.ts";
import { nameProblem, useSubmitForm } from "../../app/forms.ts";
import { startSession } from "../../app/session.ts";
import { Entrance } from "../../parts/entrance.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { SecretInput } from "../../parts/secret-input.tsx";
import { text } from "../../text/en.ts";

const words = text.setup;

export function SetupScreen() {
  const navigate = useNavigate();
  const token = useAddressCode("token");
  const { form, failure, busy, onSubmit } = useSubmitForm({
    initialValues: { token, name: "", email: "", password: "" },
    validate: {
      token: (value) => (value.trim() === "" ? words.tokenMissing : null),
      name: nameProblem,
      email: (value) => (value.includes("@") ? null : words.emailMissing),
      password: (value) => (value.length < 8 ? words.passwordShort : null),
    },
    submit: async (values) => {
      const { user } = await api.auth.setup.mutate({
        ...values,
        token: values.token.trim(),
        name: values.name.trim(),
        email: values.email.trim(),
      });
      startSession(user);
      await navigate({ to: "/projects", search: { add: true, first: true } });
    },
    place: (problem) =>
      problem.code === "UNAUTHORIZED" || problem.field === "token"
        ? { field: "token", message: words.wrongToken }
        : undefined,
  });
  const { setFieldValue } = form;
  const taken = useRef(token);
  useEffect(() => {
    if (taken.current === token) return;
    taken.current = token;
    setFieldValue("token", token);
  }, [token, setFieldValue]);
  return (
    <Entrance title={words.title} line={words.line}>
      <form className="form" onSubmit={onSubmit} noValidate>
        <FormError message={failure} />
        <SecretInput label={words.token} description={words.tokenHint} {...form.getInputProps("token")} />
        <TextInput label={words.name} autoComplete="name" {...form.getInputProps("name")} />
        <TextInput label={words.email} type="email" autoComplete="username" {...form.getInputProps("email")} />
        <TextInput
          label={words.password}
          description={words.passwordHint}
          type="password"
          autoComplete="new-password"
          {...form.getInputProps("password")}
        />
        <Button type="submit" variant="filled" loading={busy}>
          {words.submit}
        </Button>
      </form>
    </Entrance>
  );
}
