/* SPDX-License-Identifier: Apache-2.0 */
/* What of the executions' screens is in the address. */
export const statuses = ["queued", "running", "waiting", "succeeded", "failed", "cancelled"] as const;
export type Status = (typeof statuses)[number];
export const ranges = { "24h": 86_400_000, "7d": 7 * 86_400_000, "30d": 30 * 86_400_000 } as const;
export type Range = keyof typeof ranges;

export interface ExecutionsSearch {
  status?: Status;
  workflow?: string;
  range?: Range;
}

export function isRange(value: unknown): value is Range {
  return typeof value === "string" && value in ranges;
}

export function readExecutionsSearch(search: Record<string, unknown>): ExecutionsSearch {
  const read: ExecutionsSearch = {};
  if (statuses.includes(search.status as Status)) read.status = search.status as Status;
  if (typeof search.workflow === "string" && search.workflow !== "") read.workflow = search.workflow;
  if (isRange(search.range)) read.range = search.range;
  return read;
}

export interface ExecutionSearch {
  node?: string;
  show?: "graph";
}

export function readExecutionSearch(search: Record<string, unknown>): ExecutionSearch {
  const read: ExecutionSearch = {};
  if (typeof search.node === "string" && search.node !== "") read.node = search.node;
  if (search.show === "graph") read.show = "graph";
  return read;
}
