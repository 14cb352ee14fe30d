/* SPDX-License-Identifier: Apache-2.0 */
/* Names of kinds of node, from the server's list. */
import { useQuery } from "@tanstack/react-query";
import { trpc } from "../../api/client.ts";

export function useKindTitle(type: string): string {
  const components = useQuery(trpc.components.list.queryOptions(undefined, { staleTime: Number.POSITIVE_INFINITY }));
  return components.data?.components.find(({ name }) => name === type)?.title ?? type;
}
