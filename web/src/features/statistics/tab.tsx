/* SPDX-License-Identifier: Apache-2.0 */
/* What the executions of a day, a week or a month came to: together, over time, by workflow, by connection. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ChartColumn } from "lucide-react";
import type { ReactNode } from "react";
import { trpc } from "../../api/client.ts";
import type { ConnectionStatistics, ExecutionStatistics, WorkflowStatistics } from "../../api.gen.ts";
import { Choice } from "../../parts/choice.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { LoadError } from "../../parts/load-error.tsx";
import { runs } from "../../text/runs.ts";
import { useProject } from "../projects/index.ts";
import { OverTime, type Range } from "./chart.tsx";
import "./statistics.css";

const words = runs.statistics;
const REFRESH_MS = 60_000;
const ranges: Range[] = ["24h", "7d", "30d"];

function rateOf({ succeeded, failed }: { succeeded: number; failed: number }): string {
  return succeeded + failed ? runs.percent(succeeded / (succeeded + failed)) : words.none;
}

function time(ms: number | undefined): string {
  return ms === undefined ? words.none : runs.duration(ms);
}

function Figure({ label, value, line }: { label: string; value: ReactNode; line?: string }) {
  return (
    <div className="figure">
      <dt>{label}</dt>
      <dd>
        <strong>{value}</strong>
        {line ? <span className="meta">{line}</span> : null}
      </dd>
    </div>
  );
}

function Figures({ all }: { all: ExecutionStatistics }) {
  const ended = all.succeeded + all.failed;
  return (
    <dl className="stat-figures">
      <Figure
        label={words.executions}
        value={runs.count(all.executions)}
        line={all.open ? words.stillOpen(all.open) : ""}
      />
      <Figure label={words.rate} value={rateOf(all)} line={ended ? words.ofEnded(ended) : ""} />
      <Figure label={words.median} value={time(all.medianMs)} />
      <Figure label={words.p95} value={time(all.p95Ms)} />
    </dl>
  );
}

/* As high as what comes. */
function Loading() {
  return (
    <div className="statistics late" aria-busy>
      <dl className="stat-figures">
        {[words.executions, words.rate, words.median, words.p95].map((label) => (
          <Figure key={label} label={label} value={<span className="skeleton stat-skeleton" />} />
        ))}
      </dl>
      <div className="chart stat-skeleton" />
    </div>
  );
}

function NumberCells({ cells }: { cells: [string, ReactNode][] }) {
  return cells.map(([label, value]) => (
    <td key={label} className="number" data-label={label}>
      {value}
    </td>
  ));
}

