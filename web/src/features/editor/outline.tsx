/* SPDX-License-Identifier: Apache-2.0 */
/* The same draft as a list, in the order in which it runs. */
import { ActionIcon, Button } from "@mantine/core";
import { CornerDownRight, Spline, Trash2 } from "lucide-react";
import { StatusMark } from "../../parts/status-mark.tsx";
import { editorText } from "../../text/editor.ts";
import { problemsOf, useEditor } from "./context.tsx";
import { iconOf } from "./icons.tsx";
import type { Graph, GraphNode } from "./model/graph.ts";
import { stateOf } from "./node-state.ts";
import "./outline.css";
import { Palette } from "./palette.tsx";

const words = editorText.node;

/* Before what runs after it; otherwise as they stand, from left to right. */
export function inOrder(graph: Graph): GraphNode[] {
  const rest = [...graph.nodes].sort((a, b) => a.position.x - b.position.x || a.position.y - b.position.y);
  const waits = new Map(rest.map((node) => [node.id, 0]));
  for (const edge of graph.edges) waits.set(edge.target, (waits.get(edge.target) ?? 0) + 1);
  const ordered: GraphNode[] = [];
  while (rest.length) {
    const at = rest.findIndex((node) => waits.get(node.id) === 0);
    const [next] = rest.splice(Math.max(at, 0), 1);
    if (!next) break;
    ordered.push(next);
    for (const edge of graph.edges)
      if (edge.source === next.id) waits.set(edge.target, (waits.get(edge.target) ?? 0) - 1);
  }
  return ordered;
}

function Item({ node }: { node: GraphNode }) {
  const { graph, components, connections, problems, steps, open, openId, select, ask, remove, readOnly } = useEditor();
  const component = components.get(node.type);
  const Icon = iconOf(component);
  const state = stateOf(problemsOf(problems, node.id), steps.get(node.id));
  const before = graph.edges
    .filter((edge) => edge.target === node.id)
    .map((edge) => graph.nodes.find((one) => one.id === edge.source)?.name ?? edge.source);
  const connection = connections?.find((one) => one.id === node.config.connectionId);
  return (
    <li className="outline-item" data-open={node.id === openId || undefined} data-outline={node.id}>
      <Icon size={16} aria-hidden />
      <div className="outline-main">
        <button
          type="button"
          className="outline-name"
          aria-label={words.openLabel(node.name)}
          aria-pressed={node.id === openId}
          onClick={() => {
            select([node.id]);
            open(node.id);
          }}
        >
          {node.name}
        </button>
        <span className="meta">
          {[component?.title ?? node.type, connection?.name].filter(Boolean).join(" · ")}
          {" · "}
          {before.length ? `${words.runsAfter} ${before.join(", ")}` : words.runsFirst}
        </span>
        {state ? <StatusMark tone={state.tone}>{state.words}</StatusMark> : null}
      </div>
      {readOnly ? null : (
        <div className="outline-actions">
          <Button
            size="compact-sm"
            leftSection={<Spline size={14} aria-hidden />}
            aria-label={words.connectToLabel(node.name)}
            onClick={() => ask({ kind: "connect", nodeId: node.id })}
          >
            {words.connectTo}
          </Button>
          <Button
            size="compact-sm"
            leftSection={<CornerDownRight size={14} aria-hidden />}
            aria-label={words.insertLabel(node.name)}
            onClick={() => ask({ kind: "insert", nodeId: node.id })}
          >
            {words.insertAfter}
          </Button>
          <ActionIcon aria-label={words.deleteLabel(node.name)} onClick={() => remove([node.id])}>
            <Trash2 size={16} />
          </ActionIcon>
        </div>
      )}
    </li>
  );
}

export default function Outline() {
  const { graph, readOnly } = useEditor();
  return (
    <section className="outline" id="editor-canvas" aria-label={editorText.outline} tabIndex={-1}>
      {graph.nodes.length === 0 ? <p className="muted">{words.nothingYet}</p> : null}
      <ol>
        {inOrder(graph).map((node) => (
          <Item key={node.id} node={node} />
        ))}
      </ol>
      {readOnly ? null : (
        <section className="outline-add" aria-label={editorText.palette.title}>
          <h2>{editorText.palette.title}</h2>
          <Palette id="outline-search" />
        </section>
      )}
    </section>
  );
}
