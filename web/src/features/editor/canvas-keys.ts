/* SPDX-License-Identifier: Apache-2.0 */
/* What keys do on the canvas. Single letters are for those who stand on it, never for who types. */
import { useReactFlow } from "@xyflow/react";
import type { KeyboardEvent } from "react";
import { lettersOn } from "../../app/letters.ts";
import { focusOn } from "../../parts/focus.ts";
import { useEditor } from "./context.tsx";
import { focusName, focusNode } from "./focus.ts";
import { copyOf, edgeKey, GRID, type Graph, type GraphNode, moveNodes, type Point, paste } from "./model/graph.ts";
import type { useView } from "./use-view.ts";

const arrows: Record<string, Point> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/* The nearest node that way: sideways counts double. */
export function neighbour(graph: Graph, from: GraphNode, way: Point): GraphNode | undefined {
  let best: GraphNode | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const node of graph.nodes) {
    const dx = node.position.x - from.position.x;
    const dy = node.position.y - from.position.y;
    const along = dx * way.x + dy * way.y;
    if (node.id === from.id || along <= 0) continue;
    const distance = along + 2 * Math.abs(dx * way.y + dy * way.x);
    if (distance < least) {
      least = distance;
      best = node;
    }
  }
  return best;
}

/* What Ctrl C took, in this tab. */
let copied: Graph | undefined;

export function useCanvasKeys(chosenEdge: string | undefined, { reveal, showAll }: ReturnType<typeof useView>) {
  const editor = useEditor();
  const { zoomIn, zoomOut } = useReactFlow();
  const { graph, change, readOnly, selected, select, open, ask, remove, duplicate } = editor;

  const goTo = (node: GraphNode) => {
    select([node.id]);
    reveal(node);
    focusNode(node.id);
  };
  const move = (ids: Set<string>, way: Point) =>
    change(
      (now) =>
        moveNodes(
          now,
          new Map(
            now.nodes
              .filter((node) => ids.has(node.id))
              .map(({ id, position }) => [id, { x: position.x + way.x * GRID, y: position.y + way.y * GRID }]),
          ),
        ),
      "move",
    );

  /* True: the key was for us. */
  function onNode(event: KeyboardEvent, node: GraphNode): boolean {
    const ids = selected.has(node.id) ? new Set(selected) : new Set([node.id]);
    const way = arrows[event.key];
    if (way && event.shiftKey) {
      if (!readOnly) move(ids, way);
      return true;
    }
    if (way) {
      const next = neighbour(graph, node, way);
      if (next) goTo(next);
      return true;
    }
    switch (event.key) {
      case "Enter":
      case " ":
        select([node.id]);
        open(node.id);
        focusName(node.id);
        return true;
      case "F2":
        select([node.id]);
        open(node.id);
        focusName(node.id, true);
        return true;
    }
    if (readOnly || (event.key.length === 1 && !lettersOn())) return false;
    switch (event.key) {
      case "a":
        select([node.id]);
        focusOn("#palette-search");
        return true;
      case "c":
        ask({ kind: "connect", nodeId: node.id });
        return true;
      case "Delete":
      case "Backspace":
        remove(ids);
        return true;
    }
    return false;
  }

  function withControl(event: KeyboardEvent, node: GraphNode | undefined): boolean {
    switch (event.key.toLowerCase()) {
      case "a":
        select(graph.nodes.map((one) => one.id));
        return true;
      case "c": {
        const ids = selected.size ? selected : new Set(node ? [node.id] : []);
        if (ids.size) copied = copyOf(graph, ids);
        return ids.size > 0;
      }
      case "v": {
        if (!copied || readOnly) return false;
        const { ids, graph: next } = paste(graph, copied);
        change(() => next);
        select(ids);
        if (ids[0]) focusNode(ids[0]);
        return true;
      }
      case "d":
        if (node && !readOnly) duplicate(selected.has(node.id) ? selected : [node.id]);
        return true;
    }
    return false;
  }

  return (event: KeyboardEvent<HTMLElement>) => {
    const target = event.target as HTMLElement;
    if (event.defaultPrevented || target.closest("input, textarea, [contenteditable]")) return;
    const id = target.closest<HTMLElement>("[data-node]")?.dataset.node;
    const node = graph.nodes.find((one) => one.id === id);
    let done = false;
    if (event.ctrlKey || event.metaKey) done = !event.altKey && withControl(event, node);
    else if (!event.altKey) {
      done = node ? onNode(event, node) : false;
      if (!done && !node && arrows[event.key] && target.id === "editor-canvas" && graph.nodes[0]) {
        goTo(graph.nodes[0]);
        done = true;
      }
      if (!done && (event.key === "Delete" || event.key === "Backspace") && chosenEdge && !readOnly) {
        change((now) => ({ ...now, edges: now.edges.filter((edge) => edgeKey(edge) !== chosenEdge) }));
        done = true;
      }
      if (!done) {
        done = lettersOn();
        if (!done) return;
        if (event.key === "0") showAll();
        else if (event.key === "+" || event.key === "=") void zoomIn();
        else if (event.key === "-") void zoomOut();
        else done = false;
      }
    }
    if (done) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
}