function Heads({ first, rest }: { first: string; rest: string[] }) {
  return (
    <thead>
      <tr>
        <th scope="col">{first}</th>
        {rest.map((head) => (
          <th key={head} scope="col" className="number">
            {head}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function ByWorkflow({ lines, projectId, range }: { lines: WorkflowStatistics[]; projectId: string; range: Range }) {
  return (
    <section className="stat-section">
      <header>
        <h3>{words.byWorkflow}</h3>
      </header>
      <table className="table figures" aria-label={words.byWorkflow}>
        <Heads
          first={words.name}
          rest={[words.executions, words.failed, words.rate, words.medianShort, words.p95Short]}
        />
        {lines.map((line) => (
          <tbody key={line.workflowId} data-workflow={line.workflowId}>
            <tr>
              <td>
                <Link
                  className="title"
                  to="/projects/$projectId/executions"
                  params={{ projectId }}
                  search={{ workflow: line.workflowId, range }}
                >
                  {line.name}
                </Link>
              </td>
              <NumberCells
                cells={[
                  [words.executions, runs.count(line.executions)],
                  [
                    words.failed,
                    line.failed ? (
                      <Link
                        to="/projects/$projectId/executions"
                        params={{ projectId }}
                        search={{ workflow: line.workflowId, status: "failed", range }}
                        aria-label={`${runs.count(line.failed)}: ${words.showFailed(line.name)}`}
                      >
                        {runs.count(line.failed)}
                      </Link>
                    ) : (
                      "0"
                    ),
                  ],
                  [words.rate, rateOf(line)],
                  [words.medianShort, time(line.medianMs)],
                  [words.p95Short, time(line.p95Ms)],
                ]}
              />
            </tr>
          </tbody>
        ))}
      </table>
    </section>
  );
}

function ConnectionName({ line, projectId }: { line: ConnectionStatistics; projectId: string }) {
  if (line.deleted)
    return (
      <>
        <span className="title">{line.name}</span> <span className="meta">{words.deleted}</span>
      </>
    );
  return (
    <Link
      className="title"
      to="/projects/$projectId/connections/$connectionId"
      params={{ projectId, connectionId: line.connectionId }}
    >
      {line.name}
    </Link>
  );
}

function ByConnection({ projectId, range }: { projectId: string; range: Range }) {
  const query = useQuery(
    trpc.connections.statistics.queryOptions(
      { projectId, range },
      { refetchInterval: REFRESH_MS, placeholderData: keepPreviousData },
    ),
  );
  const { data } = query;
  return (
    <section className="stat-section">
      <header>
        <h3>{words.byConnection}</h3>
        {data && !data.complete ? <span className="meta">{words.newestSteps(runs.dayTime(data.since))}</span> : null}
      </header>
      {query.isError && !data ? (
        <LoadError what={words.byConnection} error={query.error} retry={() => void query.refetch()} />
      ) : null}
      {data?.connections.length === 0 ? <p className="muted stat-none">{words.noSteps}</p> : null}
      {data?.connections.length ? (
        <table className="table figures" aria-label={words.byConnection}>
          <Heads
            first={words.name}
            rest={[words.steps, words.failed, words.retries, words.rate, words.medianShort, words.p95Short]}
          />
          {data.connections.map((line) => (
            <tbody key={line.connectionId} data-connection={line.connectionId}>
              <tr>
                <td>
                  <ConnectionName line={line} projectId={projectId} />
                </td>
                <NumberCells
                  cells={[
                    [words.steps, runs.count(line.steps)],
                    [words.failed, runs.count(line.failed)],
                    [words.retries, runs.count(line.retries)],
                    [words.rate, rateOf(line)],
                    [words.medianShort, time(line.medianMs)],
                    [words.p95Short, time(line.p95Ms)],
                  ]}
                />
              </tr>
            </tbody>
          ))}
        </table>
      ) : null}
    </section>
  );
}

export function StatisticsTab() {
  const project = useProject();
  const search = useSearch({ from: "/user/projects/$projectId/statistics" });
  const navigate = useNavigate({ from: "/projects/$projectId/statistics" });
  const range = search.range ?? "24h";
  const query = useQuery(
    trpc.executions.statistics.queryOptions(
      { projectId: project.id, range },
      { refetchInterval: REFRESH_MS, placeholderData: keepPreviousData },
    ),
  );
  const all = query.data;
  return (
    <section aria-labelledby="statistics-title">
      <div className="toolbar">
        <h2 id="statistics-title">{words.title}</h2>
        <span className="grow" />
        <Choice
          label={words.range}
          options={ranges.map((one) => ({ value: one, title: words.ranges[one] ?? one }))}
          value={range}
          change={(one) => void navigate({ search: { range: one }, replace: true })}
        />
      </div>
      {query.isError && !all ? (
        <LoadError what={words.title} error={query.error} retry={() => void query.refetch()} />
      ) : null}
      {query.isPending ? <Loading /> : null}
      {all?.executions === 0 ? <EmptyState icon={ChartColumn} title={words.empty} /> : null}
      {all?.executions ? (
        <div className="statistics" aria-busy={query.isPlaceholderData}>
          {all.complete ? null : <p className="stat-note">{words.newest(runs.dayTime(all.since))}</p>}
          <Figures all={all} />
          <OverTime slices={all.slices} range={range} />
          <ByWorkflow lines={all.workflows} projectId={project.id} range={range} />
          <ByConnection projectId={project.id} range={range} />
        </div>
      ) : null}
    </section>
  );
}
