/* SPDX-License-Identifier: Apache-2.0 */
import { expect, test } from "vitest";
import {
  addNode,
  connect,
  copyOf,
  emptyGraph,
  freeId,
  type Graph,
  insertAfter,
  nodesBefore,
  paste,
  readGraph,
  refusal,
  removeNodes,
  sameGraph,
  setConfig,
  setId,
  usesTrigger,
  writeGraph,
} from "./graph.ts";
import { begin, change, redo, undo } from "./history.ts";
import { tidy } from "./layout.ts";

function chain(): Graph {
  let graph = addNode(emptyGraph, { type: "manual-trigger", title: "Manual Trigger" }).graph;
  graph = addNode(graph, { type: "postgresql-query", title: "PostgreSQL Query", after: "manual_trigger" }).graph;
  return addNode(graph, { type: "redis-command", title: "Redis Command", after: "postgresql_query" }).graph;
}

test("what is read is written the same", () => {
  const definition = {
    nodes: [
      { id: "a", type: "t", name: "A", position: { x: 0, y: 16 }, config: { x: [1, "{{ trigger }}"] } },
      {
        id: "b",
        type: "t",
        name: "B",
        position: { x: 1, y: 2 },
        config: {},
        retry: { strategy: "fixed" },
        onError: "continue",
      },
    ],
    edges: [{ source: "a", target: "b" }],
  };
  const { graph, placed } = readGraph(definition);
  expect(placed).toBe(true);
  expect(writeGraph(graph)).toEqual(definition);
  expect(readGraph({ nodes: [{ id: "a", type: "t", name: "A" }], edges: [] }).placed).toBe(false);
});

test("ids are words that templates can name, and nobody else's", () => {
  const taken = new Set(["load_orders", "node"]);
  expect(freeId("Load orders!", (id) => taken.has(id))).toBe("load_orders_2");
  expect(freeId("2nd Übung", () => false)).toBe("nd_u_bung");
  expect(freeId("注文", (id) => taken.has(id))).toBe("node_2");
  expect(freeId("x".repeat(200), () => false)).toMatch(/^[a-z][a-z0-9_]{0,62}$/);
});

test("a new node is connected, beside the one before it, and covers none", () => {
  const graph = chain();
  expect(graph.edges).toEqual([
    { source: "manual_trigger", target: "postgresql_query" },
    { source: "postgresql_query", target: "redis_command" },
  ]);
  const second = addNode(graph, { type: "redis-command", title: "Redis Command", after: "postgresql_query" });
  expect(second.id).toBe("redis_command_2");
  const places = second.graph.nodes.map((node) => `${node.position.x} ${node.position.y}`);
  expect(new Set(places).size).toBe(4);
});

test("what is put between takes over what came behind", () => {
  const { graph, id } = insertAfter(chain(), { type: "redis-command", title: "Between" }, "postgresql_query");
  expect(id).toBe("between");
  expect(graph.edges).toContainEqual({ source: "postgresql_query", target: "between" });
  expect(graph.edges).toContainEqual({ source: "between", target: "redis_command" });
  expect(graph.edges).toHaveLength(3);
});

test("loops and second edges are refused", () => {
  const graph = chain();
  expect(refusal(graph, "redis_command", "manual_trigger")).toBe("loop");
  expect(refusal(graph, "redis_command", "redis_command")).toBe("loop");
  expect(refusal(graph, "manual_trigger", "postgresql_query")).toBe("there");
  expect(refusal(graph, "manual_trigger", "redis_command")).toBeUndefined();
  expect(connect(graph, "redis_command", "manual_trigger")).toBe(graph);
});

test("edges go with their nodes; copies keep the edges among them", () => {
  const graph = chain();
  expect(removeNodes(graph, new Set(["postgresql_query"])).edges).toEqual([]);
  const { graph: grown, ids } = paste(graph, copyOf(graph, new Set(["postgresql_query", "redis_command"])));
  expect(ids).toEqual(["postgresql_query_2", "redis_command_2"]);
  expect(grown.edges).toContainEqual({ source: "postgresql_query_2", target: "redis_command_2" });
  expect(grown.nodes).toHaveLength(5);
});

test("another id takes edges and templates along, and only those of that node", () => {
  let graph = setConfig(
    chain(),
    "redis_command",
    "key",
    "{{ nodes.postgresql_query.rows[0].id }} {{nodes.postgresql_query_2.x}}",
  );
  graph = setId(graph, "postgresql_query", "load");
  expect(graph.nodes[2]?.config.key).toBe("{{ nodes.load.rows[0].id }} {{nodes.postgresql_query_2.x}}");
  expect(graph.edges[0]).toEqual({ source: "manual_trigger", target: "load" });
  expect(setId(graph, "load", "redis_command")).toBe(graph);
});

test("what runs before a node, however far", () => {
  expect(nodesBefore(chain(), "redis_command").map((node) => node.id)).toEqual(["manual_trigger", "postgresql_query"]);
  expect(nodesBefore(chain(), "manual_trigger")).toEqual([]);
});

test("whether the input is asked for", () => {
  expect(usesTrigger(chain())).toBe(false);
  expect(usesTrigger(setConfig(chain(), "redis_command", "key", "a {{trigger.id}}"))).toBe(true);
});

test("quick changes of one thing are one step back", () => {
  const graph = chain();
  let history = begin(graph);
  for (const [at, key] of [
    [0, "a"],
    [500, "ab"],
    [900, "abc"],
  ] as const)
    history = change(history, setConfig(history.now, "redis_command", "key", key), "key", at);
  expect(history.past).toHaveLength(1);
  history = change(history, setConfig(history.now, "redis_command", "key", "abcd"), "key", 5000);
  expect(history.past).toHaveLength(2);
  history = undo(undo(undo(history)));
  expect(history.now).toBe(graph);
  history = redo(redo(redo(history)));
  expect(history.now.nodes[2]?.config.key).toBe("abcd");
  expect(change(history, history.now, undefined, 0)).toBe(history);
});

test("tidying up puts what comes later to the right, and a second time changes nothing", () => {
  const graph = tidy(chain());
  const [first, second, third] = graph.nodes.map((node) => node.position.x);
  expect(first).toBeLessThan(second ?? 0);
  expect(second).toBeLessThan(third ?? 0);
  expect(sameGraph(tidy(graph), graph)).toBe(true);
});
