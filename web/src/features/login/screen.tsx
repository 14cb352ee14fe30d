/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in, with a password or by an address that works once. */
import { Button, TextInput } from "@mantine/core";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { api } from "../../api/client.ts";
import type { User } from "../../api.gen.ts";
import { useAddressCode } from "../../app/address-code.ts";
import { useSubmitForm } from "../../app/forms.ts";
import { sessionHasEnded, startSession } from "../../app/session.ts";
import { Entrance } from "../../parts/entrance.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { text } from "../../text/en.ts";
import { localPath } from "./next.ts";

const words = text.login;

/* What became of the code in the address: the name of the phase, or none without a code. */
function useCodeLogin(enter: (user: User) => void): "trying" | "failed" | undefined {
  const code = useAddressCode("code");
  const [phase, setPhase] = useState<"trying" | "failed" | undefined>(code ? "trying" : undefined);
  const sent = useRef("");
  useEffect(() => {
    /* It works once: never twice from here. */
    if (!code || sent.current === code) return;
    sent.current = code;
    setPhase("trying");
    api.auth.loginWithCode.mutate({ code }).then(
      ({ user }) => enter(user),
      () => setPhase("failed"),
    );
  });
  return phase;
}

export function LoginScreen() {
  const router = useRouter();
  const { next } = useSearch({ from: "/login" });
  function enter(user: User) {
    startSession(user);
    router.history.replace(localPath(next));
  }
  const phase = useCodeLogin(enter);
  const { form, failure, busy, onSubmit } = useSubmitForm({
    initialValues: { email: "", password: "" },
    validate: {
      email: (value) => (value.trim() === "" ? words.emailMissing : null),
      password: (value) => (value === "" ? words.passwordMissing : null),
    },
    submit: async (values) => {
      const { user } = await api.auth.login.mutate({ email: values.email.trim(), password: values.password });
      enter(user);
    },
    place: (problem) =>
      problem.code === "UNAUTHORIZED"
        ? { field: "password", message: words.failed }
        : problem.code === "FORBIDDEN"
          ? { field: "email", message: words.disabled }
          : undefined,
  });
  if (phase === "trying")
    return (
      <Entrance title={words.title}>
        <p role="status">{words.code}</p>
      </Entrance>
    );
  return (
    <Entrance title={words.title} {...(sessionHasEnded() ? { line: words.ended } : {})}>
      <form className="form" onSubmit={onSubmit} noValidate>
        <FormError message={failure ?? (phase === "failed" ? words.codeFailed : undefined)} />
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
