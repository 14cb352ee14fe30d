/* SPDX-License-Identifier: Apache-2.0 */
/* Which part of the graph is seen: what is opened or gone to is brought into view, and no more is moved than that takes. */
import { useReactFlow } from "@xyflow/react";
import { type RefObject, useEffect } from "react";
import { wholeView } from "../../parts/graph.tsx";
import { useSteady } from "../../parts/steady.ts";
import { useEditor } from "./context.tsx";
import { findNode, type GraphNode, NODE_HEIGHT, NODE_WIDTH } from "./model/graph.ts";

const EDGE = 8;

export function useView(section: RefObject<HTMLElement | null>): (node: GraphNode) => void {
  const { graph, openId, fits } = useEditor();
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
    const frame = requestAnimationFrame(() => void fitView(wholeView));
    return () => cancelAnimationFrame(frame);
  }, [fits, fitView]);
  return reveal;
}
