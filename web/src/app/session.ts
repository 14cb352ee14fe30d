/* SPDX-License-Identifier: Apache-2.0 */
/* Who is signed in. Everything else on the page asks here. */
import { useMutation } from "@tanstack/react-query";
import { useRouteContext, useRouter } from "@tanstack/react-router";
import { api, queryClient, trpc } from "../api/client.ts";
import type { User } from "../api.gen.ts";

/* Kept until somebody signs in or out, or the server no longer knows us. */
export const statusQuery = trpc.auth.status.queryOptions(undefined, { staleTime: Number.POSITIVE_INFINITY });

/* Of the route around the screen: it stays while a session ends, until the screen is gone too. */
export function useUser(): User {
  const { status } = useRouteContext({ from: "/user" });
  if (!status.user) throw new Error("a screen for users is shown to nobody");
  return status.user;
}

function setStatus(user: User | undefined): void {
  queryClient.setQueryData(statusQuery.queryKey, { setupRequired: false, ...(user ? { user } : {}) });
}

/* What somebody else was shown is forgotten. */
function forget(): void {
  const kept = JSON.stringify(statusQuery.queryKey);
  queryClient.removeQueries({ predicate: (query) => JSON.stringify(query.queryKey) !== kept });
}

export function startSession(user: User): void {
  forget();
  ended = false;
  setStatus(user);
}

let ended = false;
/* True: the server ended the session while the page was open. */
export function sessionHasEnded(): boolean {
  return ended;
}

/* `leave` takes down the screens of the user; only then nothing asks for what is forgotten. */
export async function endSession(leave: () => Promise<void>, byServer = false): Promise<void> {
  if (!queryClient.getQueryData(statusQuery.queryKey)?.user) return;
  ended = byServer;
  setStatus(undefined);
  await leave();
  forget();
}

export function useSignOut() {
  const router = useRouter();
  return useMutation({
    mutationFn: () => api.auth.logout.mutate(),
    onSuccess: () => endSession(() => router.invalidate()),
  });
}
