/* SPDX-License-Identifier: Apache-2.0 */
/* A picture for each kind of node. */
import { Box, Database, GitBranch, type LucideIcon, Play, Zap } from "lucide-react";
import type { Component } from "../../api.gen.ts";

const byConnection: Record<string, LucideIcon> = { postgresql: Database, redis: Zap };

export function iconOf(component: Component | undefined): LucideIcon {
  if (component?.kind === "trigger") return Play;
  if (component?.kind === "flow") return GitBranch;
  return byConnection[component?.connectionType ?? ""] ?? Box;
}
