/* SPDX-License-Identifier: Apache-2.0 */
/* A node on the canvas: name, kind, connection, and one state. */
import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import type { Component } from "../../api.gen.ts";
import { NodeFace } from "../../parts/graph.tsx";
import { iconOf, toneOf } from "../executions/index.ts";
import { type NodeState, wordsOf } from "./node-state.ts";
import { NodeMark } from "./state-mark.tsx";

export interface CardData extends Record<string, unknown> {
  name: string;
  component: Component | undefined;
  type: string;
  connection: string | undefined;
  state: NodeState | undefined;
  /* The one that Tab comes to. */
  reachable: boolean;
  open: boolean;
  readOnly: boolean;
}

export type CardNode = Node<CardData, "card">;

/* A problem takes the room of the connection. */
const placeOf = ({ connection, state }: CardData) => (state?.problem ? undefined : connection);

export function labelOf(data: CardData): string {
  return [data.name, data.component?.title ?? data.type, placeOf(data), wordsOf(data.state)].filter(Boolean).join(", ");
}

export const NodeCard = memo(function NodeCard({ id, data, selected }: NodeProps<CardNode>) {
  const { name, component, type, state, reachable, open, readOnly } = data;
  const place = placeOf(data);
  return (
    <div
      className="node-card"
      data-chosen={selected || open || undefined}
      data-tone={state?.status ? toneOf(state.status) : state?.problem ? "warn" : undefined}
    >
      {component?.kind === "trigger" ? null : (
        <Handle type="target" position={Position.Left} isConnectable={!readOnly} aria-hidden />
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: some browsers start no drag on a button */}
      <div
        className="node-body"
        role="button"
        tabIndex={reachable ? 0 : -1}
        aria-label={labelOf(data)}
        aria-pressed={selected}
        data-node={id}
      >
        <NodeFace icon={iconOf(component)} kind={component?.title ?? type} name={name}>
          {place ? <span className="node-note">{place}</span> : null} <NodeMark state={state} />
        </NodeFace>
      </div>
      <Handle type="source" position={Position.Right} isConnectable={!readOnly} aria-hidden />
    </div>
  );
});
