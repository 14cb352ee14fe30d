/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes as a list: before what runs after them; otherwise as they stand, from left to right. */
import type { Graph, GraphNode } from "./graph.ts";

export function inOrder(graph: Graph): GraphNode[] {
  const rest = [...graph.nodes].sort((a, b) => a.position.x - b.position.x || a.position.y - b.position.y);
  const waits = new Map(rest.map((node) => [node.id, 0]));
  const targets = new Map<string, string[]>();
  for (const { source, target } of graph.edges) {
    waits.set(target, (waits.get(target) ?? 0) + 1);
    targets.set(source, [...(targets.get(source) ?? []), target]);
  }
  const ordered: GraphNode[] = [];
  while (rest.length) {
    const at = rest.findIndex((node) => waits.get(node.id) === 0);
    const [next] = rest.splice(Math.max(at, 0), 1);
    if (!next) break;
    ordered.push(next);
    for (const id of targets.get(next.id) ?? []) waits.set(id, (waits.get(id) ?? 0) - 1);
  }
  return ordered;
}

/* Who is next when these go: the one before the first of them, else the first that stays. */
export function afterRemoval(graph: Graph, gone: ReadonlySet<string>): GraphNode | undefined {
  const order = inOrder(graph);
  const first = order.findIndex((node) => gone.has(node.id));
  return order[first - 1] ?? order.find((node) => !gone.has(node.id));
}
