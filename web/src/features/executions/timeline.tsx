/* SPDX-License-Identifier: Apache-2.0 */
/* When each node worked: filled is an attempt, shaded is waiting for the next one. */
import { ActionIcon } from "@mantine/core";
import { ZoomIn, ZoomOut } from "lucide-react";
import { type CSSProperties, useMemo } from "react";
import { hasEnded } from "../../api/live-execution.ts";
import type { Execution, Step } from "../../api.gen.ts";
import { addShortcuts } from "../../app/shortcuts.ts";
import { runs } from "../../text/runs.ts";
import { Duration, StateMark, toneOf, useNow } from "./state.tsx";
import "./timeline.css";
import { type Interval, makeScale, type Scale } from "./timeline-scale.ts";
import { useZoom } from "./use-zoom.ts";

const words = runs.detail;

addShortcuts({
  title: words.timeline,
  keys: [
    { keys: ["+"], does: words.zoomIn },
    { keys: ["−"], does: words.zoomOut },
    { keys: ["0"], does: words.zoomAll },
  ],
});

type Shown = Pick<Execution, "status" | "createdAt" | "startedAt" | "finishedAt" | "steps">;

function intervalOf(part: { startedAt?: string; finishedAt?: string }, now: number): Interval | undefined {
  if (!part.startedAt) return undefined;
  const from = Date.parse(part.startedAt);
  return { from, to: Math.max(from, part.finishedAt ? Date.parse(part.finishedAt) : now) };
}

function attemptIntervals(step: Step, now: number): Interval[] {
  const parts = step.attempts.length ? step.attempts : [step];
  return parts.flatMap((part) => intervalOf(part, now) ?? []);
}

function Bars({ step, scale, now }: { step: Step; scale: Scale; now: number }) {
  const parts = attemptIntervals(step, now);
  const style = (from: number, to: number) => {
    const left = scale.place(from) * 100;
    return { left: `${left}%`, width: `${Math.max(scale.place(to) * 100 - left, 0)}%` };
  };
  return (
    <span className="track-bars">
      {parts.map((part, index) => {
        const attempt = step.attempts[index];
        const before = parts[index - 1];
        return (
          <span key={`${part.from}`}>
            {before && part.from > before.to ? (
              <span
                className="bar wait"
                title={words.barWait(runs.duration(part.from - before.to))}
                style={style(before.to, part.from)}
              />
            ) : null}
            <span
              className="bar"
              data-tone={toneOf(attempt?.status ?? step.status)}
              title={
                attempt
                  ? words.barAttempt(attempt.number, runs.status[attempt.status], runs.duration(part.to - part.from))
                  : undefined
              }
              style={style(part.from, part.to)}
            />
          </span>
        );
      })}
      {step.status === "waiting" && parts.length ? (
        <span className="bar wait" style={style((parts[parts.length - 1] as Interval).to, now)} />
      ) : null}
    </span>
  );
}

interface Props {
  execution: Shown;
  selected: string | undefined;
  select: (nodeId: string) => void;
}

export function Timeline({ execution, selected, select }: Props) {
  const open = !hasEnded(execution.status);
  const tick = useNow(open, 250);
  const { zoom, width, closer, farther, band, scroller, list, onKeyDown, drag } = useZoom(".track-bars");
  /* Clocks differ: what the server said last is not in the future. */
  const now = open ? tick : Date.parse(execution.finishedAt ?? execution.createdAt);
  const scale = useMemo(() => {
    const from = Date.parse(execution.startedAt ?? execution.createdAt);
    const work = execution.steps.flatMap((step) => attemptIntervals(step, now));
    const to = work.reduce((latest, part) => Math.max(latest, part.to), Math.max(from + 1, now));
    return makeScale(work, { from, to }, width * zoom);
  }, [execution, now, zoom, width]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the buttons in it
    <div className="timeline" onKeyDown={onKeyDown}>
      <div className="timeline-tools">
        <ActionIcon aria-label={words.zoomOut} onClick={farther} disabled={!farther}>
          <ZoomOut size={16} />
        </ActionIcon>
        <ActionIcon aria-label={words.zoomIn} onClick={closer} disabled={!closer}>
          <ZoomIn size={16} />
        </ActionIcon>
      </div>
      <div ref={scroller} className="timeline-scroll" tabIndex={zoom > 1 ? 0 : undefined}>
        <ol ref={list} aria-label={words.steps} style={{ "--zoom": zoom } as CSSProperties} {...drag}>
          {execution.steps.map((step) => (
            <li key={step.nodeId}>
              <button
                type="button"
                className="timeline-row"
                aria-pressed={step.nodeId === selected}
                onClick={() => select(step.nodeId)}
                data-node={step.nodeId}
              >
                <span className="timeline-name">
                  <StateMark state={step.status} wordless />
                  <span className="one-line">{step.name}</span>
                </span>
                <Bars step={step} scale={scale} now={now} />
                <span className="timeline-time">
                  <Duration span={step} open={step.status === "running" || step.status === "waiting"} />
                </span>
              </button>
            </li>
          ))}
          <li className="timeline-row axis" aria-hidden>
            <span className="timeline-name" />
            <span className="track-bars">
              {scale.ticks.map(({ at, ms }) => (
                <span key={ms} className="tick" style={{ left: `${at * 100}%` }}>
                  {runs.tick(ms)}
                </span>
              ))}
              {scale.folds.map((fold) => (
                <span
                  key={fold.from}
                  className="time-fold"
                  title={words.fold(runs.duration(fold.to - fold.from))}
                  style={{ left: `${fold.at * 100}%`, width: `${fold.width * 100}%` }}
                >
                  {runs.duration(fold.to - fold.from)}
                </span>
              ))}
            </span>
            <span className="timeline-time" />
          </li>
          {band ? (
            <li className="zoom-band" aria-hidden style={{ left: band.from, width: band.to - band.from }} />
          ) : null}
        </ol>
      </div>
    </div>
  );
}
