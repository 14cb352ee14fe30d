/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to the server: calls of one turn travel together, but what takes its time (tests, runs)
 * travels alone, so that nothing waits for it; streams (watch.ts) are connections of their own.
 * Mutations carry the header that the server wants from a page of its own, and are never sent again by
 * themselves.
 */
import { QueryCache, QueryClient } from "@tanstack/react-query";
import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  TRPCClientError,
} from "@trpc/client";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import type { AppRouter } from "../api.gen.ts";
import { onServerBack, reachingFetch } from "./reach.ts";

const url = "/trpc";
const headers = { "x-tieline": "1" };
const alone = new Set(["connections.test", "workflows.execute", "executions.cancel"]);

/* As tRPC types it. */
type Init = Omit<RequestInit, "signal"> & { signal?: AbortSignal | null | undefined };

/* Also calls that change something tell us when the session is over; queries do it by their errors. */
async function fetchCall(input: RequestInfo | URL, init?: Init): Promise<Response> {
  const answer = await reachingFetch(input, init as RequestInit);
  if (answer.status === 401) signedOut();
  return answer;
}

export const api = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: (operation) => operation.type === "subscription",
      true: httpSubscriptionLink({ url }),
      false: splitLink({
        condition: (operation) => alone.has(operation.path),
        true: httpLink({ url, headers, fetch: fetchCall }),
        /* The server takes 32 KiB of request line and headers; proxies often 8. */
        false: httpBatchLink({ url, headers, maxURLLength: 6000, fetch: fetchCall }),
      }),
    }),
  ],
});

/* Set by the session: what happens when the server no longer knows us. */
let signedOut: () => void = () => undefined;
export function onSignedOut(handler: () => void): void {
  signedOut = handler;
}

export function isUnauthorized(error: unknown): boolean {
  return error instanceof TRPCClientError && error.data?.code === "UNAUTHORIZED";
}

/* A refusal stays one: only what never arrived is asked again, and once. */
function retry(failures: number, error: unknown): boolean {
  return failures < 1 && error instanceof TRPCClientError && !error.data;
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (isUnauthorized(error)) signedOut();
    },
  }),
  defaultOptions: {
    queries: { retry, retryDelay: 500, staleTime: 5_000 },
    mutations: { retry: false },
  },
});

/* What was shown meanwhile may be old. */
onServerBack(() => void queryClient.invalidateQueries());

export const trpc = createTRPCOptionsProxy<AppRouter>({ client: api, queryClient });
