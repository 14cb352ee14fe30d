/* SPDX-License-Identifier: Apache-2.0 */
import { expect, test } from "vitest";
import { makeScale, merge, tickStep } from "./timeline-scale.ts";

test("without gaps time is place", () => {
  const scale = makeScale([{ from: 100, to: 300 }], { from: 100, to: 300 });
  expect([100, 150, 200, 300].map(scale.place)).toEqual([0, 0.25, 0.5, 1]);
  expect(scale.folds).toEqual([]);
  expect(scale.ticks.map(({ ms }) => ms)).toEqual([0, 50, 100, 150, 200]);
});

test("what lies outside is at the edge, and no span is a fault", () => {
  const scale = makeScale([], { from: 5, to: 5 });
  expect(scale.place(0)).toBe(0);
  expect(scale.place(9)).toBe(0);
});

test("a long wait is folded, and places keep their order", () => {
  const hour = 3_600_000;
  const work = [
    { from: 0, to: 100 },
    { from: hour, to: hour + 100 },
  ];
  const scale = makeScale(work, { from: 0, to: hour + 100 });
  expect(scale.folds).toHaveLength(1);
  expect(scale.place(100)).toBeCloseTo(0.42);
  expect(scale.place(hour)).toBeCloseTo(0.58);
  expect(scale.place(hour + 100)).toBeCloseTo(1);
  const times = [0, 50, 100, 101, hour / 2, hour - 1, hour, hour + 1, hour + 100];
  const places = times.map(scale.place);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  /* No moment within the fold is named. */
  for (const { ms } of scale.ticks) expect(ms <= 100 || ms >= hour).toBe(true);
  expect(scale.ticks.length).toBeGreaterThan(1);
});

test("waits that are short beside the work stay", () => {
  const work = [
    { from: 0, to: 1000 },
    { from: 2000, to: 3000 },
  ];
  expect(makeScale(work, { from: 0, to: 3000 }).folds).toEqual([]);
});

test("touching intervals are one", () => {
  expect(
    merge([
      { from: 5, to: 9 },
      { from: 0, to: 5 },
      { from: 20, to: 21 },
    ]),
  ).toEqual([
    { from: 0, to: 9 },
    { from: 20, to: 21 },
  ]);
});

test("steps are round, and few", () => {
  expect(tickStep(3400, 6)).toBe(1000);
  expect(tickStep(86_400_000, 6)).toBe(4 * 3_600_000);
  expect(tickStep(3, 6)).toBe(1);
});
