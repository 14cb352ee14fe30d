/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of connection that this server has nodes for. */
import { useQuery } from "@tanstack/react-query";
import { trpc } from "../../api/client.ts";
import { text } from "../../text/en.ts";

export function typeTitle(type: string): string {
  return text.connections.types[type] ?? type;
}

export function useConnectionTypes(): string[] {
  const components = useQuery(trpc.components.list.queryOptions(undefined, { staleTime: Number.POSITIVE_INFINITY }))
    .data?.components;
  return [...new Set(components?.flatMap((component) => component.connectionType ?? []))];
}
