/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl K: from a name to its page. Finds projects, pages, and what is in the project around. */
import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { trpc } from "../api/client.ts";
import { projectTabs } from "../features/projects/tabs.ts";
import { Dialog } from "../parts/dialog.tsx";
import { text } from "../text/en.ts";
import { atLeast } from "./permissions.ts";
import { useUser } from "./session.ts";

const words = text.goTo;
const SHOWN = 50;

interface Place {
  name: string;
  kind: string;
  to: string;
}

/* Every word of what was typed is somewhere in the name, or begins its kind. */
function finds(place: Place, typed: string): boolean {
  const name = place.name.toLowerCase();
  const kind = place.kind.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => name.includes(word) || kind.startsWith(word));
}

function usePlaces(): Place[] {
  const user = useUser();
  const { projectId } = useParams({ strict: false });
  const inside = { projectId: projectId ?? "" };
  const enabled = projectId !== undefined;
  const projects = useQuery(trpc.projects.list.queryOptions()).data?.projects ?? [];
  const workflows = useQuery({ ...trpc.workflows.list.queryOptions(inside), enabled }).data?.workflows ?? [];
  const connections = useQuery({ ...trpc.connections.list.queryOptions(inside), enabled }).data?.connections ?? [];
  const here = projects.find((project) => project.id === projectId);
  const at = `/projects/${projectId}`;
  return [
    ...(here
      ? projectTabs
          .filter((tab) => atLeast(here.role, tab.needs))
          .map((tab) => ({
            name: words.inProject(tab.title, here.name),
            kind: words.page,
            to: tab.to.replace("$projectId", here.id),
          }))
      : []),
    ...(enabled ? workflows : []).map(({ id, name }) => ({ name, kind: words.workflow, to: `${at}/workflows/${id}` })),
    ...(enabled ? connections : []).map(({ id, name }) => ({
      name,
      kind: words.connection,
      to: `${at}/connections/${id}`,
    })),
    ...projects.map(({ id, name }) => ({ name, kind: words.project, to: `/projects/${id}` })),
    { name: text.shell.projects, kind: words.page, to: "/projects" },
    { name: text.shell.account, kind: words.page, to: "/account" },
    ...(user.admin
      ? [
          { name: text.shell.users, kind: words.page, to: "/admin/users" },
          { name: text.shell.systemPage, kind: words.page, to: "/admin/system" },
        ]
      : []),
  ];
}

function Finder({ close }: { close: () => void }) {
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);
  const navigate = useNavigate();
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const begins = (place: Place) => place.name.toLowerCase().startsWith(typed.toLowerCase());
  const found = usePlaces().filter((place) => finds(place, typed));
  const places = [...found.filter(begins), ...found.filter((place) => !begins(place))].slice(0, SHOWN);
  const current = Math.min(chosen, places.length - 1);

  useEffect(() => {
    list.current?.children[current]?.scrollIntoView({ block: "nearest" });
  }, [current]);

  function go(place: Place | undefined) {
    if (!place) return;
    close();
    void navigate({ to: place.to as "/projects" });
  }

  function onKey(event: React.KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && places.length) {
      event.preventDefault();
      setChosen((current + step + places.length) % places.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(places[current]);
    }
  }

  return (
    <div className="go-to">
      <TextInput
        data-autofocus
        role="combobox"
        aria-label={words.label}
        aria-expanded
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        {...(places.length ? { "aria-activedescendant": `${id}-${current}` } : {})}
        autoComplete="off"
        spellCheck={false}
        placeholder={words.placeholder}
        leftSection={<Search size={16} aria-hidden />}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={onKey}
      />
      <div className="go-to-list" id={`${id}-list`} role="listbox" aria-label={words.placeholder} ref={list}>
        {places.map((place, index) => (
          <div
            key={`${place.kind} ${place.to}`}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === current}
            onClick={() => go(place)}
            onKeyDown={onKey}
            onPointerMove={() => setChosen(index)}
          >
            <span className="go-to-name">{place.name}</span>
            <span className="meta">{place.kind}</span>
          </div>
        ))}
      </div>
      <p className={places.length ? "hidden-text" : "muted go-to-none"} role="status">
        {places.length ? words.found(places.length) : words.nothing}
      </p>
    </div>
  );
}

export function GoTo({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Dialog opened={opened} close={close} title={text.shell.goTo} width={520}>
      <Finder close={close} />
    </Dialog>
  );
}
