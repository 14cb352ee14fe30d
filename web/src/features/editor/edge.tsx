/* SPDX-License-Identifier: Apache-2.0 */
/* A line between two nodes. The chosen one offers to be cut. */
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import { X } from "lucide-react";
import { editorText } from "../../text/editor.ts";

const INSET = 7;

export interface LineData extends Record<string, unknown> {
  /* Names of its ends. */
  from: string;
  to: string;
  /* Takes it away; absent: it may not be. */
  cut: ((source: string, target: string) => void) | undefined;
}

export type LineEdge = Edge<LineData, "line">;

export function Line({ data, selected, markerEnd, interactionWidth, ...ends }: EdgeProps<LineEdge>) {
  /* From dot to dot: handles are larger than what one sees of them. */
  const { sourceX, targetX } = ends;
  const [path, x, y] = getBezierPath({ ...ends, sourceX: sourceX - INSET, targetX: targetX + INSET - 2 });
  const cut = data?.cut;
  const label = data ? editorText.map.removeEdge(data.from, data.to) : "";
  return (
    <>
      <BaseEdge path={path} interactionWidth={interactionWidth ?? 20} {...(markerEnd ? { markerEnd } : {})} />
      {selected && cut ? (
        <EdgeLabelRenderer>
          <button
            type="button"
            className="edge-cut nopan"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
            aria-label={label}
            title={label}
            onClick={() => cut(ends.source, ends.target)}
          >
            <X size={14} aria-hidden />
          </button>
        </EdgeLabelRenderer>
      ) : null}
    </>
  );
}
