/* SPDX-License-Identifier: Apache-2.0 */
/* States of executions, steps and attempts: icon, word and colour; and how long something takes. */
import { CircleAlert, CircleCheck, CircleDashed, CircleMinus, CircleX, Clock, LoaderCircle } from "lucide-react";
import { useEffect, useState } from "react";
import type { Attempt, Execution, Step } from "../../api.gen.ts";
import type { Tone } from "../../parts/status-mark.tsx";
import { runs } from "../../text/runs.ts";
import "./state.css";

export type State = Execution["status"] | Step["status"] | Attempt["status"];

const looks: Record<State, { tone: Tone; icon: typeof Clock }> = {
  queued: { tone: "idle", icon: Clock },
  pending: { tone: "idle", icon: CircleDashed },
  running: { tone: "info", icon: LoaderCircle },
  started: { tone: "info", icon: LoaderCircle },
  waiting: { tone: "warn", icon: Clock },
  succeeded: { tone: "ok", icon: CircleCheck },
  failed: { tone: "err", icon: CircleX },
  cancelled: { tone: "idle", icon: CircleMinus },
  skipped: { tone: "idle", icon: CircleMinus },
  abandoned: { tone: "warn", icon: CircleAlert },
  unknown: { tone: "warn", icon: CircleAlert },
};

export function toneOf(state: State): Tone {
  return looks[state].tone;
}

export function StateMark({ state, wordless = false }: { state: State; wordless?: boolean }) {
  const { tone, icon: Icon } = looks[state];
  return (
    <span className="status-mark" data-tone={tone} data-state={state}>
      <Icon size={16} aria-hidden />
      {wordless ? <span className="hidden-text">{runs.status[state]}</span> : runs.status[state]}
    </span>
  );
}

/* The time, again and again while `ticking`. */
export function useNow(ticking: boolean, everyMs = 1_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [ticking, everyMs]);
  return now;
}

interface Span {
  startedAt?: string;
  finishedAt?: string;
}

/* How long it took, or takes so far; grows while one looks. */
export function Duration({ span, open }: { span: Span; open: boolean }) {
  const ticking = open && span.startedAt !== undefined;
  const now = useNow(ticking);
  if (!span.startedAt) return null;
  const from = Date.parse(span.startedAt);
  const to = span.finishedAt ? Date.parse(span.finishedAt) : now;
  if (!span.finishedAt && !open) return null;
  return <>{runs.duration(Math.max(0, to - from))}</>;
}
