/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody saved in between: what differs, and the three ways on. Nothing is lost by closing it. */
import { Button } from "@mantine/core";
import { useState } from "react";
import type { Workflow } from "../../api.gen.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { ago } from "../../parts/relative-time.tsx";
import { editorText } from "../../text/editor.ts";
import "./outline.css";
import { type Difference, differences } from "./model/differences.ts";
import { type Graph, readGraph } from "./model/graph.ts";

const words = editorText.conflict;

function Differences({ list }: { list: Difference[] }) {
  if (list.length === 0) return <p>{words.same}</p>;
  return (
    <ul className="differences">
      {list.map(({ name, kind, yours, theirs }) => (
        <li key={`${kind} ${name}`}>
          <strong>{name === "" ? words.edges : name}</strong> <span className="meta">{words[kind]}</span>
          {kind === "changed" ? (
            <dl className="facts">
              {theirs.map(([key, value], at) => (
                <div key={key} className="difference">
                  <dt>{key}</dt>
                  <dd className="mono theirs">{value}</dd>
                  <dd className="mono yours">{yours[at]?.[1]}</dd>
                </div>
              ))}
            </dl>
          ) : null}
        </li>
      ))}
    </ul>
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
