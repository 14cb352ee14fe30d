/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph as a picture. It is one stop of the Tab key; inside arrows go from node to node, and what
 * the mouse does has a key too (canvas-keys.ts). Places change in the draft when a drag ends.
 */
import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  MarkerType,
  MiniMap,
  type Connection as NewEdge,
  type NodeChange,
  type OnSelectionChangeParams,
  Panel,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import "./canvas.css";
import { ActionIcon, Button } from "@mantine/core";
import { Maximize, Play, ZoomIn, ZoomOut } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { editorText } from "../../text/editor.ts";
import { useCanvasKeys } from "./canvas-keys.ts";
import { problemsOf, useEditor } from "./context.tsx";
import { Line, type LineEdge } from "./edge.tsx";
import { connectionFieldOf } from "./model/fields.ts";
import {
  connect,
  disconnect,
  edgeKey,
  GRID,
  moveNodes,
  NODE_HEIGHT,
  NODE_WIDTH,
  refusal,
  snap,
} from "./model/graph.ts";
import { type CardData, type CardNode, NodeCard } from "./node-card.tsx";
import { stateOf } from "./node-state.ts";
import { DRAG_TYPE } from "./palette.tsx";

const words = editorText.map;
const nodeTypes = { card: NodeCard };
const edgeTypes = { line: Line };
const noRole = { "aria-roledescription": undefined };

function isSame(a: CardNode, b: CardNode): boolean {
  const { state: stateA, ...dataA } = a.data;
  const { state: stateB, ...dataB } = b.data;
  return (
    a.position === b.position &&
    a.selected === b.selected &&
    stateA?.tone === stateB?.tone &&
    stateA?.words === stateB?.words &&
    Object.entries(dataA).every(([key, value]) => dataB[key as keyof typeof dataB] === value)
  );
}

function useCards(): CardNode[] {
  const { graph, components, connections, problems, steps, readOnly, selected, openId } = useEditor();
  const before = useRef(new Map<string, CardNode>());
  return useMemo(() => {
    const names = new Map(connections?.map((connection) => [connection.id, connection.name]));
    const reachable = [...selected].find((id) => graph.nodes.some((node) => node.id === id)) ?? graph.nodes[0]?.id;
    const cards = graph.nodes.map((node): CardNode => {
      const component = components.get(node.type);
      const field = connectionFieldOf(component);
      const data: CardData = {
        name: node.name,
        component,
        type: node.type,
        connection: field ? names.get(String(node.config[field.name])) : undefined,
        state: stateOf(problemsOf(problems, node.id), steps.get(node.id)),
        reachable: node.id === reachable,
        open: node.id === openId,
        readOnly: readOnly !== undefined,
      };
      const card: CardNode = {
        id: node.id,
        type: "card",
        position: node.position,
        data,
        width: NODE_WIDTH,
        height: NODE_HEIGHT,
        selected: selected.has(node.id),
        domAttributes: noRole as object,
      };
      /* An equal card keeps its identity, so that what did not change is not drawn again. */
      const old = before.current.get(node.id);
      return old && isSame(old, card) ? old : card;
    });
    before.current = new Map(cards.map((card) => [card.id, card]));
    return cards;
  }, [graph, components, connections, problems, steps, readOnly, selected, openId]);
}

function useLines(chosen: string | undefined): LineEdge[] {
  const { graph, change, readOnly, steps } = useEditor();
  return useMemo(() => {
    const names = new Map(graph.nodes.map((node) => [node.id, node.name]));
    return graph.edges.map((edge): LineEdge => {
      const { source, target } = edge;
      const from = names.get(source) ?? source;
      const to = names.get(target) ?? target;
      return {
        id: edgeKey(edge),
        type: "line",
        source,
        target,
        selected: edgeKey(edge) === chosen,
        animated: steps.get(target)?.status === "running",
        interactionWidth: 20,
        markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color: "var(--edge)" },
        ariaLabel: words.edge(from, to),
        domAttributes: noRole as object,
        data: {
          label: words.removeEdge(from, to),
          cut: readOnly ? undefined : () => change((now) => disconnect(now, source, target)),
        },
      };
    });
  }, [graph, change, readOnly, steps, chosen]);
}

