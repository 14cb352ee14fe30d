/* SPDX-License-Identifier: Apache-2.0 */
/* What templates of a node may name: the input, and what earlier nodes gave, as far as the last execution shows it. */
import { editorText } from "../../../text/editor.ts";
import { type Graph, nodesBefore } from "./graph.ts";

export interface Reference {
  /* A path, without the braces. */
  text: string;
  about: string;
}

const MOST = 12;

function step(name: string): string {
  return /^[A-Za-z_][\w-]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

/* Paths to the plain values of an output; of a list, to those of its first item. */
function pathsIn(value: unknown, path: string, depth: number): string[] {
  if (depth > 3 || value === null || typeof value !== "object") return [path];
  if (Array.isArray(value)) return value.length ? [path, ...pathsIn(value[0], `${path}[0]`, depth + 1)] : [path];
  return Object.entries(value).flatMap(([name, inner]) => pathsIn(inner, `${path}${step(name)}`, depth + 1));
}

export function references(
  graph: Graph,
  nodeId: string,
  steps: ReadonlyMap<string, { output?: unknown }>,
): Reference[] {
  const words = editorText.fields;
  const found: Reference[] = [{ text: "trigger", about: words.trigger }];
  for (const node of nodesBefore(graph, nodeId)) {
    const output = steps.get(node.id)?.output;
    const base = `nodes.${node.id}`;
    const known =
      output !== null && typeof output === "object"
        ? pathsIn(output, base, 0)
            .filter((path) => !/\.columns\b/.test(path))
            .slice(0, MOST)
        : [base];
    found.push(...known.map((text) => ({ text, about: words.outputOf(node.name) })));
  }
  found.push({ text: "execution.id", about: words.execution });
  return found;
}
