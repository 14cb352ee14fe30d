/* SPDX-License-Identifier: Apache-2.0 */
/* The executions of a workflow in the last 24 hours, hour by hour; a click lists them. */
import { Tooltip } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { StatisticsSlice, WorkflowHistories } from "../../api.gen.ts";
import { text } from "../../text/en.ts";

const words = text.workflows;
const HEIGHT = 20;
const STEP = 4;
/* From the bottom up. */
const kinds = ["failed", "cancelled", "open", "succeeded"] as const;

type Kind = (typeof kinds)[number];
interface Piece {
  kind: Kind;
  from: number;
  height: number;
}

/* The pieces of one bar: none is too small to be seen, and together they are not higher than the line. */
function pieces(slice: StatisticsSlice, most: number): Piece[] {
  const total = kinds.reduce((sum, kind) => sum + slice[kind], 0);
  const high = Math.max(4, (HEIGHT * total) / most);
  let from = 0;
  return kinds.flatMap((kind) => {
    if (slice[kind] === 0) return [];
    const height = Math.min(HEIGHT - from, Math.max(2, (high * slice[kind]) / total));
    const piece = { kind, from, height };
    from += height;
    return height > 0 ? [piece] : [];
  });
}

function Bars({ slices, all }: { slices: StatisticsSlice[]; all: WorkflowHistories["slices"] }) {
  const most = Math.max(...slices.map((slice) => kinds.reduce((sum, kind) => sum + slice[kind], 0)));
  return (
    <svg width={all.length * STEP} height={HEIGHT} aria-hidden>
      <path className="day-base" d={`M0 ${HEIGHT - 0.5}h${all.length * STEP - 1}`} />
      {slices.map((slice) => {
        const x = all.findIndex(({ at }) => at === slice.at) * STEP;
        return pieces(slice, most).map(({ kind, from, height }) => (
          <rect
            key={`${slice.at} ${kind}`}
            data-kind={kind}
            x={x}
            y={HEIGHT - from - height}
            width={3}
            height={height}
          />
        ));
      })}
    </svg>
  );
}

export type Histories = WorkflowHistories | "unknown" | undefined;

interface Props {
  projectId: string;
  workflowId: string;
  name: string;
  /* Absent: not known yet. */
  histories: Histories;
}

export function LastDay({ projectId, workflowId, name, histories }: Props) {
  if (!histories) return <span className="skeleton late" style={{ width: 99 }} />;
  if (histories === "unknown") return <span className="muted">{words.notCounted}</span>;
  const history = histories.workflows.find((one) => one.workflowId === workflowId);
  if (!history) return <span className="muted">{words.noneToday}</span>;
  const failed = history.slices.reduce((sum, slice) => sum + slice.failed, 0);
  const summary = words.today(history.executions, failed, histories.complete);
  return (
    <Tooltip label={summary}>
      <Link
        className="day"
        to="/projects/$projectId/executions"
        params={{ projectId }}
        search={{ workflow: workflowId, range: "24h" }}
        preload={false}
        aria-label={words.todayOf(name, summary)}
      >
        <Bars slices={history.slices} all={histories.slices} />
        {failed ? <span className="meta">{words.failed(failed)}</span> : null}
      </Link>
    </Tooltip>
  );
}
