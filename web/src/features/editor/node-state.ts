/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one state that a node shows: what keeps it from running, before how the execution that is shown
 * went, before what might be wrong with it.
 */
import type { Step } from "../../api.gen.ts";
import { runs } from "../../text/runs.ts";
import type { Problem } from "./model/check.ts";

export type NodeState = { problem: Problem; status?: undefined } | { status: Step["status"]; problem?: undefined };

export function stateOf(problems: Problem[], step: { status: Step["status"] } | undefined): NodeState | undefined {
  const error = problems.find((problem) => problem.level === "error");
  if (error) return { problem: error };
  if (step) return { status: step.status };
  return problems[0] && { problem: problems[0] };
}

export function sameState(a: NodeState | undefined, b: NodeState | undefined): boolean {
  return a?.status === b?.status && a?.problem?.message === b?.problem?.message;
}

/* As it is read in the middle of a node's name. */
export function wordsOf(state: NodeState | undefined): string | undefined {
  return state?.status ? runs.status[state.status].toLowerCase() : state?.problem?.message;
}
