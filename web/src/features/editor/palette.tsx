/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of node to add: by a click, by Enter on what was typed, or by dragging. */
import { TextInput } from "@mantine/core";
import { Search } from "lucide-react";
import { useState } from "react";
import type { Component } from "../../api.gen.ts";
import { editorText } from "../../text/editor.ts";
import { iconOf } from "../executions/index.ts";
import { useEditor } from "./context.tsx";

const words = editorText.palette;
export const DRAG_TYPE = "application/x-tieline-node";

function groupOf(component: Component): string {
  if (component.kind === "trigger") return words.groups.trigger;
  if (component.kind === "flow") return words.groups.flow;
  return component.connectionType ? words.groups.databases : words.groups.action;
}

interface Props {
  /* Instead of adding behind the selected node. */
  choose?: (type: string) => void;
  id?: string;
}

export function Palette({ choose, id = "palette-search" }: Props) {
  const { components, add, readOnly } = useEditor();
  const [query, setQuery] = useState("");
  const wanted = query.trim().toLowerCase();
  /* Nothing leads to a trigger. */
  const fitting = [...components.values()].filter((component) => !choose || component.kind !== "trigger");
  const found = fitting.filter((component) =>
    `${component.title} ${component.name} ${groupOf(component)}`.toLowerCase().includes(wanted),
  );
  const groups = [...new Set(found.map(groupOf))];
  const take = (type: string) => {
    setQuery("");
    (choose ?? add)(type);
  };
  return (
    <div className="palette-list">
      <TextInput
        id={id}
        type="search"
        aria-label={words.search}
        placeholder={words.search}
        leftSection={<Search size={16} aria-hidden />}
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
        onKeyDown={(event) => {
          const first = found[0];
          if (event.key !== "Enter" || wanted === "" || !first || readOnly) return;
          event.preventDefault();
          take(first.name);
        }}
        {...(choose ? { "data-autofocus": true } : {})}
      />
      {groups.map((group) => (
        <section key={group} aria-label={group}>
          <h3>{group}</h3>
          <ul>
            {found
              .filter((component) => groupOf(component) === group)
              .map((component) => {
                const Icon = iconOf(component);
                return (
                  <li key={component.name}>
                    <button
                      type="button"
                      className="palette-item"
                      title={component.doc}
                      aria-label={words.add(component.title)}
                      disabled={readOnly !== undefined}
                      draggable={!choose && readOnly === undefined}
                      onDragStart={(event) => event.dataTransfer.setData(DRAG_TYPE, component.name)}
                      onClick={() => take(component.name)}
                    >
                      <Icon size={16} aria-hidden />
                      {component.title}
                    </button>
                  </li>
                );
              })}
          </ul>
        </section>
      ))}
      {found.length === 0 ? <p className="muted">{words.none}</p> : null}
    </div>
  );
}
