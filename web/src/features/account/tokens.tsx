/* SPDX-License-Identifier: Apache-2.0 */
/* The user's API tokens: made and shown once, listed, revoked. */
import { Button, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { api, queryClient, trpc } from "../../api/client.ts";
import type { Token } from "../../api.gen.ts";
import { nameProblem, useSubmitForm } from "../../app/forms.ts";
import { notice } from "../../app/notices.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { CopyField } from "../../parts/copy-field.tsx";
import { DataTable, SkeletonRows } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { useFocusAfterDelete } from "../../parts/focus-after-delete.ts";
import { FormButtons, FormDialog } from "../../parts/form-dialog.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { LoadError } from "../../parts/load-error.tsx";
import { RelativeTime } from "../../parts/relative-time.tsx";
import { people } from "../../text/people.ts";

const words = people.tokens;
const DAY_MS = 86_400_000;
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

const accessChoices = [
  { value: "write", label: words.accessNames.write },
  { value: "read", label: words.accessNames.read },
];
const expiryChoices = ["30", "90", "365", ""].map((value) => ({
  value,
  label: words.expiry[value as keyof typeof words.expiry],
}));

function CreateForm({ made }: { made: (secret: string) => void }) {
  const { form, failure, busy, onSubmit } = useSubmitForm<{ name: string; access: Token["access"]; days: string }>({
    initialValues: { name: "", access: "write", days: "90" },
    validate: { name: nameProblem },
    submit: async ({ name, access, days }) => {
      const { secret } = await api.tokens.create.mutate({
        name: name.trim(),
        access,
        ...(days ? { expiresAt: new Date(Date.now() + Number(days) * DAY_MS).toISOString() } : {}),
      });
      await queryClient.invalidateQueries(trpc.tokens.list.queryFilter());
      made(secret);
    },
  });
  return (
    <form className="form" onSubmit={onSubmit} noValidate>
      <FormError message={failure} />
      <TextInput
        label={words.name}
        description={words.nameHint}
        autoComplete="off"
        data-autofocus
        {...form.getInputProps("name")}
      />
      <div className="pair">
        <Select label={words.access} data={accessChoices} {...form.getInputProps("access")} />
        <Select label={words.expires} data={expiryChoices} {...form.getInputProps("days")} />
      </div>
      <FormButtons label={words.create} busy={busy} />
    </form>
  );
}

function CreateDialog({ opened, close }: { opened: boolean; close: () => void }) {
  const [secret, setSecret] = useState<string>();
  function done() {
    setSecret(undefined);
    close();
  }
  return (
    <FormDialog opened={opened} close={done} title={secret ? words.onceTitle : words.create} width={520}>
      {secret ? (
        <div className="form">
          <p>{words.once}</p>
          <CopyField
            label={words.token}
            value={secret}
            button={people.copy}
            copied={words.copied}
            failed={people.copyFailed}
          />
          <div className="buttons">
            <span className="grow" />
            <Button onClick={done}>{people.done}</Button>
          </div>
        </div>
      ) : (
        <CreateForm made={setSecret} />
      )}
    </FormDialog>
  );
}

function Row({ token, revoke }: { token: Token; revoke: () => void }) {
  return (
    <tbody data-row={token.id}>
      <tr>
        <td className="title">{token.name}</td>
        <td data-label={words.prefix}>
          <code>{token.prefix}</code>
        </td>
        <td data-label={words.access}>{words.accessNames[token.access]}</td>
        <td data-label={words.expires}>{token.expiresAt ? day.format(new Date(token.expiresAt)) : words.never}</td>
        <td data-label={words.lastUsed}>{token.lastUsedAt ? <RelativeTime at={token.lastUsedAt} /> : words.notUsed}</td>
        <td className="actions">
          <div>
            <Button variant="subtle" aria-label={words.revokeOf(token.name)} onClick={revoke}>
              {words.revoke}
            </Button>
          </div>
        </td>
      </tr>
    </tbody>
  );
}

export function Tokens() {
  const tokens = useQuery(trpc.tokens.list.queryOptions());
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Token>();
  const list = tokens.data?.tokens;
  const beforeDelete = useFocusAfterDelete(list);
  const create = (
    <Button
      variant={list?.length ? "filled" : "default"}
      data-shortcut="new"
      leftSection={<Plus size={16} aria-hidden />}
      onClick={() => setCreating(true)}
    >
      {words.create}
    </Button>
  );

  async function revoke(token: Token) {
    await api.tokens.revoke.mutate({ tokenId: token.id });
    beforeDelete(token.id);
    await queryClient.invalidateQueries(trpc.tokens.list.queryFilter());
    notice(words.revoked(token.name));
  }

  return (
    <section className="after" aria-labelledby="tokens-title">
      <div className="toolbar">
        <h2 id="tokens-title">{words.title}</h2>
        {list?.length ? <span className="count">{list.length}</span> : null}
        <span className="grow" />
        {list?.length ? create : null}
      </div>
      {tokens.isError && !list ? (
        <LoadError what={words.title} error={tokens.error} retry={() => void tokens.refetch()} />
      ) : list?.length === 0 ? (
        <EmptyState icon={KeyRound} title={words.empty} line={words.line} level={3}>
          {create}
        </EmptyState>
      ) : (
        <DataTable
          label={words.title}
          columns={[words.name, words.prefix, words.access, words.expires, words.lastUsed]}
        >
          {list ? (
            list.map((token) => <Row key={token.id} token={token} revoke={() => setRevoking(token)} />)
          ) : (
            <SkeletonRows columns={5} />
          )}
        </DataTable>
      )}
      <CreateDialog opened={creating} close={() => setCreating(false)} />
      <Confirm
        opened={revoking !== undefined}
        title={words.revokeTitle}
        line={revoking ? words.revokeLine(revoking.name) : ""}
        button={words.revoke}
        close={() => setRevoking(undefined)}
        act={async () => {
          if (revoking) await revoke(revoking);
        }}
      />
    </section>
  );
}
