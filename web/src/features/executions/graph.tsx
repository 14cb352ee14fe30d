/* SPDX-License-Identifier: Apache-2.0 */
/* The definition that an execution runs, as a picture to read: each node shows how it stands. */

import { useQuery } from "@tanstack/react-query";
import { type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import { useMemo } from "react";
import { trpc } from "../../api/client.ts";
import type { Step } from "../../api.gen.ts";
import { arrow, Ground, NodeFace, noRole, wholeView, ZoomButtons } from "../../parts/graph.tsx";
import { NODE_HEIGHT, NODE_WIDTH } from "../../parts/graph-size.ts";
import { LoadError } from "../../parts/load-error.tsx";
import { runs } from "../../text/runs.ts";
import { Duration, StateMark, toneOf } from "./state.tsx";
import "./graph.css";
import { useKind } from "./use-kinds.ts";

const words = runs.detail;

interface Definition {
  nodes: { id: string; position?: { x: number; y: number } }[];
  edges: { id?: string; source: string; target: string; sourceHandle?: string }[];
}

type CardNode = Node<{ step: Step; chosen: boolean; select: (id: string) => void }, "run">;

function Card({ data }: NodeProps<CardNode>) {
  const { step, chosen, select } = data;
  const { title, icon } = useKind(step.type);
  const open = step.status === "running" || step.status === "waiting";
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <button
        type="button"
        className="run-node node-card node-body nodrag nopan"
        aria-pressed={chosen}
        data-tone={toneOf(step.status)}
        data-chosen={chosen || undefined}
        data-node={step.nodeId}
        onClick={() => select(step.nodeId)}
      >
        <NodeFace icon={icon} kind={title} name={step.name}>
          <StateMark state={step.status} />
          <span className="node-note">
            <Duration span={step} open={open} />
          </span>
        </NodeFace>
      </button>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </>
  );
}

const nodeTypes = { run: Card };

/* Where the editor put them; else one column behind another, as they come to run. */
function placesOf({ nodes, edges }: Definition): Map<string, { x: number; y: number }> {
  if (nodes.every((node) => node.position))
    return new Map(nodes.map((node) => [node.id, node.position as { x: number; y: number }]));
  const columns = new Map(nodes.map(({ id }) => [id, 0]));
  /* There are no loops: after so many rounds every way through is known. */
  for (let round = 0, moved = true; moved && round < nodes.length; round++) {
    moved = false;
    for (const { source, target } of edges) {
      const behind = (columns.get(source) ?? 0) + 1;
      if (behind <= (columns.get(target) ?? 0)) continue;
      columns.set(target, behind);
      moved = true;
    }
  }
  const filled: number[] = [];
  return new Map(
    nodes.map(({ id }) => {
      const column = columns.get(id) ?? 0;
      const row = filled[column] ?? 0;
      filled[column] = row + 1;
      return [id, { x: column * (NODE_WIDTH + 64), y: row * (NODE_HEIGHT + 32) }];
    }),
  );
}

interface Props {
  executionId: string;
  steps: Step[];
  selected: string | undefined;
  select: (nodeId: string) => void;
}

export function RunGraph({ executionId, steps, selected, select }: Props) {
  const query = useQuery(
    trpc.executions.definition.queryOptions({ executionId }, { staleTime: Number.POSITIVE_INFINITY }),
  );
  const definition = query.data?.definition as Definition | undefined;
  const places = useMemo(() => definition && placesOf(definition), [definition]);
  const edges = useMemo(
    () =>
      definition?.edges.map(
        (edge): Edge => ({
          id: edge.id ?? `${edge.source} ${edge.target} ${edge.sourceHandle ?? ""}`,
          source: edge.source,
          target: edge.target,
          focusable: false,
          markerEnd: arrow,
          domAttributes: noRole,
        }),
      ),
    [definition],
  );
  if (query.isError) return <LoadError what={words.graph} error={query.error} retry={() => void query.refetch()} />;
  if (!definition || !places || !edges) return <div className="run-graph" aria-busy />;
  const nodes = steps.map(
    (step): CardNode => ({
      id: step.nodeId,
      type: "run",
      position: places.get(step.nodeId) ?? { x: 0, y: 0 },
      data: { step, chosen: step.nodeId === selected, select },
      width: NODE_WIDTH,
      height: NODE_HEIGHT,
      focusable: false,
      domAttributes: noRole,
    }),
  );
  return (
    <section className="run-graph" aria-label={words.graphSummary(nodes.length)}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        /* The page scrolls on: the wheel zooms only with Ctrl. */
        zoomOnScroll={false}
        preventScrolling={false}
        minZoom={0.2}
        maxZoom={1.5}
        fitView
        fitViewOptions={wholeView}
        deleteKeyCode={null}
        disableKeyboardA11y
        proOptions={{ hideAttribution: true }}
      >
        <Ground gap={16} />
        <ZoomButtons />
      </ReactFlow>
    </section>
  );
}
