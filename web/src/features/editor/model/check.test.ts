/* SPDX-License-Identifier: Apache-2.0 */
import { expect, test } from "vitest";
import type { Component, FormField } from "../../../api.gen.ts";
import { check, inexact, withServers } from "./check.ts";
import { differences } from "./differences.ts";
import { readDuration, writeDuration } from "./duration.ts";
import type { Graph, GraphNode } from "./graph.ts";
import { references } from "./references.ts";
import { mayWrite, parametersOf } from "./sql-params.ts";

const field = (name: string, more: Partial<FormField>): FormField => ({
  name,
  title: name,
  kind: "text",
  doc: "",
  required: false,
  look: "plain",
  templates: false,
  ...more,
});
const components = new Map<string, Component>([
  [
    "query",
    {
      name: "query",
      title: "Query",
      doc: "",
      kind: "action",
      connectionType: "postgresql",
      fields: [
        field("connectionId", { kind: "id", look: "connection", connector: "postgresql", required: true }),
        field("query", { look: "sql", required: true }),
        field("parameters", { kind: "json", look: "json-array" }),
        field("maxRows", { kind: "integer", min: 1, max: 10 }),
        field("repeatable", { kind: "boolean" }),
      ],
    },
  ],
  [
    "command",
    {
      name: "command",
      title: "Command",
      doc: "",
      kind: "action",
      fields: [
        field("command", { kind: "choice", required: true }),
        field("key", { kind: "json", look: "scalar", required: true }),
        field("value", { kind: "json", when: "command=SET" }),
      ],
    },
  ],
]);
const connections = new Map([
  ["p", { connectionType: "postgresql" }],
  ["r", { connectionType: "redis" }],
]);
const node = (type: string, config: Record<string, unknown>, more: Partial<GraphNode> = {}): GraphNode => ({
  id: "a",
  type,
  name: "A",
  position: { x: 0, y: 0 },
  config,
  ...more,
});
const said = (...nodes: GraphNode[]) =>
  check({ nodes, edges: [] }, { components, connections }).map(({ message }) => message);
const query = (config: Record<string, unknown>) => said(node("query", { connectionId: "p", ...config }));

test("$n count in code alone", () => {
  expect(parametersOf("SELECT $2, $1, $2")).toEqual([1, 2]);
  expect(parametersOf("SELECT '$1', E'\\'$2', \"$3\", 'it''s $4'")).toEqual([]);
  expect(parametersOf("-- $1\nSELECT $2 /* $3 /* $4 */ $5 */ , $6")).toEqual([2, 6]);
  expect(parametersOf("SELECT $$ $1 $$, $tag$ $2 $$ $3 $tag$, $4")).toEqual([4]);
  expect(parametersOf("SELECT a$1, $1a, $0, col.$9")).toEqual([9]);
  expect(parametersOf("SELECT '$1")).toEqual([]);
});

test("what may write, by its words outside of strings", () => {
  expect(mayWrite("SELECT 'delete' -- update")).toBe(false);
  expect(mayWrite("WITH x AS (DELETE FROM t RETURNING 1) SELECT * FROM x")).toBe(true);
});

test("fields of a query", () => {
  expect(said(node("query", {}))).toEqual(["Choose a connection.", "Enter SQL."]);
  expect(said(node("query", { connectionId: "gone", query: "SELECT 1" }))).toEqual([
    "This connection was deleted. Choose another.",
  ]);
  expect(said(node("query", { connectionId: "r", query: "SELECT 1" }))).toEqual(["Choose a connection."]);
  expect(query({ query: "SELECT $3", parameters: [1, 2] })).toEqual(["SQL uses $3 but there are 2 parameters."]);
  expect(query({ query: "SELECT $1", parameters: [1, 2] })).toEqual(["Parameter 2 is not used."]);
  expect(query({ query: "SELECT $1", parameters: "[1" })).toEqual(["Parameters must be a JSON array."]);
  expect(query({ query: "SELECT $1", parameters: "{{ trigger.list }}" })).toEqual([]);
  expect(query({ query: "SELECT 1", maxRows: 11 })).toEqual(["Enter a number between 1 and 10."]);
  expect(query({ query: "DELETE FROM t", repeatable: true })).toEqual([
    "This command may be repeated after a lost connection.",
  ]);
});

test("a value that shows for one choice only is asked for then only", () => {
  expect(said(node("command", { command: "SET", key: "k" }))).toEqual(["Enter a value."]);
  expect(said(node("command", { command: "SET", key: "k", value: "" }))).toEqual([]);
  expect(said(node("command", { command: "GET", key: "k" }))).toEqual([]);
  expect(said(node("command", {}))).toEqual(["Choose a command.", "Enter a key."]);
});

