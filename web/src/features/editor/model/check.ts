/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps a draft from running, found while one types. The server judges again when it is saved;
 * what it alone can know (paths of templates) is added for nodes that have not changed since.
 */
import type { Component, FormField, WorkflowProblem } from "../../../api.gen.ts";
import { editorText } from "../../../text/editor.ts";
import { fieldOf, isShown } from "./fields.ts";
import { type Graph, type GraphNode, type Retry, stable } from "./graph.ts";
import { mayWrite, parametersOf } from "./sql-params.ts";

const words = editorText.check;
export const MAX_ATTEMPTS = 100;

export interface Problem {
  nodeId?: string;
  /* Of the node's config; "retry.maxAttempts" and the like of its policy. */
  field?: string;
  level: "error" | "warning";
  message: string;
}

export interface Surroundings {
  components: ReadonlyMap<string, Component>;
  /* Of the project; undefined while they are not known. */
  connections: ReadonlyMap<string, { connectionType: string }> | undefined;
}

type Found = Omit<Problem, "nodeId">;
const error = (field: string, message: string): Found => ({ field, level: "error", message });
const warning = (field: string, message: string): Found => ({ field, level: "warning", message });

function missing(field: FormField): string {
  if (field.look === "connection") return words.connection;
  if (field.look === "sql") return words.sql;
  return words.fields[field.name] ?? words.missing(field.title);
}

function isTemplate(value: unknown): boolean {
  return typeof value === "string" && /^\s*\{\{[^{}]*\}\}\s*$/.test(value);
}

/* Numbers that would not come back as they were typed. */
function inexact(text: string): string | undefined {
  const outside = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  return outside.match(/-?\d[\d.eE+-]*/g)?.find((number) => String(Number(number)) !== number);
}

function checkField(field: FormField, node: GraphNode, { connections }: Surroundings): Found[] {
  const value = node.config[field.name];
  const { name } = field;
  if (value === undefined || value === null || (value === "" && (field.required || field.kind !== "json")))
    return field.required ? [error(name, missing(field))] : [];
  if (field.look === "connection" && connections) {
    const found = connections.get(String(value));
    if (!found) return [error(name, words.connectionDeleted)];
    if (field.connector && found.connectionType !== field.connector) return [error(name, words.connection)];
  }
  if (field.look === "json-array" && !Array.isArray(value) && !isTemplate(value)) return [error(name, words.jsonArray)];
  if (field.kind === "integer" || field.kind === "number") {
    if (typeof value !== "number" || (field.kind === "integer" && !Number.isInteger(value)))
      return [error(name, field.look === "duration-ms" ? words.duration : words.number)];
    if ((field.min !== undefined && value < field.min) || (field.max !== undefined && value > field.max))
      return [error(name, words.range(field.min, field.max))];
  }
  return [];
}

function checkParameters(node: GraphNode, component: Component): Found[] {
  const sql = fieldOf(component, "sql");
  const list = fieldOf(component, "json-array");
  const statement = sql && node.config[sql.name];
  if (!sql || !list || typeof statement !== "string") return [];
  const values = node.config[list.name] ?? [];
  if (!Array.isArray(values)) return [];
  const used = parametersOf(statement);
  const most = used.at(-1) ?? 0;
  if (most > values.length) return [error(sql.name, words.parameterCount(most, values.length))];
  return values.flatMap((_value, at) =>
    used.includes(at + 1) ? [] : [warning(list.name, words.parameterUnused(at + 1))],
  );
}

function checkRepeatable(node: GraphNode, component: Component): Found[] {
  if (node.config.repeatable !== true) return [];
  const sql = fieldOf(component, "sql");
  const writes = sql
    ? mayWrite(String(node.config[sql.name] ?? ""))
    : /^(INCR|DECR)$/.test(String(node.config.command));
  return writes ? [warning("repeatable", words.repeatable)] : [];
}

