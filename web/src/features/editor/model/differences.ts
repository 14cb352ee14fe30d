/* SPDX-License-Identifier: Apache-2.0 */
/* What two versions of a graph do differently. Places on the canvas are not compared. */
import { edgeKey, type Graph, type GraphNode, stable } from "./graph.ts";

export interface Difference {
  /* Of the node; "" for the edges. */
  name: string;
  kind: "yours" | "theirs" | "changed";
  /* What differs, by key, in the same order in both. */
  yours: [string, string][];
  theirs: [string, string][];
}

function facts(node: GraphNode): Map<string, string> {
  const all = { name: node.name, type: node.type, ...node.config, retry: node.retry, onError: node.onError };
  return new Map(
    Object.entries(all).map(([key, value]) => [
      key,
      value === undefined ? "—" : typeof value === "string" ? value : stable(value),
    ]),
  );
}

export function differences(yours: Graph, theirs: Graph): Difference[] {
  const found: Difference[] = [];
  for (const node of yours.nodes) {
    const other = theirs.nodes.find((one) => one.id === node.id);
    if (!other) {
      found.push({ name: node.name, kind: "yours", yours: [], theirs: [] });
      continue;
    }
    const a = facts(node);
    const b = facts(other);
    const keys = [...new Set([...a.keys(), ...b.keys()])].filter((key) => (a.get(key) ?? "—") !== (b.get(key) ?? "—"));
    if (keys.length)
      found.push({
        name: node.name,
        kind: "changed",
        yours: keys.map((key) => [key, a.get(key) ?? "—"]),
        theirs: keys.map((key) => [key, b.get(key) ?? "—"]),
      });
  }
  for (const node of theirs.nodes)
    if (!yours.nodes.some((one) => one.id === node.id))
      found.push({ name: node.name, kind: "theirs", yours: [], theirs: [] });
  const edges = (graph: Graph) => graph.edges.map(edgeKey).sort().join("\n");
  if (edges(yours) !== edges(theirs)) found.push({ name: "", kind: "changed", yours: [], theirs: [] });
  return found;
}
