/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody saved in between: what differs, and the three ways on. Nothing is lost by closing it. */
import { Button } from "@mantine/core";
import { useState } from "react";
import type { Workflow } from "../../api.gen.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { ago } from "../../parts/relative-time.tsx";
import { editorText } from "../../text/editor.ts";
import { useEditor } from "./context.tsx";
import { type Difference, differences } from "./model/differences.ts";
import { writeDuration } from "./model/duration.ts";
import { type Graph, type Retry, readGraph, stable } from "./model/graph.ts";
import "./outline.css";

const words = editorText.conflict;

/* A key of a node's definition and its value, as the properties call them. */
function useWords() {
  const { components, connections } = useEditor();
  const names = new Map(connections?.map((one) => [one.id, one.name]));
  const fields = (type: string) => components.get(type)?.fields ?? [];
  return {
    keyOf: (type: string, key: string): string =>
      words.keys[key] ?? fields(type).find((field) => field.name === key)?.title ?? key,
    meant: (type: string, key: string, value: unknown): string => {
      if (value === undefined) return words.nothing;
      if (typeof value === "number" && /Ms$/.test(key)) return writeDuration(value);
      if (typeof value !== "string") return stable(value);
      if (key === "type") return components.get(value)?.title ?? value;
      if (key === "retry.strategy") return editorText.retry[value as Retry["strategy"]] ?? value;
      if (key === "onError") return value === "continue" ? editorText.panel.goOn : editorText.panel.fail;
      const isConnection = fields(type).some((field) => field.name === key && field.look === "connection");
      return isConnection ? (names.get(value) ?? value) : value;
    },
  };
}

function Differences({ list }: { list: Difference[] }) {
  const { keyOf, meant } = useWords();
  if (list.length === 0) return <p>{words.same}</p>;
  return (
    /* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */
    <section className="differences" tabIndex={0} aria-label={words.differences}>
      <p className="meta">{words.legend}</p>
      <ul>
        {list.map(({ name, type, kind, yours, theirs }) => (
          <li key={`${kind} ${name}`}>
            <strong>{name === "" ? words.edges : name}</strong> <span className="meta">{words[kind]}</span>
            {name === "" ? (
              <div className="difference-lines mono">
                {theirs.map(([, edge]) => (
                  <p key={String(edge)} className="theirs">
                    {String(edge)}
                  </p>
                ))}
                {yours.map(([, edge]) => (
                  <p key={String(edge)} className="yours">
                    {String(edge)}
                  </p>
                ))}
              </div>
            ) : kind === "changed" ? (
              <dl className="facts">
                {theirs.map(([key, value], at) => (
                  <div key={key} className="difference">
                    <dt>{keyOf(type, key)}</dt>
                    <dd className="mono theirs">{meant(type, key, value)}</dd>
                    <dd className="mono yours">{meant(type, key, yours[at]?.[1])}</dd>
                  </div>
                ))}
              </dl>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

interface Props {
  /* As somebody else saved it. */
  latest: Workflow;
  graph: Graph;
  close: () => void;
  overwrite: () => void;
  saveAsCopy: () => void;
}

export default function ConflictDialog({ latest, graph, close, overwrite, saveAsCopy }: Props) {
  const [shown, setShown] = useState(false);
  return (
    <Dialog opened close={close} title={words.title} width={640} alert>
      <div className="form">
        <p>{words.line(latest.savedBy ?? words.somebody, ago(Date.parse(latest.savedAt), Date.now()))}</p>
        <p className="muted">{words.what}</p>
        {shown ? <Differences list={differences(graph, readGraph(latest.definition).graph)} /> : null}
        <div className="buttons">
          <Button onClick={() => setShown(true)} disabled={shown} data-autofocus>
            {words.differences}
          </Button>
          <span className="grow" />
          <Button onClick={saveAsCopy}>{editorText.saveAsCopy}</Button>
          <Button variant="filled" color="err" onClick={overwrite}>
            {words.overwrite}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
