/* SPDX-License-Identifier: Apache-2.0 */
/* Places for all nodes, from left to right in the order in which they run. */
import { graphlib, layout } from "@dagrejs/dagre";
import { GRID, type Graph, moveNodes, NODE_HEIGHT, NODE_WIDTH, type Point, snap } from "./graph.ts";

export function tidy(graph: Graph): Graph {
  const plan = new graphlib.Graph();
  plan.setGraph({ rankdir: "LR", nodesep: 2 * GRID, ranksep: 4 * GRID });
  plan.setDefaultEdgeLabel(() => ({}));
  for (const node of graph.nodes) plan.setNode(node.id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const edge of graph.edges) plan.setEdge(edge.source, edge.target);
  layout(plan);
  const places = new Map<string, Point>();
  for (const node of graph.nodes) {
    const middle = plan.node(node.id) as Point;
    places.set(node.id, { x: snap(middle.x - NODE_WIDTH / 2), y: snap(middle.y - NODE_HEIGHT / 2) });
  }
  return moveNodes(graph, places);
}
