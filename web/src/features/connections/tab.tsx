/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of a project. Which dialog is open, and which filters are set, is in the address. */
import { Button, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Outlet, useNavigate, useSearch } from "@tanstack/react-router";
import { Plug, Plus, Search } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { trpc } from "../../api/client.ts";
import type { Connection } from "../../api/types.ts";
import { atLeast } from "../../app/permissions.ts";
import { DataTable, SkeletonRows } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { useFocusAfterDelete } from "../../parts/focus-after-delete.ts";
import { GuardedButton } from "../../parts/guarded-button.tsx";
import { ListSearch } from "../../parts/list-search.tsx";
import { LoadError } from "../../parts/load-error.tsx";
import { text } from "../../text/en.ts";
import { useProject } from "../projects/index.ts";
import "./connections.css";
import { DeleteDialog } from "./delete-dialog.tsx";
import { EditorDialog } from "./editor-dialog.tsx";
import { ConnectionRow } from "./row.tsx";
import type { ConnectionsSearch } from "./search.ts";
import { typeTitle, useConnectionTypes } from "./types.ts";

const words = text.connections;
const FRESH_MS = 2000;

function matches(connection: Connection, { q, type }: ConnectionsSearch): boolean {
  if (type && connection.connectionType !== type) return false;
  const wanted = q?.trim().toLowerCase();
  return !wanted || `${connection.name} ${connection.connectionUrl}`.toLowerCase().includes(wanted);
}

const names = new Intl.Collator("en", { numeric: true });
const byName = (a: { name: string }, b: { name: string }) => names.compare(a.name, b.name);

export function ConnectionsTab() {
  const project = useProject();
  const search = useSearch({ from: "/user/projects/$projectId/connections" });
  const navigate = useNavigate({ from: "/projects/$projectId/connections" });
  const connections = useQuery(trpc.connections.list.queryOptions({ projectId: project.id }));
  const types = useConnectionTypes();
  const [fresh, setFresh] = useState<string>();
  const unsorted = connections.data?.connections;
  const list = useMemo(() => unsorted?.toSorted(byName), [unsorted]);
  const shown = list?.filter((connection) => matches(connection, search));
  const beforeDelete = useFocusAfterDelete(list);
  const mayEdit = atLeast(project.role, "editor");

  useEffect(() => {
    if (!fresh) return;
    const timer = setTimeout(() => setFresh(undefined), FRESH_MS);
    return () => clearTimeout(timer);
  }, [fresh]);

  const set = (change: ConnectionsSearch, replace = false) =>
    void navigate({ to: ".", search: (now: ConnectionsSearch) => ({ ...now, ...change }), replace });
  const closeDialog = () =>
    void navigate({
      to: ".",
      search: ({ add: _add, edit: _edit, delete: _delete, ...filters }: ConnectionsSearch) => filters,
      replace: true,
    });
  const setFilter = (key: "q" | "type", value: string) =>
    void navigate({
      to: ".",
      search: ({ [key]: _old, ...rest }: ConnectionsSearch) => (value ? { ...rest, [key]: value } : rest),
      replace: true,
    });
  const clearFilters = () =>
    void navigate({ to: ".", search: ({ q: _q, type: _type, ...rest }: ConnectionsSearch) => rest, replace: true });

  const addButton = (
    <GuardedButton
      variant="filled"
      leftSection={<Plus size={16} />}
      reason={mayEdit ? undefined : words.editorsOnly}
      onClick={() => set({ add: true })}
      data-shortcut="new"
    >
      {words.add}
    </GuardedButton>
  );
  const edited = list?.find((connection) => connection.id === search.edit);
  const deleted = list?.find((connection) => connection.id === search.delete);

  return (
    <section aria-labelledby="connections-title">
      <div className="toolbar">
        <h2 id="connections-title">{words.title}</h2>
        {list?.length ? <span className="count">{list.length}</span> : null}
        <span className="grow" />
        {list?.length ? (
          <>
            <ListSearch
              className="filter"
              label={words.searchLabel}
              placeholder={words.search}
              value={search.q}
              onChange={(text) => setFilter("q", text)}
            />
            <Select
              className="filter"
              aria-label={words.type}
              value={search.type ?? ""}
              onChange={(value) => setFilter("type", value ?? "")}
              data={[
                { value: "", label: words.allTypes },
                ...types.map((type) => ({ value: type, label: typeTitle(type) })),
              ]}
            />
            {addButton}
          </>
        ) : null}
      </div>
      {connections.isError && !list ? (
        <LoadError what={words.title} error={connections.error} retry={() => void connections.refetch()} />
      ) : null}
      {list?.length === 0 ? (
        <EmptyState icon={Plug} title={words.empty} line={words.emptyLine}>
          {addButton}
        </EmptyState>
      ) : null}
      {list?.length && shown?.length === 0 ? (
        <EmptyState icon={Search} title={text.common.noMatch}>
          <Button onClick={clearFilters}>{text.common.clearFilters}</Button>
        </EmptyState>
      ) : null}
      {connections.isPending || shown?.length ? (
        <DataTable label={words.title} columns={[words.name, words.type, words.usedBy]} sorted={words.name}>
          {shown ? (
            shown.map((connection) => (
              <ConnectionRow
                key={connection.id}
                connection={connection}
                mayEdit={mayEdit}
                fresh={connection.id === fresh}
                edit={() => set({ edit: connection.id })}
                remove={() => set({ delete: connection.id })}
              />
            ))
          ) : (
            <SkeletonRows columns={3} />
          )}
        </DataTable>
      ) : null}
      {mayEdit ? (
        <>
          <EditorDialog
            opened={search.add === true || edited !== undefined}
            projectId={project.id}
            connection={search.add ? undefined : edited}
            types={types}
            close={closeDialog}
            saved={(id) => {
              if (search.add) setFresh(id);
              closeDialog();
            }}
          />
          <DeleteDialog connection={deleted} close={closeDialog} beforeDelete={beforeDelete} />
        </>
      ) : null}
      <Outlet />
    </section>
  );
}
