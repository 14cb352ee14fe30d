/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time to place: from 0 to 1 over all that happened, in which long stretches without work are folded.
 * Knows neither React nor the clock.
 */
export interface Interval {
  from: number;
  to: number;
}

export interface Fold extends Interval {
  /* Where it is shown, 0 to 1. */
  at: number;
}

export interface Scale {
  place: (time: number) => number;
  folds: Fold[];
  /* Moments to name, with their distance from the beginning. */
  ticks: { at: number; ms: number }[];
}

/* A gap is folded when it is so many times as long as the median of what was done. */
const FOLD_TIMES = 10;
/* And takes at least this part of everything: a little one does no harm. */
const FOLD_PART = 0.2;
/* Nobody minds a shorter one. */
const FOLD_LEAST_MS = 60_000;
/* How wide a folded gap is, as a part of everything. */
const FOLD_WIDTH = 0.06;

/* Together where they touch, in order. */
export function merge(intervals: Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const next of [...intervals].sort((a, b) => a.from - b.from)) {
    const last = merged[merged.length - 1];
    if (last && next.from <= last.to) last.to = Math.max(last.to, next.to);
    else merged.push({ ...next });
  }
  return merged;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function findGaps(work: Interval[], whole: Interval): Interval[] {
  const gaps: Interval[] = [];
  let end = whole.from;
  for (const { from, to } of work) {
    if (from > end) gaps.push({ from: end, to: from });
    end = Math.max(end, to);
  }
  if (whole.to > end) gaps.push({ from: end, to: whole.to });
  return gaps;
}

/* 1, 2 or 5 times a power of ten, or the like of minutes and hours: at most `most` steps. */
export function tickStep(span: number, most: number): number {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5];
  for (let hours = 1; hours <= 24 * 365; hours *= 2) steps.push(hours * 3_600_000);
  return steps.find((step) => span / step <= most) ?? span;
}

/* `work`: when something was done. `whole`: from the beginning to the end, or to now. */
export function makeScale(work: Interval[], whole: Interval, mostTicks = 6): Scale {
  const span = Math.max(1, whole.to - whole.from);
  const limit = Math.max(FOLD_TIMES * median(work.map(({ from, to }) => to - from)), FOLD_PART * span, FOLD_LEAST_MS);
  const gaps = findGaps(merge(work), whole).filter(({ from, to }) => to - from > limit);
  const folded = gaps.reduce((sum, { from, to }) => sum + to - from, 0);
  const shown = Math.max(1, span - folded);
  const width = 1 - gaps.length * FOLD_WIDTH;

  function place(time: number): number {
    const within = Math.min(Math.max(time, whole.from), whole.to);
    let at = 0;
    let since = whole.from;
    for (const { from, to } of gaps) {
      if (within <= from) break;
      at += ((from - since) / shown) * width;
      at += FOLD_WIDTH * Math.min(1, (within - from) / (to - from));
      since = Math.min(to, within);
      if (within < to) return at;
    }
    return at + ((within - since) / shown) * width;
  }

  const step = tickStep(shown, mostTicks);
  const ticks = [];
  for (let ms = 0; ms <= span && ticks.length < 100; ms += step) {
    const time = whole.from + ms;
    const gap = gaps.find(({ from, to }) => time > from && time < to);
    if (gap) {
      /* On with the first one behind it. */
      ms = Math.ceil((gap.to - whole.from) / step) * step - step;
      continue;
    }
    ticks.push({ at: place(time), ms });
  }
  const folds = gaps.map((gap) => ({ ...gap, at: place(gap.from) + FOLD_WIDTH / 2 }));
  /* The name of a fold wants its room. */
  const free = ticks.filter((tick) =>
    folds.every((fold) => tick.at < fold.at - 2 * FOLD_WIDTH || tick.at > fold.at + FOLD_WIDTH),
  );
  return { place, folds, ticks: free };
}
