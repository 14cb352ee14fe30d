/* SPDX-License-Identifier: Apache-2.0 */
/* The executions of a project, newest first. Filters are in the address. */
import { Button, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { ArrowUp, Ban, ListFilter, Play, RotateCcw } from "lucide-react";
import { memo, useEffect, useLayoutEffect, useRef, useState } from "react";
import { trpc } from "../../api/client.ts";
import { hasEnded } from "../../api/live-execution.ts";
import type { ExecutionSummary } from "../../api.gen.ts";
import { sentence } from "../../app/errors.ts";
import { atLeast } from "../../app/permissions.ts";
import { DataTable, SkeletonRows } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { GuardedIcon } from "../../parts/guarded-button.tsx";
import { LoadError } from "../../parts/load-error.tsx";
import { RelativeTime } from "../../parts/relative-time.tsx";
import { useSteady } from "../../parts/steady.ts";
import { text } from "../../text/en.ts";
import { runs } from "../../text/runs.ts";
import { useProject } from "../projects/index.ts";
import { useCancel, useRunAgain } from "./actions.ts";
import "./list.css";
import { type ExecutionsSearch, statuses } from "./search.ts";
import { Duration, StateMark } from "./state.tsx";
import { useExecutionList } from "./use-list.ts";

const words = runs.list;
const columns = [words.state, words.workflow, words.trigger, words.started, words.duration, words.attempts, words.id];
/* So near to the end more is fetched. */
const AHEAD_ROWS = 50;

interface RowProps {
  execution: ExecutionSummary;
  mayRun: boolean;
  changed: (now: ExecutionSummary) => void;
}

function Again({ execution, mayRun }: Omit<RowProps, "changed">) {
  const again = useRunAgain(execution);
  return (
    <GuardedIcon
      label={words.againOf(execution.workflowName, runs.short(execution.id))}
      reason={mayRun ? undefined : words.editorsOnlyRun}
      onClick={() => again.isPending || again.mutate()}
    >
      <RotateCcw size={16} />
    </GuardedIcon>
  );
}

function Cancel({ execution, mayRun, changed }: RowProps) {
  const cancel = useCancel(execution, changed);
  return (
    <GuardedIcon
      label={
        cancel.isPending ? runs.detail.cancelling : words.cancelOf(execution.workflowName, runs.short(execution.id))
      }
      reason={mayRun ? undefined : words.editorsOnlyCancel}
      onClick={() => cancel.isPending || cancel.mutate()}
    >
      <Ban size={16} />
    </GuardedIcon>
  );
}

/* Scrolling draws the rows that come, and none of those that are there. */
const Row = memo(function Row({ execution, mayRun, changed }: RowProps) {
  const { projectId, id } = execution;
  return (
    <>
      <td data-label={words.state}>
        <StateMark state={execution.status} />
      </td>
      <td>
        <Link
          className="title"
          to="/projects/$projectId/executions/$executionId"
          params={{ projectId, executionId: id }}
        >
          {execution.workflowName}
        </Link>{" "}
        <span className="meta nowrap">{words.version(execution.workflowVersion)}</span>
        {execution.error ? <div className="one-line muted">{sentence(execution.error.message)}</div> : null}
      </td>
      <td data-label={words.trigger} className="nowrap">
        {execution.trigger ? words.triggers[execution.trigger] : words.unknown}
      </td>
      <td data-label={words.started} className="nowrap">
        <RelativeTime at={execution.createdAt} />
      </td>
      <td data-label={words.duration} className="nowrap">
        <Duration span={execution} open={!hasEnded(execution.status)} />
      </td>
      <td data-label={words.attempts} className="nowrap">
        {execution.attemptCount === undefined ? words.unknown : runs.count(execution.attemptCount)}
      </td>
      <td data-label={words.id} className="nowrap mono muted">
        {runs.short(id)}
      </td>
      <td className="actions">
        <div>
          {hasEnded(execution.status) ? (
            <Again execution={execution} mayRun={mayRun} />
          ) : (
            <Cancel execution={execution} mayRun={mayRun} changed={changed} />
          )}
        </div>
      </td>
    </>
  );
});

/* Only the rows near the window are there; the others are as high as they were. */
function Rows({
  rows,
  mayRun,
  changed,
  nearEnd,
}: Omit<RowProps, "execution"> & { rows: ExecutionSummary[]; nearEnd: () => void }) {
  const place = useRef<HTMLTableSectionElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const table = place.current?.parentElement;
    if (table) setTop(table.getBoundingClientRect().top + window.scrollY);
  }, []);
  const window_ = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => 45,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
    scrollMargin: top,
  });
  const items = window_.getVirtualItems();
  const first = items[0];
  const last = items[items.length - 1];
  const before = first ? first.start - top : 0;
  const after = last ? window_.getTotalSize() + top - last.end : 0;
  const end = last !== undefined && last.index >= rows.length - AHEAD_ROWS;
  useEffect(() => {
    if (end) nearEnd();
  }, [end, rows.length]);
  return (
    <>
      <tbody ref={place} className="spacer" aria-hidden>
        <tr>
          <td colSpan={columns.length + 1} style={{ height: before }} />
        </tr>
      </tbody>
      {items.map((item) => {
        const execution = rows[item.index] as ExecutionSummary;
        return (
          <tbody key={execution.id} ref={window_.measureElement} data-index={item.index} data-execution={execution.id}>
            <tr>
              <Row execution={execution} mayRun={mayRun} changed={changed} />
            </tr>
          </tbody>
        );
      })}
      <tbody className="spacer" aria-hidden>
        <tr>
          <td colSpan={columns.length + 1} style={{ height: after }} />
        </tr>
      </tbody>
    </>
  );
}