function Controls() {
  const { zoomIn, zoomOut, fitView } = useReactFlow();
  return (
    <Panel position="bottom-left" className="canvas-controls">
      <ActionIcon aria-label={words.zoomIn} onClick={() => void zoomIn()}>
        <ZoomIn size={16} />
      </ActionIcon>
      <ActionIcon aria-label={words.zoomOut} onClick={() => void zoomOut()}>
        <ZoomOut size={16} />
      </ActionIcon>
      <ActionIcon aria-label={words.fit} onClick={() => void fitView({ padding: 0.2, maxZoom: 1 })}>
        <Maximize size={16} />
      </ActionIcon>
    </Panel>
  );
}

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
  const { graph, change, readOnly, select, selected, open, openId, add, problems, fits } = editor;
  const cards = useCards();
  const [nodes, setNodes] = useState(cards);
  const [chosenEdge, setChosenEdge] = useState<string>();
  const lines = useLines(chosenEdge);
  const { screenToFlowPosition, setCenter, getViewport, fitView } = useReactFlow();
  const onKeyDown = useCanvasKeys(chosenEdge);

  /* What was just opened, or has just been added, is brought into view; so is what a panel would cover. */
  const viewOf = useRef({ setCenter, getViewport, fitView });
  viewOf.current = { setCenter, getViewport, fitView };
  const all = useRef(graph.nodes);
  all.current = graph.nodes;
  const openNode = graph.nodes.find((node) => node.id === openId);
  const place = useRef(openNode);
  place.current = openNode;
  const section = useRef<HTMLElement>(null);
  const reveal = useRef<() => void>(() => undefined);
  useEffect(() => {
    reveal.current = () => {
      const box = section.current?.getBoundingClientRect();
      const node = place.current;
      if (!node || !box) return;
      const { x, y, zoom } = viewOf.current.getViewport();
      const left = node.position.x * zoom + x;
      const top = node.position.y * zoom + y;
      const fits =
        left >= 8 &&
        top >= 8 &&
        left + NODE_WIDTH * zoom <= box.width - 8 &&
        top + NODE_HEIGHT * zoom <= box.height - 8;
      if (fits) return;
      /* All of it, where there is room at this size; else this node. */
      const xs = all.current.map((one) => one.position.x);
      const ys = all.current.map((one) => one.position.y);
      const wide = (Math.max(...xs) - Math.min(...xs) + NODE_WIDTH) * zoom;
      const high = (Math.max(...ys) - Math.min(...ys) + NODE_HEIGHT) * zoom;
      if (wide < 0.9 * box.width && high < 0.9 * box.height)
        void viewOf.current.fitView({ padding: 0.02, minZoom: zoom, maxZoom: zoom });
      else void viewOf.current.setCenter(node.position.x + NODE_WIDTH / 2, node.position.y + NODE_HEIGHT / 2, { zoom });
    };
    /* Behind the render that places it; and again when a panel takes of the width. */
    const timer = openId === undefined ? undefined : setTimeout(() => reveal.current(), 50);
    return () => clearTimeout(timer);
  }, [openId]);
  useEffect(() => {
    if (!section.current) return;
    const observer = new ResizeObserver(() => reveal.current());
    observer.observe(section.current);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (fits === 0) return;
    /* Behind the render that moves the nodes. */
    const timer = setTimeout(() => void fitView({ padding: 0.2, maxZoom: 1 }), 50);
    return () => clearTimeout(timer);
  }, [fits, fitView]);

  /* What the kit measured and where a drag stands is its own; the rest follows the draft. */
  useEffect(() => {
    setNodes((now) => {
      const known = new Map(now.map((node) => [node.id, node]));
      return cards.map((card) => {
        const old = known.get(card.id);
        return old?.measured ? { ...card, measured: old.measured } : card;
      });
    });
  }, [cards]);

  const onNodesChange = useCallback((changes: NodeChange<CardNode>[]) => {
    setNodes((now) =>
      applyNodeChanges(
        changes.filter((one) => one.type !== "select" && one.type !== "remove"),
        now,
      ),
    );
  }, []);
  const dropPlaces = useCallback(
    (_event: unknown, _node: unknown, dragged: CardNode[]) =>
      change((now) =>
        moveNodes(now, new Map(dragged.map(({ id, position: { x, y } }) => [id, { x: snap(x), y: snap(y) }]))),
      ),
    [change],
  );
  const onSelectionChange = useCallback(
    ({ nodes: boxed }: OnSelectionChangeParams<CardNode>) => {
      if (boxed.length > 1) select(boxed.map((node) => node.id));
    },
    [select],
  );
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
        onNodeDragStop={dropPlaces}
        onSelectionDragStop={(event, dragged) => dropPlaces(event, undefined, dragged)}
        onSelectionChange={onSelectionChange}
        onNodeClick={(event, node) => {
          setChosenEdge(undefined);
          if (event.shiftKey || event.ctrlKey || event.metaKey) {
            const next = new Set(selected);
            if (!next.delete(node.id)) next.add(node.id);
            select(next);
          } else {
            select([node.id]);
            open(node.id);
          }
        }}
        onEdgeClick={(_event, edge) => setChosenEdge(edge.id)}
        onPaneClick={() => {
          setChosenEdge(undefined);
          select([]);
        }}
        onConnect={({ source, target }: NewEdge) => change((now) => connect(now, source, target))}
        isValidConnection={({ source, target }) => refusal(graph, source, target) === undefined}
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
        snapGrid={[GRID, GRID]}
        minZoom={0.2}
        maxZoom={2}
        fitView
        fitViewOptions={{ padding: 0.2, maxZoom: 1 }}
        onlyRenderVisibleElements={graph.nodes.length > 150}
        proOptions={{ hideAttribution: true }}
      >
        <Background variant={BackgroundVariant.Dots} gap={GRID} size={1} color="var(--line)" />
        <Controls />
        {graph.nodes.length > 5 ? (
          <MiniMap position="bottom-right" ariaLabel={words.overview} style={{ width: 160, height: 100 }} pannable />
        ) : null}
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
