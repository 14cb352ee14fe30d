/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list, page behind page, and live: rows that are shown change in place, and what is new is counted
 * until somebody asks for it, so that no row jumps.
 */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { api, queryClient, trpc } from "../../api/client.ts";
import { hasEnded } from "../../api/live-execution.ts";
import { useWatch } from "../../api/watch.ts";
import type { ExecutionSummary } from "../../api.gen.ts";
import { type ExecutionsSearch, ranges } from "./search.ts";

/* Rows that may have ended while nobody told us, and are asked for one by one. */
const DOUBTFUL_MAX = 50;
const EARLY_MAX = 500;
const PAGE = 100;
const MINUTE_MS = 60_000;

export interface ExecutionList {
  rows: ExecutionSummary[] | undefined;
  error: unknown;
  retry: () => void;
  hasMore: boolean;
  loadingMore: boolean;
  loadMore: () => void;
  /* New ones that are not shown yet. */
  fresh: number;
  showFresh: () => void;
  patch: (execution: ExecutionSummary) => void;
}

/* The same for a minute, so that going back finds what was loaded. */
function sinceOf(range: ExecutionsSearch["range"]): string | undefined {
  if (!range) return undefined;
  const minute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  return new Date(minute - ranges[range]).toISOString();
}

export function useExecutionList(projectId: string, search: ExecutionsSearch): ExecutionList {
  const { status, workflow, range } = search;
  const since = useMemo(() => sinceOf(range), [range]);
  const input = {
    projectId,
    ...(status ? { status } : {}),
    ...(workflow ? { workflowId: workflow } : {}),
    ...(since ? { since } : {}),
  };
  const options = trpc.executions.list.infiniteQueryOptions(
    { ...input, limit: PAGE },
    {
      getNextPageParam: (page) => page.nextCursor,
      /* News come by the stream; asking for all pages again would make rows jump. */
      staleTime: Number.POSITIVE_INFINITY,
      placeholderData: keepPreviousData,
    },
  );
  const query = useInfiniteQuery(options);
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.executions), [query.data]);
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const shown = useRef(rows);
  shown.current = query.isPlaceholderData ? undefined : rows;
  /* News from before there was a list, which may not know of them. */
  const early = useRef<ExecutionSummary[]>([]);

  const filters = JSON.stringify(input);
  useEffect(() => {
    early.current = [];
    setFresh(new Set());
  }, [filters]);

  function fits(execution: ExecutionSummary): boolean {
    return (
      (!status || execution.status === status) &&
      (!workflow || execution.workflowId === workflow) &&
      (!since || execution.createdAt >= since)
    );
  }

  function patch(executions: ExecutionSummary[]): void {
    const news = new Map(executions.map((execution) => [execution.id, execution]));
    queryClient.setQueryData(options.queryKey, (old) => {
      if (!old?.pages.some((page) => page.executions.some(({ id }) => news.has(id)))) return old;
      return {
        ...old,
        pages: old.pages.map((page) => ({
          ...page,
          executions: page.executions.map((execution) => news.get(execution.id) ?? execution),
        })),
      };
    });
  }

  /* Beginning anew: the first page, and none but it. */
  function showFresh(): void {
    setFresh(new Set());
    queryClient.setQueryData(
      options.queryKey,
      (old) => old && { pages: old.pages.slice(0, 1), pageParams: old.pageParams.slice(0, 1) },
    );
    void queryClient.invalidateQueries({ queryKey: options.queryKey });
  }

  function take(executions: ExecutionSummary[]): void {
    const now = shown.current;
    if (!now) {
      early.current = [...early.current, ...executions].slice(-EARLY_MAX);
      return;
    }
    patch(executions);
    const known = new Set(now.map(({ id }) => id));
    const newest = now[0]?.id ?? "";
    const unseen = executions.filter(
      (execution) => execution.id > newest && !known.has(execution.id) && fits(execution),
    );
    if (unseen.length === 0) return;
    /* Nothing is there that could jump. */
    if (now.length === 0) showFresh();
    else setFresh((before) => new Set([...before, ...unseen.map(({ id }) => id)]));
  }

  const there = shown.current !== undefined;
  useEffect(() => {
    if (there) take(early.current.splice(0));
  }, [there, filters]);

  /* What the stream could not tell. */
  async function lookAgain(): Promise<void> {
    const page = await api.executions.list.query({ ...input, limit: PAGE });
    take(page.executions);
    const seen = new Set(page.executions.map(({ id }) => id));
    const doubtful = (shown.current ?? []).filter(({ id, status }) => !hasEnded(status) && !seen.has(id));
    const answers = await Promise.allSettled(
      doubtful.slice(0, DOUBTFUL_MAX).map(({ id }) => api.executions.get.query({ executionId: id, brief: true })),
    );
    patch(answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : [])));
  }

  useWatch({ projectId }, (events) => {
    take(events.flatMap(({ type, execution }) => (type === "execution" && execution ? [execution] : [])));
    if (events.some(({ type }) => type === "gap")) lookAgain().catch(() => undefined);
  });

  return {
    rows,
    error: query.error,
    retry: () => void query.refetch(),
    hasMore: query.hasNextPage,
    loadingMore: query.isFetchingNextPage,
    loadMore: () => {
      if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
    },
    fresh: fresh.size,
    showFresh,
    patch: (execution) => patch([execution]),
  };
}
