/* SPDX-License-Identifier: Apache-2.0 */
/* What pictures of graphs have in common: the face of a node, its lines, the ground, the buttons that zoom. */
import { ActionIcon } from "@mantine/core";
import { Background, BackgroundVariant, MarkerType, Panel, useReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { type LucideIcon, Maximize, ZoomIn, ZoomOut } from "lucide-react";
import { memo, type ReactNode } from "react";
import { text } from "../text/en.ts";
import "./graph.css";

const words = text.graph;

/* Everything is seen, no larger than it is. */
export const wholeView = { padding: 0.1, maxZoom: 1 };
export const arrow = { type: MarkerType.ArrowClosed, width: 14, height: 14, color: "var(--edge)" };
/* The library's own words for what a node or a line is would be read before their names. */
export const noRole = { "aria-roledescription": undefined } as object;

interface FaceProps {
  icon: LucideIcon;
  kind: string;
  name: string;
  /* The line below: how the node stands. */
  children: ReactNode;
}

/* In the order in which it is read; the kind is shown on top. */
export function NodeFace({ icon: Icon, kind, name, children }: FaceProps) {
  return (
    <>
      <strong className="node-name">{name}</strong>{" "}
      <span className="node-kind">
        <Icon size={14} aria-hidden />
        {kind}
      </span>{" "}
      <span className="node-foot">{children}</span>
    </>
  );
}

/* Dots where nodes snap to. */
export const Ground = memo(function Ground({ gap }: { gap: number }) {
  return <Background variant={BackgroundVariant.Dots} gap={gap} size={1.5} color="var(--line)" />;
});

/* `fit`: what shows everything, where the library's way would not. */
export const ZoomButtons = memo(function ZoomButtons({ fit }: { fit?: () => void }) {
  const { zoomIn, zoomOut, fitView } = useReactFlow();
  return (
    <Panel position="bottom-left" className="graph-controls">
      <ActionIcon aria-label={words.zoomIn} onClick={() => void zoomIn()}>
        <ZoomIn size={16} />
      </ActionIcon>
      <ActionIcon aria-label={words.zoomOut} onClick={() => void zoomOut()}>
        <ZoomOut size={16} />
      </ActionIcon>
      <ActionIcon aria-label={words.fit} onClick={() => (fit ? fit() : void fitView(wholeView))}>
        <Maximize size={16} />
      </ActionIcon>
    </Panel>
  );
});
