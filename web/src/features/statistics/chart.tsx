/* SPDX-License-Identifier: Apache-2.0 */
/* Executions over time: a bar for each slice. The same as a table, for who would rather read. */
import { useState } from "react";
import type { StatisticsSlice } from "../../api.gen.ts";
import { runs } from "../../text/runs.ts";

const words = runs.statistics;
const kinds = ["succeeded", "failed", "cancelled", "open"] as const;
const HEIGHT = 160;

const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayHour = new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

export type Range = "24h" | "7d" | "30d";
const formats: Record<Range, Intl.DateTimeFormat> = { "24h": hour, "7d": dayHour, "30d": day };

function total(slice: StatisticsSlice): number {
  return kinds.reduce((sum, kind) => sum + slice[kind], 0);
}

/* The least round number that is not below. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 4, 5, 10].map((step) => step * power).find((round) => round >= value) ?? value;
}

function Bars({ slices, range }: { slices: StatisticsSlice[]; range: Range }) {
  const most = roundUp(Math.max(1, ...slices.map(total)));
  const good = slices.reduce((sum, slice) => sum + slice.succeeded, 0);
  const bad = slices.reduce((sum, slice) => sum + slice.failed, 0);
  const format = formats[range];
  /* Few enough names that they stand apart. */
  const every = Math.ceil(slices.length / 6);
  return (
    <figure className="chart" role="img" aria-label={words.chartLabel(good, bad)}>
      <div className="chart-scale" aria-hidden>
        <span>{runs.count(most)}</span>
        {most > 1 ? <span>{runs.count(most / 2)}</span> : <span />}
        <span>0</span>
      </div>
      <div className="chart-plot" style={{ height: HEIGHT }}>
        {slices.map((slice) => {
          const from = format.format(Date.parse(slice.at));
          return (
            <div
              key={slice.at}
              className="chart-slot"
              title={words.slice(from, slice.succeeded, slice.failed, slice.cancelled + slice.open)}
            >
              {kinds.map((kind) =>
                slice[kind] ? (
                  <span key={kind} data-kind={kind} style={{ height: `${(slice[kind] / most) * 100}%` }} />
                ) : null,
              )}
            </div>
          );
        })}
      </div>
      <div className="chart-names" aria-hidden>
        {slices.map((slice, index) => (
          <span key={slice.at}>{index % every === 0 ? <i>{format.format(Date.parse(slice.at))}</i> : null}</span>
        ))}
      </div>
    </figure>
  );
}

function Table({ slices, range }: { slices: StatisticsSlice[]; range: Range }) {
  const format = formats[range];
  return (
    <table className="table figures" aria-label={words.overTime}>
      <thead>
        <tr>
          <th scope="col">{words.from}</th>
          {kinds.map((kind) => (
            <th key={kind} scope="col" className="number">
              {words[kind]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {slices.map((slice) => (
          <tr key={slice.at}>
            <td>{format.format(Date.parse(slice.at))}</td>
            {kinds.map((kind) => (
              <td key={kind} className="number" data-label={words[kind]}>
                {runs.count(slice[kind])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function OverTime({ slices, range }: { slices: StatisticsSlice[]; range: Range }) {
  const [table, setTable] = useState(false);
  return (
    <section className="stat-section">
      <header>
        <h3>{words.overTime}</h3>
        <ul className="legend" hidden={table}>
          {kinds.map((kind) => (
            <li key={kind}>
              <span data-kind={kind} aria-hidden />
              {words[kind]}
            </li>
          ))}
        </ul>
        <button type="button" className="link muted" onClick={() => setTable(!table)}>
          {table ? words.asChart : words.asTable}
        </button>
      </header>
      {table ? <Table slices={slices} range={range} /> : <Bars slices={slices} range={range} />}
    </section>
  );
}
