/* SPDX-License-Identifier: Apache-2.0 */
/* The one state that a node shows: a problem before what runs before how the last execution went. */
import type { Step } from "../../api.gen.ts";
import type { Tone } from "../../parts/status-mark.tsx";
import { editorText } from "../../text/editor.ts";
import type { Problem } from "./model/check.ts";

const words = editorText.node;

export interface NodeState {
  kind: "problem" | "step";
  tone: Tone;
  words: string;
  busy?: boolean;
}

const tones: Record<Step["status"], Tone> = {
  pending: "idle",
  running: "info",
  waiting: "warn",
  succeeded: "ok",
  failed: "err",
  skipped: "idle",
  cancelled: "idle",
};

export function stateOf(problems: Problem[], step: Step | undefined): NodeState | undefined {
  const first = problems.find((problem) => problem.level === "error") ?? problems[0];
  if (first) return { kind: "problem", tone: "warn", words: first.message };
  if (!step) return undefined;
  const { status } = step;
  return { kind: "step", tone: tones[status], words: words[status], ...(status === "running" ? { busy: true } : {}) };
}
