/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about a node that need no dragging: what to connect it to, what to put behind it. */
import { Button } from "@mantine/core";
import { Dialog } from "../../parts/dialog.tsx";
import { GuardedButton } from "../../parts/guarded-button.tsx";
import { editorText } from "../../text/editor.ts";
import { type Question, useEditor } from "./context.tsx";
import { connect, disconnect, findNode, isConnected, refusal } from "./model/graph.ts";
import "./outline.css";
import { Palette } from "./palette.tsx";

const words = editorText.node;

function Targets({ nodeId }: { nodeId: string }) {
  const { graph, components, change } = useEditor();
  const others = graph.nodes.filter((node) => node.id !== nodeId && components.get(node.type)?.kind !== "trigger");
  if (others.length === 0) return <p className="muted">{words.connectNone}</p>;
  return (
    <ul className="targets">
      {others.map((node, at) => {
        const there = isConnected(graph, nodeId, node.id);
        const loop = !there && refusal(graph, nodeId, node.id) === "loop";
        return (
          <li key={node.id}>
            <span className="targets-name">{node.name}</span>
            {there ? (
              <Button
                size="compact-sm"
                aria-label={`${words.disconnect} ${node.name}`}
                onClick={() => change((now) => disconnect(now, nodeId, node.id))}
              >
                {words.disconnect}
              </Button>
            ) : (
              <GuardedButton
                size="compact-sm"
                aria-label={`${words.connect} ${node.name}`}
                reason={loop ? editorText.check.loop : undefined}
                onClick={() => change((now) => connect(now, nodeId, node.id))}
                {...(at === 0 ? { "data-autofocus": true } : {})}
              >
                {words.connect}
              </GuardedButton>
            )}
          </li>
        );
      })}
    </ul>
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
