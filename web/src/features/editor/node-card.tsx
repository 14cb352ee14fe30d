/* SPDX-License-Identifier: Apache-2.0 */
/* A node on the canvas: name, kind, connection, and one state. */
import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { LoaderCircle } from "lucide-react";
import { memo } from "react";
import type { Component } from "../../api.gen.ts";
import { StatusMark } from "../../parts/status-mark.tsx";
import { iconOf } from "./icons.tsx";
import type { NodeState } from "./node-state.ts";

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

export function labelOf({ name, component, type, connection, state }: CardData): string {
  const place = state?.kind === "problem" ? undefined : connection;
  return [name, component?.title ?? type, place, state?.words].filter(Boolean).join(", ");
}

export const NodeCard = memo(function NodeCard({ id, data, selected }: NodeProps<CardNode>) {
  const { name, component, type, connection, state, reachable, open, readOnly } = data;
  const Icon = iconOf(component);
  return (
    <div
      className="node-card"
      data-selected={selected || undefined}
      data-open={open || undefined}
      data-tone={state?.tone}
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
        {/* In the order of the label; the kind is shown on top. */}
        <strong className="node-name">{name}</strong>{" "}
        <span className="node-kind">
          <Icon size={14} aria-hidden />
          {component?.title ?? type}
        </span>{" "}
        <span className="node-foot">
          {connection && state?.kind !== "problem" ? <span className="node-connection">{connection}</span> : null}{" "}
          {state ? (
            state.busy ? (
              <span className="status-mark" data-tone="info">
                <LoaderCircle size={16} className="turning" aria-hidden />
                {state.words}
              </span>
            ) : (
              <StatusMark tone={state.tone}>
                <span className="node-words">{state.words}</span>
              </StatusMark>
            )
          ) : null}
        </span>
      </div>
      <Handle type="source" position={Position.Right} isConnectable={!readOnly} aria-hidden />
    </div>
  );
});
