/* SPDX-License-Identifier: Apache-2.0 */
/* A workflow's definition as the editor holds it, and every change of it: a graph in, a new one out. */
import { NODE_HEIGHT, NODE_WIDTH } from "../../../parts/graph-size.ts";

export interface Point {
  x: number;
  y: number;
}

export interface Retry {
  strategy: "none" | "fixed" | "exponential" | "keep-trying";
  maxAttempts?: number;
  delayMs?: number;
  maxDelayMs?: number;
  deadlineMs?: number;
}

export interface GraphNode {
  id: string;
  type: string;
  name: string;
  position: Point;
  config: Record<string, unknown>;
  retry?: Retry;
  onError?: "fail" | "continue";
}

export interface GraphEdge {
  source: string;
  target: string;
  sourceHandle?: string;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export const emptyGraph: Graph = { nodes: [], edges: [] };
export const GRID = 16;
export { NODE_HEIGHT, NODE_WIDTH };

const GAP_X = 64;
const GAP_Y = 32;

/* As the server has it: `placed` says whether every node has a position. */
export function readGraph(definition: Record<string, unknown>): { graph: Graph; placed: boolean } {
  const raw = definition as { nodes?: Partial<GraphNode>[]; edges?: (GraphEdge & { id?: string })[] };
  let placed = true;
  const nodes = (raw.nodes ?? []).map((node): GraphNode => {
    if (!node.position) placed = false;
    return {
      id: node.id ?? "",
      type: node.type ?? "",
      name: node.name ?? "",
      position: node.position ?? { x: 0, y: 0 },
      config: node.config ?? {},
      ...(node.retry ? { retry: node.retry } : {}),
      ...(node.onError ? { onError: node.onError } : {}),
    };
  });
  const edges = (raw.edges ?? []).map(({ source, target, sourceHandle }) => ({
    source,
    target,
    ...(sourceHandle ? { sourceHandle } : {}),
  }));
  return { graph: { nodes, edges }, placed };
}

export function writeGraph(graph: Graph): Record<string, unknown> {
  return {
    nodes: graph.nodes.map((node) => ({
      ...node,
      position: { x: Math.round(node.position.x), y: Math.round(node.position.y) },
    })),
    edges: graph.edges,
  };
}

/* Whether two graphs mean and look the same. What one has of the other is not looked into. */
export function sameGraph(a: Graph, b: Graph): boolean {
  if (a === b) return true;
  if (a.nodes.length !== b.nodes.length || a.edges.length !== b.edges.length) return false;
  const all = [...a.nodes, ...a.edges];
  const others = [...b.nodes, ...b.edges];
  return all.every((one, at) => one === others[at] || stable(one) === stable(others[at]));
}

/* JSON whose keys are in order: who wrote an object first does not matter. */
export function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

export function findNode(graph: Graph, id: string | undefined): GraphNode | undefined {
  return id === undefined ? undefined : graph.nodes.find((node) => node.id === id);
}

export function edgeKey(edge: GraphEdge): string {
  return `${edge.source} ${edge.sourceHandle ?? ""} ${edge.target}`;
}

/* --- names and places --- */

/* An id that templates can name: [a-z][a-z0-9_]{0,62}, and no other node's. */
export function freeId(words: string, taken: (id: string) => boolean): string {
  const slug = words
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+|_+$/g, "")
    .slice(0, 56);
  const base = slug || "node";
  if (!taken(base)) return base;
  for (let n = 2; ; n++) if (!taken(`${base}_${n}`)) return `${base}_${n}`;
}

function freeName(title: string, graph: Graph): string {
  const names = new Set(graph.nodes.map((node) => node.name));
  if (!names.has(title)) return title;
  for (let n = 2; ; n++) if (!names.has(`${title} ${n}`)) return `${title} ${n}`;
}

export function snap(value: number): number {
  return Math.round(value / GRID) * GRID;
}

/* From `wanted` downwards, the first place where no node lies. */
function freePlace(graph: Graph, wanted: Point): Point {
  const place = { x: snap(wanted.x), y: snap(wanted.y) };
  const covers = (node: GraphNode) =>
    Math.abs(node.position.x - place.x) < NODE_WIDTH && Math.abs(node.position.y - place.y) < NODE_HEIGHT;
  while (graph.nodes.some(covers)) place.y += snap(NODE_HEIGHT + GAP_Y);
  return place;
}

/* --- order --- */

export function leadsTo(graph: Graph, from: string, to: string): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === to) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    for (const edge of graph.edges) if (edge.source === id) open.push(edge.target);
  }
  return false;
}

export function isConnected(graph: Graph, source: string, target: string): boolean {
  return graph.edges.some((edge) => edge.source === source && edge.target === target);
}

/* Nodes that are done before this one starts: what its templates may name. */
export function nodesBefore(graph: Graph, id: string): GraphNode[] {
  const sources = new Map<string, string[]>();
  for (const { source, target } of graph.edges) sources.set(target, [...(sources.get(target) ?? []), source]);
  const seen = new Set<string>();
  const open = [...(sources.get(id) ?? [])];
  for (let before = open.pop(); before !== undefined; before = open.pop()) {
    if (seen.has(before)) continue;
    seen.add(before);
    open.push(...(sources.get(before) ?? []));
  }
  return graph.nodes.filter((node) => node.id !== id && seen.has(node.id));
}

/* --- changes --- */

export interface NewNode {
  type: string;
  title: string;
  config?: Record<string, unknown>;
  /* It comes behind this node, and is connected to it. */
  after?: string | undefined;
  at?: Point;
}

