/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of node: their names, from the server's list, and a picture for each. */
import { useQuery } from "@tanstack/react-query";
import { Box, Database, GitBranch, type LucideIcon, Play, Zap } from "lucide-react";
import { trpc } from "../../api/client.ts";
import type { Component } from "../../api.gen.ts";

const byConnection: Record<string, LucideIcon> = { postgresql: Database, redis: Zap };

export function iconOf(component: Component | undefined): LucideIcon {
  if (component?.kind === "trigger") return Play;
  if (component?.kind === "flow") return GitBranch;
  return byConnection[component?.connectionType ?? ""] ?? Box;
}

export function useKind(type: string): { title: string; icon: LucideIcon } {
  const components = useQuery(trpc.components.list.queryOptions(undefined, { staleTime: Number.POSITIVE_INFINITY }));
  const component = components.data?.components.find(({ name }) => name === type);
  return { title: component?.title ?? (components.isPending ? "" : type), icon: iconOf(component) };
}
