/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to the user: who they are, password, how the page looks and listens, API tokens. */
import { Button, Radio, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "../../api/client.ts";
import { useColorScheme } from "../../app/appearance.ts";
import { useSubmitForm } from "../../app/forms.ts";
import { setLetters, useLetters } from "../../app/letters.ts";
import { notice } from "../../app/notices.ts";
import { useUser } from "../../app/session.ts";
import { ShortcutsHelp } from "../../app/shortcuts-help.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { PageHeader } from "../../parts/page-header.tsx";
import { RelativeTime } from "../../parts/relative-time.tsx";
import { text } from "../../text/en.ts";
import { people } from "../../text/people.ts";
import { Tokens } from "./tokens.tsx";

const words = people.account;

function Profile() {
  const user = useUser();
  return (
    <section className="panel" aria-labelledby="profile-title">
      <h2 id="profile-title">{words.profile}</h2>
      <dl className="facts">
        <dt>{text.setup.name}</dt>
        <dd>{user.name}</dd>
        <dt>{text.setup.email}</dt>
        <dd>{user.email}</dd>
        <dt>{words.since}</dt>
        <dd>
          <RelativeTime at={user.createdAt} />
        </dd>
      </dl>
      {user.admin ? <p className="muted">{words.administrator}</p> : null}
    </section>
  );
}

function Password() {
  const user = useUser();
  const { form, failure, busy, onSubmit } = useSubmitForm({
    initialValues: { current: "", password: "", repeat: "" },
    validate: {
      current: (value) => (value === "" ? words.currentMissing : null),
      password: (value) => (value.length < 8 ? words.short : null),
      repeat: (value, values) => (value === values.password ? null : words.different),
    },
    submit: async ({ current, password }) => {
      await api.auth.changePassword.mutate({ current, password });
      form.reset();
      notice(words.changed);
    },
    place: (problem) => (problem.field === "current" ? { field: "current", message: words.wrong } : undefined),
  });
  return (
    <section className="panel" aria-labelledby="password-title">
      <h2 id="password-title">{words.password}</h2>
      <form className="form" onSubmit={onSubmit} noValidate>
        <FormError message={failure} />
        <input type="text" name="username" autoComplete="username" value={user.email} readOnly hidden />
        <TextInput
          label={words.current}
          type="password"
          autoComplete="current-password"
          {...form.getInputProps("current")}
        />
        <div className="pair">
          <TextInput
            label={words.new}
            description={words.newHint}
            inputWrapperOrder={["label", "input", "description", "error"]}
            type="password"
            autoComplete="new-password"
            {...form.getInputProps("password")}
          />
          <TextInput
            label={words.repeat}
            type="password"
            autoComplete="new-password"
            {...form.getInputProps("repeat")}
          />
        </div>
        <p className="muted">{words.passwordLine}</p>
        <div className="buttons">
          <Button type="submit" variant="filled" loading={busy}>
            {words.change}
          </Button>
        </div>
      </form>
    </section>
  );
}

function Appearance() {
  const { colorScheme, setColorScheme } = useColorScheme();
  const looks = [
    { value: "light", label: text.shell.light },
    { value: "dark", label: text.shell.dark },
    { value: "auto", label: text.shell.system },
  ] as const;
  return (
    <section className="panel" aria-labelledby="appearance-title">
      <h2 id="appearance-title">{words.appearance}</h2>
      <Radio.Group
        aria-labelledby="appearance-title"
        value={colorScheme}
        onChange={(value) => setColorScheme(value as typeof colorScheme)}
      >
        <div className="choices">
          {looks.map(({ value, label }) => (
            <Radio key={value} value={value} label={label} />
          ))}
        </div>
      </Radio.Group>
    </section>
  );
}

function Keyboard() {
  const letters = useLetters();
  const [help, setHelp] = useState(false);
  return (
    <section className="panel" aria-labelledby="keyboard-title">
      <h2 id="keyboard-title">{words.shortcuts}</h2>
      <Switch
        label={words.letters}
        description={words.lettersHint}
        checked={letters}
        onChange={(event) => setLetters(event.currentTarget.checked)}
      />
      <div className="buttons">
        <Button onClick={() => setHelp(true)}>{words.showShortcuts}</Button>
      </div>
      <ShortcutsHelp opened={help} close={() => setHelp(false)} />
    </section>
  );
}

export function AccountScreen() {
  return (
    <>
      <PageHeader title={words.title} />
      <div className="panels-two">
        <div className="panels">
          <Profile />
          <Password />
        </div>
        <div className="panels">
          <Appearance />
          <Keyboard />
        </div>
      </div>
      <Tokens />
    </>
  );
}
