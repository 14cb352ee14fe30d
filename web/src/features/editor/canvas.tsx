/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph as a picture. It is one stop of the Tab key; inside arrows go from node to node, and what
 * the mouse does has a key too (canvas-keys.ts). Places change in the draft when a drag ends.
 */

import { Button } from "@mantine/core";
import {
  applyNodeChanges,
  type FinalConnectionState,
  MiniMap,
  type Connection as NewEdge,
  type NodeChange,
  type OnSelectionChangeParams,
  Panel,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import { Play } from "lucide-react";
import { memo, useCallback, useEffect, useRef, useState } from "react";
import { notice } from "../../app/notices.ts";
import { Ground, wholeView, ZoomButtons } from "../../parts/graph.tsx";
import { useSteady } from "../../parts/steady.ts";
import { editorText } from "../../text/editor.ts";
import "./canvas.css";
import { useCanvasKeys } from "./canvas-keys.ts";
import { useCards, useLines } from "./cards.ts";
import { useEditor } from "./context.tsx";
import { Line, type LineEdge } from "./edge.tsx";
import { connect, GRID, moveNodes, refusal, snap } from "./model/graph.ts";
import { type CardNode, NodeCard } from "./node-card.tsx";
import { DRAG_TYPE } from "./palette.tsx";
import { LEAST_ZOOM, startOf, useView } from "./use-view.ts";

const words = editorText.map;
/* Made once: what is another object at each render makes the library tell all nodes of it. */
const nodeTypes = { card: NodeCard };
const edgeTypes = { line: Line };
const snapGrid: [number, number] = [GRID, GRID];
const noSign = { hideAttribution: true };
const mapSize = { width: 160, height: 100 };
/* More than these are only drawn where they are seen. */
const MANY = 250;

const Overview = memo(function Overview() {
  return <MiniMap position="bottom-right" ariaLabel={words.overview} style={mapSize} pannable />;
});

function StartCard() {
  const { add, components, readOnly } = useEditor();
  const trigger = [...components.values()].find((component) => component.kind === "trigger");
  return (
    <Panel position="top-center" className="canvas-start">
      <Play size={24} aria-hidden />
      <h2>{editorText.start.title}</h2>
      <p className="muted">{editorText.start.line}</p>
      {trigger && !readOnly ? (
        <Button onClick={() => add(trigger.name)}>{editorText.palette.add(trigger.title)}</Button>
      ) : null}
    </Panel>
  );
}

function Flow() {
  const editor = useEditor();
  const { graph, change, readOnly, select, selected, open, add, problems } = editor;
  const cards = useCards();
  const [nodes, setNodes] = useState(cards);
  const [chosenEdge, setChosenEdge] = useState<string>();
  const lines = useLines(chosenEdge);
  const { screenToFlowPosition } = useReactFlow();
  const section = useRef<HTMLElement>(null);
  const view = useView(section);
  const onKeyDown = useCanvasKeys(chosenEdge, view);
  const [start] = useState(() => startOf(graph));

  /* What the kit measured and where a drag stands is its own; the rest follows the draft. */
  useEffect(() => {
    setNodes((now) => {
      const known = new Map(now.map((node) => [node.id, node]));
      return cards.map((card) => {
        const old = known.get(card.id);
        if (old?.data === card.data && old.position === card.position && old.selected === card.selected) return old;
        return old?.measured ? { ...card, measured: old.measured } : card;
      });
    });
  }, [cards]);

  const onNodesChange = useCallback((changes: NodeChange<CardNode>[]) => {
    const ours = changes.filter((one) => one.type !== "select" && one.type !== "remove");
    if (ours.length) setNodes((now) => applyNodeChanges(ours, now));
  }, []);
  const drop = (dragged: CardNode[]) =>
    change((now) =>
      moveNodes(now, new Map(dragged.map(({ id, position: { x, y } }) => [id, { x: snap(x), y: snap(y) }]))),
    );
  const onNodeDragStop = useSteady((_event: unknown, _node: unknown, dragged: CardNode[]) => drop(dragged));
  const onSelectionDragStop = useSteady((_event: unknown, dragged: CardNode[]) => drop(dragged));
  const onSelectionChange = useSteady(({ nodes: boxed }: OnSelectionChangeParams<CardNode>) => {
    if (boxed.length > 1) select(boxed.map((node) => node.id));
  });
  const onNodeClick = useSteady(
    (event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }, node: { id: string }) => {
      setChosenEdge(undefined);
      if (event.shiftKey || event.ctrlKey || event.metaKey) {
        const next = new Set(selected);
        if (!next.delete(node.id)) next.add(node.id);
        select(next);
      } else {
        select([node.id]);
        open(node.id);
      }
    },
  );
  const onEdgeClick = useSteady((_event: unknown, edge: LineEdge) => setChosenEdge(edge.id));
  const onPaneClick = useSteady(() => {
    setChosenEdge(undefined);
    select([]);
  });
  const onConnect = useSteady(({ source, target }: NewEdge) => change((now) => connect(now, source, target)));
  const isValidConnection = useSteady(
    ({ source, target }: { source: string; target: string }) => refusal(graph, source, target) === undefined,
  );
  /* A line that was refused says why. */
  const onConnectEnd = useSteady((_event: unknown, { fromNode, toNode, fromHandle }: FinalConnectionState) => {
    if (!fromNode || !toNode) return;
    const [source, target] = fromHandle?.type === "target" ? [toNode.id, fromNode.id] : [fromNode.id, toNode.id];
    if (refusal(graph, source, target) === "loop") notice(editorText.check.loop);
  });
  const errors = problems.filter((problem) => problem.level === "error").length;

  return (
    <section
      ref={section}
      className="canvas"
      aria-label={editorText.canvas}
      aria-describedby="canvas-summary"
      id="editor-canvas"
      tabIndex={-1}
      data-own-keys
      onKeyDown={onKeyDown}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(DRAG_TYPE)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
      }}
      onDrop={(event) => {
        const type = event.dataTransfer.getData(DRAG_TYPE);
        if (!type) return;
        event.preventDefault();
        add(type, { at: screenToFlowPosition({ x: event.clientX, y: event.clientY }) });
      }}
    >
      <p id="canvas-summary" className="hidden-text">
        {words.summary(graph.nodes.length, errors)}. {words.keys}
      </p>
      <ReactFlow<CardNode, LineEdge>
        nodes={nodes}
        edges={lines}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={onNodesChange}
        onNodeDragStop={onNodeDragStop}
        onSelectionDragStop={onSelectionDragStop}
        onSelectionChange={onSelectionChange}
        onNodeClick={onNodeClick}
        onEdgeClick={onEdgeClick}
        onPaneClick={onPaneClick}
        onConnect={onConnect}
        onConnectEnd={onConnectEnd}
        isValidConnection={isValidConnection}
        connectionRadius={40}
        nodesDraggable={!readOnly}
        nodesConnectable={!readOnly}
        nodesFocusable={false}
        edgesFocusable={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        selectionKeyCode="Shift"
        multiSelectionKeyCode={null}
        snapToGrid
        snapGrid={snapGrid}
        minZoom={LEAST_ZOOM}
        maxZoom={2}
        fitView={start === undefined}
        fitViewOptions={wholeView}
        {...(start ? { defaultViewport: start } : {})}
        onlyRenderVisibleElements={graph.nodes.length > MANY}
        proOptions={noSign}
      >
        <Ground gap={GRID} />
        <ZoomButtons fit={view.showAll} />
        {graph.nodes.length > 5 ? <Overview /> : null}
        {graph.nodes.length === 0 ? <StartCard /> : null}
      </ReactFlow>
    </section>
  );
}

export function Canvas() {
  return (
    <ReactFlowProvider>
      <Flow />
    </ReactFlowProvider>
  );
}
