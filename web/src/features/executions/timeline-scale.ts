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
  /* Where it is shown, and how wide: 0 to 1. */
  at: number;
  width: number;
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
const TICKS_MAX = 500;
/* Names of moments stand apart; that of a folded gap fits into it, as long as all of them take no more than so much. */
const TICK_PX = 72;
const FOLD_PX = 80;
const FOLDS_PART = 0.6;

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

/* `work`: when something was done. `whole`: from the beginning to the end, or to now. `px`: room for all of it. */
export function makeScale(work: Interval[], whole: Interval, px = 500): Scale {
  const span = Math.max(1, whole.to - whole.from);
  const limit = Math.max(FOLD_TIMES * median(work.map(({ from, to }) => to - from)), FOLD_PART * span, FOLD_LEAST_MS);
  const gaps = findGaps(merge(work), whole).filter(({ from, to }) => to - from > limit);
  const folded = gaps.reduce((sum, { from, to }) => sum + to - from, 0);
  const shown = Math.max(1, span - folded);
  const foldWidth = Math.min(FOLD_PX / Math.max(1, px), FOLDS_PART / Math.max(1, gaps.length));
  const width = 1 - gaps.length * foldWidth;

  function place(time: number): number {
    const within = Math.min(Math.max(time, whole.from), whole.to);
    let at = 0;
    let since = whole.from;
    for (const { from, to } of gaps) {
      if (within <= from) break;
      at += ((from - since) / shown) * width;
      at += foldWidth * Math.min(1, (within - from) / (to - from));
      since = Math.min(to, within);
      if (within < to) return at;
    }
    return at + ((within - since) / shown) * width;
  }

  const step = tickStep(shown, Math.max(1, Math.floor(px / TICK_PX)));
  const ticks = [];
  for (let ms = 0; ms <= span && ticks.length < TICKS_MAX; ms += step) {
    const time = whole.from + ms;
    const gap = gaps.find(({ from, to }) => time > from && time < to);
    if (gap) {
      /* On with the first one behind it. */
      ms = Math.ceil((gap.to - whole.from) / step) * step - step;
      continue;
    }
    ticks.push({ at: place(time), ms });
  }
  const folds = gaps.map((gap) => ({ ...gap, at: place(gap.from), width: foldWidth }));
  /* The name of a moment reaches to the right. */
  const name = TICK_PX / Math.max(1, px);
  const free = ticks.filter(({ at }) => folds.every((fold) => at + name <= fold.at || at >= fold.at + fold.width));
  return { place, folds, ticks: free };
}
