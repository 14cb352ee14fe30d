/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, in words: the server's own sentence where it has one for people. */
import { TRPCClientError } from "@trpc/client";
import type { AppRouter } from "../api.gen.ts";
import { text } from "../text/en.ts";

export interface Problem {
  message: string;
  /* As in data.code of tRPC; "NETWORK" when nothing came back. */
  code: string;
  /* Input field at fault, dotted. */
  field?: string;
  reason?: string;
  requestId?: string;
}

/* "name: must …" → "must …": the field is shown where the message is. */
function withoutField(message: string, field: string | undefined): string {
  const rest = field && message.startsWith(field) ? message.slice(field.length).replace(/^:? ?/, "") : message;
  return rest === "" ? message : rest;
}

/* Server messages are lower case without a full stop; people read sentences. */
export function sentence(message: string): string {
  const first = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}

export function problemOf(error: unknown): Problem {
  if (!(error instanceof TRPCClientError)) return { message: text.errors.network, code: "NETWORK" };
  const data = (error as TRPCClientError<AppRouter>).data;
  if (!data) return { message: text.errors.network, code: "NETWORK" };
  const problem: Problem = { message: sentence(withoutField(error.message, data.field)), code: data.code };
  if (data.field) problem.field = data.field;
  if (data.reason) problem.reason = data.reason;
  if (data.requestId) problem.requestId = data.requestId;
  if (data.code === "FORBIDDEN") problem.message = text.errors.forbidden;
  else if (data.httpStatus >= 500) problem.message = text.errors.server(data.requestId ?? "");
  return problem;
}
