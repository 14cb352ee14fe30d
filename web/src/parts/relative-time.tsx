/* SPDX-License-Identifier: Apache-2.0 */
/* How long ago, growing while one looks; the exact time on the element. */
import { useEffect, useState } from "react";
import { text } from "../text/en.ts";

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const format = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "short" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

export function ago(at: number, now: number): string {
  const seconds = Math.round((now - at) / 1000);
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return format.format(-Math.trunc(seconds / size), unit);
  }
  return text.time.now;
}

export function RelativeTime({ at }: { at: string | number }) {
  const time = typeof at === "number" ? at : Date.parse(at);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={new Date(time).toISOString()} title={exact.format(time)}>
      {ago(time, Math.max(now, time))}
    </time>
  );
}
