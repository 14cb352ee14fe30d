/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The draft as the canvas takes it. What means the same as before keeps its identity, so that a change
 * of one node draws that node alone.
 */
import { useMemo, useRef } from "react";
import { arrow, noRole } from "../../parts/graph.tsx";
import { useSteady } from "../../parts/steady.ts";
import { editorText } from "../../text/editor.ts";
import { useEditor } from "./context.tsx";
import type { LineData, LineEdge } from "./edge.tsx";
import { byNode } from "./model/check.ts";
import { connectionFieldOf } from "./model/fields.ts";
import { disconnect, edgeKey, NODE_HEIGHT, NODE_WIDTH } from "./model/graph.ts";
import type { CardData, CardNode } from "./node-card.tsx";
import { sameState, stateOf } from "./node-state.ts";

const none: never[] = [];

function sameData<Data extends Record<string, unknown>>(a: Data, b: Data): boolean {
  return Object.keys(a).every((key) => key === "state" || a[key] === b[key]);
}

export function useCards(): CardNode[] {
  const { graph, components, connections, problems, steps, readOnly, selected, openId } = useEditor();
  const before = useRef(new Map<string, CardNode>());
  return useMemo(() => {
    const names = new Map(connections?.map((connection) => [connection.id, connection.name]));
    const wrong = byNode(problems);
    const reachable = graph.nodes.find((node) => selected.has(node.id))?.id ?? graph.nodes[0]?.id;
    const cards = graph.nodes.map((node): CardNode => {
      const component = components.get(node.type);
      const field = connectionFieldOf(component);
      const data: CardData = {
        name: node.name,
        component,
        type: node.type,
        connection: field ? names.get(String(node.config[field.name])) : undefined,
        state: stateOf(wrong.get(node.id) ?? none, steps.get(node.id)),
        reachable: node.id === reachable,
        open: node.id === openId,
        readOnly: readOnly !== undefined,
      };
      const isSelected = selected.has(node.id);
      const old = before.current.get(node.id);
      if (
        old?.position === node.position &&
        old.selected === isSelected &&
        sameData(data, old.data) &&
        sameState(data.state, old.data.state)
      )
        return old;
      return {
        id: node.id,
        type: "card",
        position: node.position,
        data,
        width: NODE_WIDTH,
        height: NODE_HEIGHT,
        selected: isSelected,
        domAttributes: noRole,
      };
    });
    before.current = new Map(cards.map((card) => [card.id, card]));
    return cards;
  }, [graph, components, connections, problems, steps, readOnly, selected, openId]);
}

export function useLines(chosen: string | undefined): LineEdge[] {
  const { graph, change, readOnly, steps } = useEditor();
  const before = useRef<LineEdge[]>(none);
  const cut = useSteady((source: string, target: string) => change((now) => disconnect(now, source, target)));
  return useMemo(() => {
    const names = new Map(graph.nodes.map((node) => [node.id, node.name]));
    const known = new Map(before.current.map((line) => [line.id, line]));
    const lines = graph.edges.map((edge): LineEdge => {
      const { source, target } = edge;
      const id = edgeKey(edge);
      const selected = id === chosen;
      const animated = steps.get(target)?.status === "running";
      const data: LineData = {
        from: names.get(source) ?? source,
        to: names.get(target) ?? target,
        cut: readOnly ? undefined : cut,
      };
      const old = known.get(id);
      if (old?.data && old.selected === selected && old.animated === animated && sameData(data, old.data)) return old;
      return {
        id,
        type: "line",
        source,
        target,
        selected,
        animated,
        interactionWidth: 20,
        markerEnd: arrow,
        ariaLabel: editorText.map.edge(data.from, data.to),
        domAttributes: noRole,
        data,
      };
    });
    const same = lines.length === before.current.length && lines.every((line, at) => line === before.current[at]);
    if (!same) before.current = lines;
    return before.current;
  }, [graph, readOnly, steps, chosen, cut]);
}