export function ExecutionsTab() {
  const project = useProject();
  const search = useSearch({ from: "/user/projects/$projectId/executions" });
  const navigate = useNavigate({ from: "/projects/$projectId/executions" });
  const workflows = useQuery(trpc.workflows.list.queryOptions({ projectId: project.id })).data?.workflows;
  const list = useExecutionList(project.id, search);
  const changed = useSteady(list.patch);
  const mayRun = atLeast(project.role, "editor");
  const { rows } = list;
  const filtered = search.status !== undefined || search.workflow !== undefined || search.range !== undefined;

  const set = (key: keyof ExecutionsSearch, value: string | null) =>
    void navigate({
      search: ({ [key]: _old, ...rest }: ExecutionsSearch) =>
        (value ? { ...rest, [key]: value } : rest) as ExecutionsSearch,
    });
  const clear = () => void navigate({ search: {} });
  const showFresh = () => {
    window.scrollTo({ top: 0 });
    list.showFresh();
  };

  return (
    <section aria-labelledby="executions-title">
      <div className="toolbar">
        <h2 id="executions-title">{words.title}</h2>
        <span className="grow" />
        {rows?.length || filtered ? (
          <>
            <Select
              className="filter"
              data-shortcut="search"
              aria-label={words.statusLabel}
              value={search.status ?? ""}
              onChange={(value) => set("status", value)}
              data={[
                { value: "", label: words.allStatuses },
                ...statuses.map((status) => ({ value: status, label: runs.status[status] })),
              ]}
            />
            <Select
              className="filter"
              aria-label={words.workflowLabel}
              value={search.workflow ?? ""}
              onChange={(value) => set("workflow", value)}
              data={[
                { value: "", label: words.allWorkflows },
                ...(workflows ?? []).map(({ id, name }) => ({ value: id, label: name })),
                ...(search.workflow && workflows && !workflows.some(({ id }) => id === search.workflow)
                  ? [{ value: search.workflow, label: runs.short(search.workflow) }]
                  : []),
              ]}
            />
            <Select
              className="filter"
              aria-label={words.rangeLabel}
              value={search.range ?? ""}
              onChange={(value) => set("range", value)}
              data={Object.entries(words.ranges).map(([value, label]) => ({ value, label }))}
            />
          </>
        ) : null}
      </div>
      {list.error && !rows ? <LoadError what={words.title} error={list.error} retry={list.retry} /> : null}
      {rows?.length === 0 ? (
        filtered ? (
          <EmptyState icon={ListFilter} title={text.common.noMatch}>
            <Button onClick={clear}>{text.common.clearFilters}</Button>
          </EmptyState>
        ) : (
          <EmptyState icon={Play} title={words.empty} line={words.emptyLine} />
        )
      ) : null}
      <div className="fresh-place" role="status">
        {list.fresh > 0 ? (
          <Button leftSection={<ArrowUp size={16} />} onClick={showFresh}>
            {words.fresh(list.fresh)}
          </Button>
        ) : null}
      </div>
      {rows?.length || (!rows && !list.error) ? (
        <DataTable label={words.title} columns={columns}>
          {rows ? (
            <Rows key={JSON.stringify(search)} rows={rows} mayRun={mayRun} changed={changed} nearEnd={list.loadMore} />
          ) : (
            <SkeletonRows columns={columns.length} rows={8} />
          )}
        </DataTable>
      ) : null}
      {rows?.length ? (
        <p className="list-end meta">
          {list.hasMore ? (
            <Button onClick={list.loadMore} loading={list.loadingMore}>
              {words.more}
            </Button>
          ) : (
            words.end(rows.length)
          )}
        </p>
      ) : null}
    </section>
  );
}
