/* SPDX-License-Identifier: Apache-2.0 */
/* The client of tRPC 10: what this folder's package.json installs beside that of version 11. */
import { createTRPCProxyClient, httpBatchLink, httpLink } from "@trpc/client";

export interface OldCaller {
  query(path: string, input?: unknown): Promise<any>;
  mutation(path: string, input?: unknown): Promise<any>;
}

export function oldClient(url: string, token: string | undefined, batch: boolean): OldCaller {
  const headers = () => (token ? { authorization: `Bearer ${token}` } : {});
  const links = [batch ? httpBatchLink({ url, headers }) : httpLink({ url, headers })];
  /* Without a router to infer from, paths are walked by name. */
  const proxy: any = createTRPCProxyClient<any>({ links });
  const procedure = (path: string) => path.split(".").reduce((at, word) => at[word], proxy);
  return {
    query: (path, input) => procedure(path).query(input),
    mutation: (path, input) => procedure(path).mutate(input),
  };
}
