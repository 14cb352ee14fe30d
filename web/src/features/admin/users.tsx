/* SPDX-License-Identifier: Apache-2.0 */
/* Everybody who may sign in, for administrators. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Pencil, Search, UserPlus } from "lucide-react";
import { useState } from "react";
import { api, trpc } from "../../api/client.ts";
import type { User } from "../../api.gen.ts";
import { NoAccessPage } from "../../app/boundary.tsx";
import { problemOf } from "../../app/errors.ts";
import { notice } from "../../app/notices.ts";
import { useUser } from "../../app/session.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { DataTable, SkeletonRows } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { FormError } from "../../parts/form-error.tsx";
import { GuardedButton, GuardedIcon } from "../../parts/guarded-button.tsx";
import { ListSearch } from "../../parts/list-search.tsx";
import { LoadError } from "../../parts/load-error.tsx";
import { PageHeader } from "../../parts/page-header.tsx";
import { RelativeTime } from "../../parts/relative-time.tsx";
import { StatusMark } from "../../parts/status-mark.tsx";
import { text } from "../../text/en.ts";
import { people } from "../../text/people.ts";
import { AddUserDialog, EditUserDialog, ResetDialog, refreshUsers } from "./user-dialogs.tsx";

const words = people.users;

interface RowProps {
  user: User;
  isMe: boolean;
  edit: () => void;
  reset: () => void;
  disable: () => void;
  enable: () => void;
}

function Row({ user, isMe, edit, reset, disable, enable }: RowProps) {
  return (
    <tbody>
      <tr>
        <td className="title">
          {user.name} {isMe ? <span className="muted">({people.you})</span> : null}
        </td>
        <td data-label={words.email}>{user.email}</td>
        <td data-label={words.kind}>{user.admin ? words.administrator : words.user}</td>
        <td data-label={words.state}>
          {user.disabledAt ? (
            <StatusMark tone="idle">
              {words.disabled} <RelativeTime at={user.disabledAt} />
            </StatusMark>
          ) : (
            <StatusMark tone="ok">{words.active}</StatusMark>
          )}
        </td>
        <td data-label={words.since}>
          <RelativeTime at={user.createdAt} />
        </td>
        <td className="actions">
          <div>
            <GuardedButton
              variant="subtle"
              aria-label={words.resetOf(user.name)}
              reason={isMe ? words.notYourself : undefined}
              onClick={reset}
            >
              {words.reset}
            </GuardedButton>
            <GuardedButton
              variant="subtle"
              aria-label={user.disabledAt ? words.enableOf(user.name) : words.disableOf(user.name)}
              reason={isMe ? words.notYourself : undefined}
              onClick={user.disabledAt ? enable : disable}
            >
              {user.disabledAt ? words.enable : words.disable}
            </GuardedButton>
            <GuardedIcon label={words.edit(user.name)} onClick={edit}>
              <Pencil size={16} />
            </GuardedIcon>
          </div>
        </td>
      </tr>
    </tbody>
  );
}

/* What is open over the list. */
type Open = { what: "edit" | "reset" | "disable"; user: User };

function Users() {
  const me = useUser();
  const users = useQuery(trpc.users.list.queryOptions({}));
  const search = useSearch({ from: "/user/admin/users" });
  const navigate = useNavigate();
  const [open, setOpen] = useState<Open>();
  const [failure, setFailure] = useState<string>();
  const list = users.data?.users;
  const typed = (search.q ?? "").toLowerCase();
  const shown = list?.filter((user) => `${user.name} ${user.email}`.toLowerCase().includes(typed));
  const to = "/admin/users";
  const close = () => setOpen(undefined);
  const one = (what: Open["what"]) => (open?.what === what ? open.user : undefined);

  async function enable(user: User) {
    setFailure(undefined);
    try {
      await api.users.update.mutate({ userId: user.id, disabled: false });
      await refreshUsers();
      notice(words.enabledNotice(user.name));
    } catch (error) {
      setFailure(problemOf(error).message);
    }
  }

  async function disable(user: User) {
    await api.users.update.mutate({ userId: user.id, disabled: true });
    await refreshUsers();
    notice(words.disabledNotice(user.name));
  }

  return (
    <>
      <PageHeader title={words.title} crumbs={<span>{words.administration}</span>}>
        <ListSearch
          className="filter"
          label={words.searchLabel}
          placeholder={words.search}
          value={search.q}
          onChange={(q) => void navigate({ to, search: q ? { q } : {}, replace: true })}
        />
        <Button
          variant="filled"
          data-shortcut="new"
          leftSection={<UserPlus size={16} aria-hidden />}
          onClick={() => void navigate({ to, search: { ...search, add: true } })}
        >
          {words.add}
        </Button>
      </PageHeader>
      <FormError message={failure} />
      {users.isError && !list ? (
        <LoadError what={words.title} error={users.error} retry={() => void users.refetch()} />
      ) : shown?.length === 0 ? (
        <EmptyState icon={Search} title={text.common.noMatch}>
          <Button onClick={() => void navigate({ to, search: {}, replace: true })}>{text.common.clearFilters}</Button>
        </EmptyState>
      ) : (
        <DataTable label={words.title} columns={[words.name, words.email, words.kind, words.state, words.since]}>
          {shown ? (
            shown.map((user) => (
              <Row
                key={user.id}
                user={user}
                isMe={user.id === me.id}
                edit={() => setOpen({ what: "edit", user })}
                reset={() => setOpen({ what: "reset", user })}
                disable={() => setOpen({ what: "disable", user })}
                enable={() => void enable(user)}
              />
            ))
          ) : (
            <SkeletonRows columns={5} />
          )}
        </DataTable>
      )}
      <AddUserDialog
        opened={search.add === true}
        close={() => void navigate({ to, search: search.q ? { q: search.q } : {}, replace: true })}
      />
      <EditUserDialog user={one("edit")} isMe={open?.user.id === me.id} close={close} />
      <ResetDialog user={one("reset")} isMe={false} close={close} />
      <Confirm
        opened={open?.what === "disable"}
        title={words.disableTitle}
        line={open ? words.disableLine(open.user.name) : ""}
        button={words.disable}
        close={close}
        act={async () => {
          if (open) await disable(open.user);
        }}
      />
    </>
  );
}

export function UsersScreen() {
  return useUser().admin ? <Users /> : <NoAccessPage />;
}
