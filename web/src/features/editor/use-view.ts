/* SPDX-License-Identifier: Apache-2.0 */
/* Which part of the graph is seen: what is opened or gone to is brought into view, and no more is moved than that takes. */
import { useReactFlow } from "@xyflow/react";
import { type RefObject, useEffect } from "react";
import { wholeView } from "../../parts/graph.tsx";
import { useSteady } from "../../parts/steady.ts";
import { useEditor } from "./context.tsx";
import { findNode, type Graph, type GraphNode, NODE_HEIGHT, NODE_WIDTH } from "./model/graph.ts";
import { inOrder } from "./model/order.ts";

const EDGE = 8;
export const LEAST_ZOOM = 0.1;
/* Of a graph that is too large to be seen whole: its beginning, at a size that can be read. */
const NEAR_ZOOM = 0.5;

interface Size {
  width: number;
  height: number;
}

function fitsIn(graph: Graph, { width, height }: Size): boolean {
  if (graph.nodes.length === 0) return true;
  const xs = graph.nodes.map((one) => one.position.x);
  const ys = graph.nodes.map((one) => one.position.y);
  const room = 1 - wholeView.padding;
  return (
    (Math.max(...xs) - Math.min(...xs) + NODE_WIDTH) * LEAST_ZOOM <= width * room &&
    (Math.max(...ys) - Math.min(...ys) + NODE_HEIGHT) * LEAST_ZOOM <= height * room
  );
}

/* Where a graph that does not fit in this window is seen first; undefined: it fits. */
export function startOf(graph: Graph): { x: number; y: number; zoom: number } | undefined {
  const [first] = inOrder(graph);
  if (!first || fitsIn(graph, { width: innerWidth, height: innerHeight })) return undefined;
  return {
    x: NODE_WIDTH / 2 - first.position.x * NEAR_ZOOM,
    y: innerHeight / 3 - first.position.y * NEAR_ZOOM,
    zoom: NEAR_ZOOM,
  };
}

interface View {
  reveal: (node: GraphNode) => void;
  showAll: () => void;
}

export function useView(section: RefObject<HTMLElement | null>): View {
  const { graph, openId, selected, fits } = useEditor();
  const { setCenter, getViewport, fitView } = useReactFlow();

  const reveal = useSteady((node: GraphNode) => {
    const box = section.current?.getBoundingClientRect();
    if (!box) return;
    const { x, y, zoom } = getViewport();
    const left = node.position.x * zoom + x;
    const top = node.position.y * zoom + y;
    const seen =
      left >= EDGE &&
      top >= EDGE &&
      left + NODE_WIDTH * zoom <= box.width - EDGE &&
      top + NODE_HEIGHT * zoom <= box.height - EDGE;
    if (seen) return;
    /* All of it, where there is room at this size; else this node. */
    const xs = graph.nodes.map((one) => one.position.x);
    const ys = graph.nodes.map((one) => one.position.y);
    const wide = (Math.max(...xs) - Math.min(...xs) + NODE_WIDTH) * zoom;
    const high = (Math.max(...ys) - Math.min(...ys) + NODE_HEIGHT) * zoom;
    if (wide < 0.9 * box.width && high < 0.9 * box.height)
      void fitView({ padding: 0.02, minZoom: zoom, maxZoom: zoom });
    else void setCenter(node.position.x + NODE_WIDTH / 2, node.position.y + NODE_HEIGHT / 2, { zoom });
  });
  /* Or what is chosen, or the beginning, where all would be too small to be seen. */
  const showAll = useSteady(() => {
    const box = section.current?.getBoundingClientRect();
    const node = findNode(graph, openId) ?? graph.nodes.find((one) => selected.has(one.id)) ?? inOrder(graph)[0];
    if (!box || !node || fitsIn(graph, box)) void fitView(wholeView);
    else
      void setCenter(node.position.x + NODE_WIDTH / 2, node.position.y + NODE_HEIGHT / 2, {
        zoom: Math.max(NEAR_ZOOM, getViewport().zoom),
      });
  });
  const revealOpen = useSteady(() => {
    const node = findNode(graph, openId);
    if (node) reveal(node);
  });

  useEffect(() => {
    if (openId === undefined) return;
    /* Behind the render that places it; and again when a panel takes of the width. */
    const frame = requestAnimationFrame(revealOpen);
    return () => cancelAnimationFrame(frame);
  }, [openId, revealOpen]);
  useEffect(() => {
    if (!section.current) return;
    const observer = new ResizeObserver(revealOpen);
    observer.observe(section.current);
    return () => observer.disconnect();
  }, [section, revealOpen]);
  useEffect(() => {
    if (fits === 0) return;
    /* Behind the render that moves the nodes. */
    const frame = requestAnimationFrame(showAll);
    return () => cancelAnimationFrame(frame);
  }, [fits, showAll]);
  return { reveal, showAll };
}
