/* SPDX-License-Identifier: Apache-2.0 */
/* The same draft as a list, in the order in which it runs. */
import { ActionIcon, Button } from "@mantine/core";
import { CornerDownRight, Spline, Trash2 } from "lucide-react";
import { memo, useMemo } from "react";
import type { Component } from "../../api.gen.ts";
import { useSteady } from "../../parts/steady.ts";
import { editorText } from "../../text/editor.ts";
import { iconOf } from "../executions/index.ts";
import { type Editor, useEditor } from "./context.tsx";
import { focusPanel } from "./focus.ts";
import { byNode } from "./model/check.ts";
import { connectionFieldOf } from "./model/fields.ts";
import { inOrder } from "./model/order.ts";
import { type NodeState, sameState, stateOf } from "./node-state.ts";
import "./outline.css";
import { Palette } from "./palette.tsx";
import { NodeMark } from "./state-mark.tsx";

const words = editorText.node;

interface ItemProps extends Pick<Editor, "ask" | "remove"> {
  id: string;
  name: string;
  type: string;
  component: Component | undefined;
  connection: string | undefined;
  /* Names of what it runs after. */
  before: string;
  state: NodeState | undefined;
  isOpen: boolean;
  locked: boolean;
  open: (id: string) => void;
}

function isSame({ state: a, ...before }: ItemProps, { state: b, ...after }: ItemProps): boolean {
  return sameState(a, b) && Object.entries(before).every(([key, value]) => value === after[key as keyof typeof after]);
}

const Item = memo(function Item({ id, name, component, ...item }: ItemProps) {
  const Icon = iconOf(component);
  return (
    <li className="outline-item" data-open={item.isOpen || undefined} data-outline={id}>
      <Icon size={16} aria-hidden />
      <div className="outline-main">
        <button
          type="button"
          className="outline-name"
          aria-label={words.openLabel(name)}
          aria-pressed={item.isOpen}
          data-node={id}
          onClick={() => item.open(id)}
        >
          {name}
        </button>
        <span className="meta">
          {[component?.title ?? item.type, item.connection].filter(Boolean).join(" · ")}
          {" · "}
          {item.before ? `${words.runsAfter} ${item.before}` : words.runsFirst}
        </span>
        <NodeMark state={item.state} />
      </div>
      {item.locked ? null : (
        <div className="outline-actions">
          <Button
            size="compact-sm"
            leftSection={<Spline size={14} aria-hidden />}
            aria-label={words.connectToLabel(name)}
            onClick={() => item.ask({ kind: "connect", nodeId: id })}
          >
            {words.connectTo}
          </Button>
          <Button
            size="compact-sm"
            leftSection={<CornerDownRight size={14} aria-hidden />}
            aria-label={words.insertLabel(name)}
            onClick={() => item.ask({ kind: "insert", nodeId: id })}
          >
            {words.insertAfter}
          </Button>
          <ActionIcon aria-label={words.deleteLabel(name)} onClick={() => item.remove([id])}>
            <Trash2 size={16} />
          </ActionIcon>
        </div>
      )}
    </li>
  );
}, isSame);

function Items() {
  const { graph, components, connections, problems, steps, openId, ask, remove, readOnly, ...editor } = useEditor();
  const open = useSteady((id: string) => {
    editor.select([id]);
    editor.open(id);
    if (editor.narrow) focusPanel(id);
  });
  const order = useMemo(() => inOrder(graph), [graph]);
  const wrong = useMemo(() => byNode(problems), [problems]);
  const before = useMemo(() => {
    const names = new Map(graph.nodes.map((node) => [node.id, node.name]));
    const found = new Map<string, string>();
    for (const { source, target } of graph.edges) {
      const name = names.get(source) ?? source;
      const others = found.get(target);
      found.set(target, others === undefined ? name : `${others}, ${name}`);
    }
    return found;
  }, [graph]);
  const connectionNames = useMemo(() => new Map(connections?.map((one) => [one.id, one.name])), [connections]);
  return (
    <ol>
      {order.map((node) => {
        const component = components.get(node.type);
        const field = connectionFieldOf(component);
        return (
          <Item
            key={node.id}
            id={node.id}
            name={node.name}
            type={node.type}
            component={component}
            connection={field && connectionNames.get(String(node.config[field.name]))}
            before={before.get(node.id) ?? ""}
            state={stateOf(wrong.get(node.id) ?? [], steps.get(node.id))}
            isOpen={node.id === openId}
            locked={readOnly !== undefined}
            open={open}
            ask={ask}
            remove={remove}
          />
        );
      })}
    </ol>
  );
}

export default function Outline() {
  const { graph, readOnly } = useEditor();
  return (
    <section className="outline" id="editor-canvas" aria-label={editorText.outline} tabIndex={-1}>
      {graph.nodes.length === 0 ? <p className="muted">{words.nothingYet}</p> : null}
      <Items />
      {readOnly ? null : (
        <section className="outline-add" aria-label={editorText.palette.title}>
          <h2>{editorText.palette.title}</h2>
          <Palette id="outline-search" />
        </section>
      )}
    </section>
  );
}
