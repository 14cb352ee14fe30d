/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a URL one by one, for those who have them so; they are written into the URL field. */
import { Button, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { SecretInput } from "../../parts/secret-input.tsx";
import { text } from "../../text/en.ts";
import { composeUrl } from "./url.ts";

const words = text.editor;
const empty = { host: "", port: "", user: "", password: "", database: "", tls: false };

export function FieldsForm({ type, take }: { type: string; take: (url: string) => void }) {
  const [fields, setFields] = useState(empty);
  const input = (key: "host" | "port" | "user" | "password" | "database") => ({
    value: fields[key],
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setFields((now) => ({ ...now, [key]: value }));
    },
  });
  return (
    <div className="form">
      <p className="meta">{words.fieldsLine}</p>
      <div className="pair">
        <TextInput label={words.summary.host} spellCheck={false} {...input("host")} />
        <TextInput label={words.summary.port} inputMode="numeric" {...input("port")} />
        <TextInput label={words.summary.user} autoComplete="off" spellCheck={false} {...input("user")} />
        <SecretInput label={words.password} {...input("password")} />
        <TextInput label={words.summary.database} spellCheck={false} {...input("database")} />
        <Switch
          label={words.summary.tls}
          checked={fields.tls}
          onChange={(event) => {
            const { checked } = event.currentTarget;
            setFields((now) => ({ ...now, tls: checked }));
          }}
        />
      </div>
      <Button className="start" onClick={() => take(composeUrl(type, fields))}>
        {words.takeFields}
      </Button>
    </div>
  );
}