function checkRetry({ maxAttempts, delayMs, maxDelayMs, deadlineMs }: Retry): Found[] {
  const found: Found[] = [];
  if (maxAttempts !== undefined && !(maxAttempts >= 1 && maxAttempts <= MAX_ATTEMPTS))
    found.push(error("retry.maxAttempts", words.attempts(MAX_ATTEMPTS)));
  for (const [field, value] of Object.entries({ delayMs, maxDelayMs, deadlineMs }))
    if (value !== undefined && !(value >= 0)) found.push(error(`retry.${field}`, words.delay));
  return found;
}

function checkNode(node: GraphNode, around: Surroundings): Problem[] {
  const component = around.components.get(node.type);
  if (!component) return [];
  const found: Found[] = [];
  if (node.name.trim() === "") found.push(error("name", words.name));
  const shown = component.fields.filter((field) => isShown(field, node.config));
  for (const field of shown) {
    found.push(...checkField(field, node, around));
    /* A value that shows only for some choice is what that choice needs. */
    if (field.when && field.name === "value" && node.config.value === undefined)
      found.push(error("value", words.fields.value ?? ""));
  }
  found.push(...checkParameters(node, component), ...checkRepeatable(node, component));
  if (node.retry) found.push(...checkRetry(node.retry));
  return found.map((problem) => ({ ...problem, nodeId: node.id }));
}

function checkShape(graph: Graph): Problem[] {
  if (graph.nodes.length === 0) return [{ level: "error", message: words.trigger }];
  if (graph.nodes.length === 1) return [];
  const connected = new Set(graph.edges.flatMap(({ source, target }) => [source, target]));
  return graph.nodes
    .filter((node) => !connected.has(node.id))
    .map((node) => ({ nodeId: node.id, level: "warning", message: words.alone(node.name) }));
}

/* Nodes are never changed in place: what was found about one in the same surroundings still holds. */
const found = new WeakMap<GraphNode, { around: Surroundings; problems: Problem[] }>();

function checkOnce(node: GraphNode, around: Surroundings): Problem[] {
  const known = found.get(node);
  if (known?.around === around) return known.problems;
  const problems = checkNode(node, around);
  found.set(node, { around, problems });
  return problems;
}

export function check(graph: Graph, around: Surroundings): Problem[] {
  return [...graph.nodes.flatMap((node) => checkOnce(node, around)), ...checkShape(graph)];
}

export function byNode(problems: Problem[]): Map<string, Problem[]> {
  const map = new Map<string, Problem[]>();
  for (const problem of problems) {
    if (problem.nodeId === undefined) continue;
    const own = map.get(problem.nodeId);
    if (own) own.push(problem);
    else map.set(problem.nodeId, [problem]);
  }
  return map;
}

/* The server's problems about nodes that are still as it judged them, where none of ours says it already. */
export function withServers(found: Problem[], servers: WorkflowProblem[], saved: Graph, now: Graph): Problem[] {
  const key = (problem: { nodeId?: string; field?: string }) =>
    `${problem.nodeId ?? ""} ${(problem.field ?? "").split(/[.[]/)[0]}`;
  const said = new Set(found.map(key));
  const unchanged = (id: string) => {
    const before = saved.nodes.find((node) => node.id === id);
    const after = now.nodes.find((node) => node.id === id);
    return before !== undefined && after !== undefined && stable(before.config) === stable(after.config);
  };
  const added = servers
    .filter((problem) => !said.has(key(problem)) && (!problem.nodeId || unchanged(problem.nodeId)))
    .map(
      (problem): Problem => ({
        ...(problem.nodeId ? { nodeId: problem.nodeId } : {}),
        ...(problem.field ? { field: problem.field } : {}),
        level: "error",
        message: /[.!?]$/.test(problem.message) ? problem.message : `${problem.message}.`,
      }),
    );
  return [...found, ...added];
}

export { inexact };
