/* SPDX-License-Identifier: Apache-2.0 */
/* In place of a screen: not there, not loaded, or broken. */
import { useRouter } from "@tanstack/react-router";
import { TRPCClientError } from "@trpc/client";
import { LoadError } from "../parts/load-error.tsx";
import { CrashPage, NoAccessPage, NotFoundPage } from "./boundary.tsx";
import { problemOf } from "./errors.ts";

export function ScreenError({ error }: { error: unknown }) {
  const router = useRouter();
  if (!(error instanceof TRPCClientError)) return <CrashPage />;
  const { code } = problemOf(error);
  if (code === "NOT_FOUND" || code === "BAD_REQUEST") return <NotFoundPage />;
  if (code === "FORBIDDEN") return <NoAccessPage />;
  return <LoadError what="The page" error={error} retry={() => void router.invalidate()} />;
}
