/* SPDX-License-Identifier: Apache-2.0 */
/* A line between two nodes. The chosen one offers to be cut. */
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import { X } from "lucide-react";

const INSET = 7;

export interface LineData extends Record<string, unknown> {
  label: string;
  /* Takes it away; absent: it may not be. */
  cut: (() => void) | undefined;
}

export type LineEdge = Edge<LineData, "line">;

export function Line({ data, selected, markerEnd, interactionWidth, ...ends }: EdgeProps<LineEdge>) {
  /* From dot to dot: handles are larger than what one sees of them. */
  const { sourceX, targetX } = ends;
  const [path, x, y] = getBezierPath({ ...ends, sourceX: sourceX - INSET, targetX: targetX + INSET - 2 });
  return (
    <>
      <BaseEdge path={path} interactionWidth={interactionWidth ?? 20} {...(markerEnd ? { markerEnd } : {})} />
      {selected && data?.cut ? (
        <EdgeLabelRenderer>
          <button
            type="button"
            className="edge-cut nopan"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
            aria-label={data.label}
            title={data.label}
            onClick={data.cut}
          >
            <X size={14} aria-hidden />
          </button>
        </EdgeLabelRenderer>
      ) : null}
    </>
  );
}
