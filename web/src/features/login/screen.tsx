/* SPDX-License-Identifier: Apache-2.0 */
import { Button, TextInput } from "@mantine/core";
import { useRouter, useSearch } from "@tanstack/react-router";
import { api } from "../../api/client.ts";
import { useSubmitForm } from "../../app/forms.ts";
import { startSession } from "../../app/session.ts";
import { Entrance } from "../../parts/entrance.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { text } from "../../text/en.ts";
import { localPath } from "./next.ts";

const words = text.login;

export function LoginScreen() {
  const router = useRouter();
  const { next } = useSearch({ from: "/login" });
  const { form, failure, busy, onSubmit } = useSubmitForm({
    initialValues: { email: "", password: "" },
    validate: {
      email: (value) => (value.trim() === "" ? words.emailMissing : null),
      password: (value) => (value === "" ? words.passwordMissing : null),
    },
    submit: async (values) => {
      const { user } = await api.auth.login.mutate({ email: values.email.trim(), password: values.password });
      startSession(user);
      router.history.replace(localPath(next));
    },
    place: (problem) => (problem.code === "UNAUTHORIZED" ? { field: "password", message: words.failed } : undefined),
  });
  return (
    <Entrance title={words.title}>
      <form className="form" onSubmit={onSubmit} noValidate>
        <FormError message={failure} />
        <TextInput label={text.setup.email} type="email" autoComplete="username" {...form.getInputProps("email")} />
        <TextInput
          label={text.setup.password}
          type="password"
          autoComplete="current-password"
          {...form.getInputProps("password")}
        />
        <Button type="submit" variant="filled" loading={busy}>
          {words.submit}
        </Button>
      </form>
    </Entrance>
  );
}
