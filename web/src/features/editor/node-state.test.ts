/* SPDX-License-Identifier: Apache-2.0 */
import { expect, test } from "vitest";
import type { Graph } from "./model/graph.ts";
import { afterRemoval, inOrder } from "./model/order.ts";
import { stateOf, wordsOf } from "./node-state.ts";

const error = { nodeId: "a", level: "error", message: "Enter SQL." } as const;
const warning = { nodeId: "a", level: "warning", message: "Parameter 2 is not used." } as const;

test("an error hides the last result, a warning does not", () => {
  expect(stateOf([], undefined)).toBeUndefined();
  expect(stateOf([warning], undefined)).toEqual({ problem: warning });
  expect(stateOf([warning], { status: "succeeded" })).toEqual({ status: "succeeded" });
  expect(stateOf([warning, error], { status: "running" })).toEqual({ problem: error });
  expect(wordsOf({ status: "pending" })).toBe("not started");
  expect(wordsOf({ problem: error })).toBe("Enter SQL.");
});

const node = (id: string, x: number) => ({ id, type: "query", name: id, position: { x, y: 0 }, config: {} });
const edge = (source: string, target: string) => ({ source, target });

test("nodes are listed before what runs after them, wherever they stand", () => {
  const graph: Graph = {
    nodes: [node("c", 0), node("a", 100), node("b", 200), node("alone", 50)],
    edges: [edge("a", "b"), edge("b", "c"), edge("a", "c")],
  };
  expect(inOrder(graph).map(({ id }) => id)).toEqual(["alone", "a", "b", "c"]);
  expect(afterRemoval(graph, new Set(["c"]))?.id).toBe("b");
  expect(afterRemoval(graph, new Set(["alone"]))?.id).toBe("a");
  expect(afterRemoval(graph, new Set(["alone", "a", "b", "c"]))).toBeUndefined();
  /* What no server accepts does not hang a page that was handed it. */
  const loop: Graph = { nodes: [node("a", 0), node("b", 1)], edges: [edge("a", "b"), edge("b", "a")] };
  expect(inOrder(loop).map(({ id }) => id)).toEqual(["a", "b"]);
});
