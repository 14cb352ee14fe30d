/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about a node that need no dragging: what to connect it to, what to put behind it. */
import { Button, TextInput } from "@mantine/core";
import { Search } from "lucide-react";
import { useMemo, useState } from "react";
import { Dialog } from "../../parts/dialog.tsx";
import { GuardedButton } from "../../parts/guarded-button.tsx";
import { editorText } from "../../text/editor.ts";
import { type Question, useEditor } from "./context.tsx";
import { connect, disconnect, findNode, isConnected, nodesBefore } from "./model/graph.ts";
import "./outline.css";
import { Palette } from "./palette.tsx";

const words = editorText.node;

/* With more than these there is a search. */
const MANY = 8;

function Targets({ nodeId }: { nodeId: string }) {
  const { graph, components, change } = useEditor();
  const [query, setQuery] = useState("");
  const before = useMemo(() => new Set(nodesBefore(graph, nodeId).map((node) => node.id)), [graph, nodeId]);
  const others = graph.nodes.filter((node) => node.id !== nodeId && components.get(node.type)?.kind !== "trigger");
  if (others.length === 0) return <p className="muted">{words.connectNone}</p>;
  const wanted = query.trim().toLowerCase();
  const found = others.filter((node) => node.name.toLowerCase().includes(wanted));
  return (
    <div className="form">
      {others.length > MANY ? (
        <TextInput
          type="search"
          aria-label={editorText.palette.search}
          placeholder={editorText.palette.search}
          leftSection={<Search size={16} aria-hidden />}
          value={query}
          onChange={(event) => setQuery(event.currentTarget.value)}
          data-autofocus
        />
      ) : null}
      {found.length === 0 ? <p className="muted">{editorText.palette.none}</p> : null}
      <ul className="targets">
        {found.map((node, at) => {
          const there = isConnected(graph, nodeId, node.id);
          const first = at === 0 && others.length <= MANY ? { "data-autofocus": true } : {};
          return (
            <li key={node.id}>
              <span className="targets-name">{node.name}</span>
              {there ? (
                <Button
                  size="compact-sm"
                  aria-label={`${words.disconnect} ${node.name}`}
                  onClick={() => change((now) => disconnect(now, nodeId, node.id))}
                  {...first}
                >
                  {words.disconnect}
                </Button>
              ) : (
                <GuardedButton
                  size="compact-sm"
                  aria-label={`${words.connect} ${node.name}`}
                  reason={before.has(node.id) ? editorText.check.loop : undefined}
                  onClick={() => change((now) => connect(now, nodeId, node.id))}
                  {...first}
                >
                  {words.connect}
                </GuardedButton>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

export function NodeDialogs({ question }: { question: Question | undefined }) {
  const { graph, ask, add } = useEditor();
  const node = findNode(graph, question?.nodeId);
  const close = () => ask(undefined);
  return (
    <>
      <Dialog
        opened={node !== undefined && question?.kind === "connect"}
        close={close}
        title={words.connectTitle(node?.name ?? "")}
        width={440}
      >
        {node ? <Targets nodeId={node.id} /> : null}
      </Dialog>
      <Dialog
        opened={node !== undefined && question?.kind === "insert"}
        close={close}
        title={words.insertTitle(node?.name ?? "")}
        width={360}
      >
        {node ? (
          <Palette
            id="insert-search"
            choose={(type) => {
              close();
              add(type, { insertAfter: node.id });
            }}
          />
        ) : null}
      </Dialog>
    </>
  );
}