export function addNode(graph: Graph, { type, title, config, after, at }: NewNode): { graph: Graph; id: string } {
  const name = freeName(title, graph);
  const id = freeId(name, (wanted) => graph.nodes.some((node) => node.id === wanted));
  const before = findNode(graph, after);
  const last = graph.nodes.reduce<GraphNode | undefined>(
    (found, node) => (!found || node.position.x > found.position.x ? node : found),
    undefined,
  );
  const beside = before ?? last;
  const wanted = at ?? (beside ? { x: beside.position.x + NODE_WIDTH + GAP_X, y: beside.position.y } : { x: 0, y: 0 });
  const node: GraphNode = { id, type, name, position: freePlace(graph, wanted), config: config ?? {} };
  const edges = before ? [...graph.edges, { source: before.id, target: id }] : graph.edges;
  return { graph: { nodes: [...graph.nodes, node], edges }, id };
}

/* Puts a node between another and all that ran after it. */
export function insertAfter(graph: Graph, added: Omit<NewNode, "after">, after: string): { graph: Graph; id: string } {
  const { graph: grown, id } = addNode(graph, { ...added, after });
  const edges = grown.edges.map((edge) =>
    edge.source === after && edge.target !== id ? { source: id, target: edge.target } : edge,
  );
  return { graph: { ...grown, edges }, id };
}

/* What keeps an edge from being drawn, or nothing. */
export function refusal(graph: Graph, source: string, target: string): "loop" | "there" | undefined {
  if (source === target || leadsTo(graph, target, source)) return "loop";
  return isConnected(graph, source, target) ? "there" : undefined;
}

export function connect(graph: Graph, source: string, target: string): Graph {
  if (refusal(graph, source, target)) return graph;
  return { ...graph, edges: [...graph.edges, { source, target }] };
}

export function disconnect(graph: Graph, source: string, target: string): Graph {
  return { ...graph, edges: graph.edges.filter((edge) => edge.source !== source || edge.target !== target) };
}

export function removeNodes(graph: Graph, ids: ReadonlySet<string>): Graph {
  return {
    nodes: graph.nodes.filter((node) => !ids.has(node.id)),
    edges: graph.edges.filter((edge) => !ids.has(edge.source) && !ids.has(edge.target)),
  };
}

export function changeNode(graph: Graph, id: string, change: (node: GraphNode) => GraphNode): Graph {
  return { ...graph, nodes: graph.nodes.map((node) => (node.id === id ? change(node) : node)) };
}

/* An undefined value takes the key away. */
export function setConfig(graph: Graph, id: string, key: string, value: unknown): Graph {
  return changeNode(graph, id, (node) => {
    const { [key]: _old, ...rest } = node.config;
    return { ...node, config: value === undefined ? rest : { ...node.config, [key]: value } };
  });
}

export function moveNodes(graph: Graph, places: ReadonlyMap<string, Point>): Graph {
  const moves = graph.nodes.some((node) => {
    const to = places.get(node.id);
    return to && (to.x !== node.position.x || to.y !== node.position.y);
  });
  if (!moves) return graph;
  return {
    ...graph,
    nodes: graph.nodes.map((node) => {
      const position = places.get(node.id);
      return position ? { ...node, position } : node;
    }),
  };
}

/* Copies of these nodes and of the edges among them, a little lower. */
export function copyOf(graph: Graph, ids: ReadonlySet<string>): Graph {
  return {
    nodes: graph.nodes.filter((node) => ids.has(node.id)),
    edges: graph.edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target)),
  };
}

export function paste(graph: Graph, copied: Graph): { graph: Graph; ids: string[] } {
  const renamed = new Map<string, string>();
  let grown = graph;
  for (const node of copied.nodes) {
    const { graph: next, id } = addNode(grown, {
      type: node.type,
      title: node.name,
      at: { x: node.position.x + GAP_X / 2, y: node.position.y + NODE_HEIGHT + GAP_Y },
    });
    renamed.set(node.id, id);
    grown = changeNode(next, id, (made) => ({ ...node, id, name: made.name, position: made.position }));
  }
  const edges = copied.edges.map((edge) => ({
    ...edge,
    source: renamed.get(edge.source) ?? edge.source,
    target: renamed.get(edge.target) ?? edge.target,
  }));
  return { graph: { ...grown, edges: [...grown.edges, ...edges] }, ids: [...renamed.values()] };
}

/* --- templates --- */

function replaceIn(value: unknown, from: RegExp, to: string): unknown {
  if (typeof value === "string") return value.replace(from, to);
  if (Array.isArray(value)) return value.map((item) => replaceIn(item, from, to));
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaceIn(inner, from, to)]));
  return value;
}

/* Another id for a node; edges and templates follow. */
export function setId(graph: Graph, from: string, to: string): Graph {
  if (from === to || graph.nodes.some((node) => node.id === to)) return graph;
  const named = new RegExp(`(\\{\\{\\s*nodes\\.)${from}(?![a-z0-9_])`, "g");
  return {
    nodes: graph.nodes.map((node) => ({
      ...node,
      id: node.id === from ? to : node.id,
      config: replaceIn(node.config, named, `$1${to}`) as Record<string, unknown>,
    })),
    edges: graph.edges.map((edge) => ({
      ...edge,
      source: edge.source === from ? to : edge.source,
      target: edge.target === from ? to : edge.target,
    })),
  };
}

/* Whether anything asks for the execution's input. */
export function usesTrigger(graph: Graph): boolean {
  return /\{\{\s*trigger\b/.test(JSON.stringify(graph.nodes.map((node) => node.config)));
}
