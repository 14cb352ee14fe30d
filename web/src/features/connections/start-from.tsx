/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates of known providers: which to start from, and what to know there. They come from the server
 * when the dialog opens; their sources are plain links, which nothing follows by itself.
 */
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { trpc } from "../../api/client.ts";
import type { ConnectionTemplate } from "../../api/types.ts";
import { templateText as words } from "../../text/templates.ts";
import { placeholders } from "./placeholders.ts";
import "./start-from.css";

interface SelectProps {
  type: string;
  chosen: ConnectionTemplate | undefined;
  choose: (template: ConnectionTemplate | undefined) => void;
}

export function StartFrom({ type, chosen, choose }: SelectProps) {
  const query = trpc.connections.templates.queryOptions(undefined, { staleTime: Number.POSITIVE_INFINITY });
  const { data, isError } = useQuery(query);
  const fitting = (data?.templates ?? []).filter(({ connectionType }) => connectionType === type);
  return (
    <Select
      label={words.label}
      description={words.hint}
      error={isError ? words.failed : undefined}
      data={[{ value: "", label: words.none }, ...fitting.map(({ name, title }) => ({ value: name, label: title }))]}
      value={chosen?.name ?? ""}
      onChange={(name) => choose(fitting.find((template) => template.name === name))}
      allowDeselect={false}
      searchable
      comboboxProps={{ withinPortal: true }}
    />
  );
}

interface AboutProps {
  template: ConnectionTemplate;
  url: string;
  /* Shows that placeholder in the URL field. */
  select: (word: string) => void;
}

export function AboutTemplate({ template, url, select }: AboutProps) {
  const left = placeholders(url);
  const gaps = template.placeholders.filter(({ name }) => left.some(({ word }) => word === `[${name}]`));
  const sessions = template.config?.pool?.max;
  return (
    <section className="about-template" aria-label={words.about(template.title)}>
      {gaps.length > 0 ? (
        <dl>
          <dt>{words.left}</dt>
          {gaps.map(({ name, means }) => (
            <dd key={name}>
              <button type="button" className="link mono" onClick={() => select(`[${name}]`)}>
                [{name}]
              </button>{" "}
              {means}
            </dd>
          ))}
        </dl>
      ) : null}
      <dl>
        {template.facts.map(({ about, text, source, seenOn }) => (
          <div key={text}>
            <dt>{words.subject[about] ?? about}</dt>
            <dd>
              {text}{" "}
              <a href={source} target="_blank" rel="noreferrer" title={words.seen(seenOn)}>
                {new URL(source).hostname}
              </a>
            </dd>
          </div>
        ))}
        {sessions ? (
          <div>
            <dt>{words.pool}</dt>
            <dd>{words.sessions(sessions)}</dd>
          </div>
        ) : null}
      </dl>
    </section>
  );
}
