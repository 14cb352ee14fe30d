/* SPDX-License-Identifier: Apache-2.0 */
/* tRPC beside TanStack Query, as pages use it: this folder's package.json installs what fits together. */
import { QueryClient } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import type { AppRouter } from "../../web/src/api.gen.ts";

export function queries(url: string, token: string) {
  const client = createTRPCClient<AppRouter>({
    links: [httpBatchLink({ url, headers: { authorization: `Bearer ${token}` } })],
  });
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return { queryClient, trpc: createTRPCOptionsProxy<AppRouter>({ client, queryClient }) };
}