test("retry policies and names", () => {
  const config = { command: "GET", key: "k" };
  expect(said(node("command", config, { retry: { strategy: "fixed", maxAttempts: 0 } }))).toEqual([
    "Attempts must be between 1 and 100.",
  ]);
  expect(said(node("command", config, { name: " " }))).toEqual(["Enter a name."]);
});

test("the graph as a whole", () => {
  expect(said()).toEqual(["Add a trigger."]);
  const config = { command: "GET", key: "k" };
  expect(said(node("command", config), node("command", config, { id: "b", name: "B" }))).toEqual([
    "“A” is not connected.",
    "“B” is not connected.",
  ]);
});

test("the server's problems are added where nothing is said and nothing changed", () => {
  const graph: Graph = { nodes: [node("command", { command: "GET", key: "{{ nodes.x }}" })], edges: [] };
  const servers = [{ nodeId: "a", field: "key", message: 'there is no node "x"' }];
  expect(withServers([], servers, graph, graph).map(({ message }) => message)).toEqual(['there is no node "x".']);
  expect(
    withServers([{ nodeId: "a", field: "key", level: "error", message: "!" }], servers, graph, graph),
  ).toHaveLength(1);
  const changed: Graph = { nodes: [node("command", { command: "GET", key: "k" })], edges: [] };
  expect(withServers([], servers, graph, changed)).toEqual([]);
});

test("numbers that would not come back as they were typed", () => {
  expect(inexact("[1, 2.5, -3]")).toBeUndefined();
  expect(inexact('["12345678901234567890"]')).toBeUndefined();
  expect(inexact("[1, 12345678901234567890]")).toBe("12345678901234567890");
  expect(inexact("[1.10]")).toBe("1.10");
});

test("times in words", () => {
  for (const ms of [1, 500, 1000, 1500, 60_000, 90_000, 3_600_000]) expect(readDuration(writeDuration(ms))).toBe(ms);
  expect(readDuration("2")).toBe(2000);
  expect(readDuration("1.5 min")).toBe(90_000);
  expect(readDuration("soon")).toBeUndefined();
  /* Understood, so that it can be said what is wrong with it. */
  expect(readDuration("-1 s")).toBe(-1000);
  expect(writeDuration(-1000)).toBe("-1 s");
});

test("values to put in: the input, and what earlier nodes gave", () => {
  const graph: Graph = {
    nodes: [node("query", {}), node("command", {}, { id: "b", name: "B" })],
    edges: [{ source: "a", target: "b" }],
  };
  const steps = new Map([["a", { output: { rows: [{ id: 1, "full name": "x" }], columns: [], rowCount: 1 } }]]);
  expect(references(graph, "b", steps).map(({ text }) => text)).toEqual([
    "trigger",
    "nodes.a.rows",
    "nodes.a.rows[0].id",
    'nodes.a.rows[0]["full name"]',
    "nodes.a.rowCount",
    "execution.id",
  ]);
  expect(references(graph, "a", steps).map(({ text }) => text)).toEqual(["trigger", "execution.id"]);
});

test("what two versions do differently", () => {
  const mine: Graph = {
    nodes: [node("command", { key: "a" }), node("query", {}, { id: "mine", name: "Mine" })],
    edges: [],
  };
  const theirs: Graph = { nodes: [node("command", { key: "b" }, { position: { x: 99, y: 0 } })], edges: [] };
  expect(differences(mine, theirs)).toEqual([
    { name: "A", type: "command", kind: "changed", yours: [["key", "a"]], theirs: [["key", "b"]] },
    { name: "Mine", type: "query", kind: "yours", yours: [], theirs: [] },
  ]);
  const joined = { nodes: mine.nodes, edges: [{ source: "a", target: "mine" }] };
  const retried = {
    ...mine,
    nodes: mine.nodes.map((one) => ({ ...one, retry: { strategy: "fixed", maxAttempts: 2 } as const })),
  };
  expect(differences(joined, retried).map(({ name, yours, theirs: other }) => [name, yours, other])).toEqual([
    [
      "A",
      [
        ["retry.strategy", undefined],
        ["retry.maxAttempts", undefined],
      ],
      [
        ["retry.strategy", "fixed"],
        ["retry.maxAttempts", 2],
      ],
    ],
    [
      "Mine",
      [
        ["retry.strategy", undefined],
        ["retry.maxAttempts", undefined],
      ],
      [
        ["retry.strategy", "fixed"],
        ["retry.maxAttempts", 2],
      ],
    ],
    ["", [["", "A → Mine"]], []],
  ]);
  expect(
    differences(theirs, { ...theirs, nodes: theirs.nodes.map((one) => ({ ...one, position: { x: 0, y: 0 } })) }),
  ).toEqual([]);
});
