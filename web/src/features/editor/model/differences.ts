/* SPDX-License-Identifier: Apache-2.0 */
/* What two versions of a graph do differently. Places on the canvas are not compared. */
import { edgeKey, type Graph, type GraphNode, stable } from "./graph.ts";

export interface Difference {
  /* Of the node, and its kind; "" for the edges. */
  name: string;
  type: string;
  kind: "yours" | "theirs" | "changed";
  /* What differs, by key, in the same order in both; undefined: not there. Of the edges: each that only one has. */
  yours: [string, unknown][];
  theirs: [string, unknown][];
}

function facts({ name, type, config, retry, onError }: GraphNode): Map<string, unknown> {
  const policy = Object.entries(retry ?? {}).map(([key, value]): [string, unknown] => [`retry.${key}`, value]);
  return new Map([...Object.entries({ name, type, ...config }), ...policy, ["onError", onError]]);
}

export function differences(yours: Graph, theirs: Graph): Difference[] {
  const found: Difference[] = [];
  const alone = ({ name, type }: GraphNode, kind: "yours" | "theirs") =>
    found.push({ name, type, kind, yours: [], theirs: [] });
  const others = new Map(theirs.nodes.map((node) => [node.id, node]));
  for (const node of yours.nodes) {
    const other = others.get(node.id);
    if (!other) {
      alone(node, "yours");
      continue;
    }
    const a = facts(node);
    const b = facts(other);
    const keys = [...new Set([...a.keys(), ...b.keys()])].filter((key) => stable(a.get(key)) !== stable(b.get(key)));
    if (keys.length)
      found.push({
        name: node.name,
        type: node.type,
        kind: "changed",
        yours: keys.map((key) => [key, a.get(key)]),
        theirs: keys.map((key) => [key, b.get(key)]),
      });
  }
  const own = new Set(yours.nodes.map((node) => node.id));
  for (const node of theirs.nodes) if (!own.has(node.id)) alone(node, "theirs");
  const without = (graph: Graph, other: Graph): [string, unknown][] => {
    const known = new Set(other.edges.map(edgeKey));
    const names = new Map(graph.nodes.map((node) => [node.id, node.name]));
    return graph.edges
      .filter((edge) => !known.has(edgeKey(edge)))
      .map(({ source, target }) => ["", `${names.get(source) ?? source} → ${names.get(target) ?? target}`]);
  };
  const edges = { yours: without(yours, theirs), theirs: without(theirs, yours) };
  if (edges.yours.length || edges.theirs.length) found.push({ name: "", type: "", kind: "changed", ...edges });
  return found;
}
