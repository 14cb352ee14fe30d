/* SPDX-License-Identifier: Apache-2.0 */
/* Times as people write them: 500 ms, 2 s, 5 min, 1.5 h. A bare number means seconds. */
const units: [string, number][] = [
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
  ["ms", 1],
];

export function writeDuration(ms: number): string {
  const [unit, size] = units.find(([, size]) => Math.abs(ms) >= size && ms % size === 0) ?? ["ms", 1];
  return `${ms / size} ${unit}`;
}

/* Milliseconds, or undefined for what is no time. */
export function readDuration(text: string): number | undefined {
  const match = /^(-?\d+(?:\.\d+)?)\s*(ms|s|sec|m|min|h)?$/i.exec(text.trim());
  if (!match) return undefined;
  const unit = { sec: "s", m: "min" }[(match[2] ?? "s").toLowerCase()] ?? (match[2] ?? "s").toLowerCase();
  const size = units.find(([name]) => name === unit)?.[1] ?? 1000;
  return Math.round(Number(match[1]) * size);
}
