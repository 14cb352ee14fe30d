/* SPDX-License-Identifier: Apache-2.0 */
/* One execution, live while it runs. Which node is looked at, and how, is in the address. */
import { Button } from "@mantine/core";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ExternalLink, RotateCcw } from "lucide-react";
import { lazy, Suspense, useEffect, useRef } from "react";
import { hasEnded, useLiveExecution } from "../../api/live-execution.ts";
import type { Execution } from "../../api/types.ts";
import { announce } from "../../app/announce.tsx";
import { NotFoundPage } from "../../app/boundary.tsx";
import { problemOf, sentence } from "../../app/errors.ts";
import { atLeast } from "../../app/permissions.ts";
import { GuardedButton } from "../../parts/guarded-button.tsx";
import { LoadError } from "../../parts/load-error.tsx";
import { TabList } from "../../parts/tab-list.tsx";
import { runs } from "../../text/runs.ts";
import { useProject } from "../projects/index.ts";
import { useCancel, useRunAgain } from "./actions.ts";
import "./detail.css";
import { Inspector } from "./inspector.tsx";
import type { ExecutionSearch } from "./search.ts";
import { Duration, StateMark } from "./state.tsx";
import { Timeline } from "./timeline.tsx";

const words = runs.detail;
const RunGraph = lazy(() => import("./graph.tsx").then(({ RunGraph }) => ({ default: RunGraph })));

/* What the eye looks for first: what failed, then what is at work, then the last. */
function mostTelling(execution: Execution): string | undefined {
  const { steps, error } = execution;
  const of = (...states: string[]) => steps.find((step) => states.includes(step.status))?.nodeId;
  return error?.nodeId ?? of("failed") ?? of("running", "waiting") ?? steps[steps.length - 1]?.nodeId;
}

function Headline({ execution }: { execution: Execution }) {
  const open = !hasEnded(execution.status);
  const params = { projectId: execution.projectId };
  return (
    <>
      <p className="crumbs">
        <Link to="/projects/$projectId/executions" params={params}>
          {runs.list.title}
        </Link>
        <span aria-hidden>/</span>
        <span className="mono">{runs.short(execution.id)}</span>
      </p>
      <div className="run-headline">
        <h2>{execution.workflowName}</h2>
        <StateMark state={execution.status} />
      </div>
      <p className="run-facts muted">
        <span>{runs.list.version(execution.workflowVersion)}</span>
        {execution.trigger ? <span>{runs.list.triggers[execution.trigger]}</span> : null}
        <time dateTime={execution.createdAt}>{runs.moment(execution.createdAt)}</time>
        <span>
          <Duration span={execution} open={open} />
        </span>
        {execution.rerunOf ? (
          <span>
            {words.againOf}{" "}
            <Link
              to="/projects/$projectId/executions/$executionId"
              params={{ ...params, executionId: execution.rerunOf }}
              className="mono"
            >
              {runs.short(execution.rerunOf)}
            </Link>
          </span>
        ) : null}
      </p>
    </>
  );
}

function Actions({ execution }: { execution: Execution }) {
  const project = useProject();
  const cancel = useCancel(execution, () => undefined);
  const again = useRunAgain(execution);
  const mayRun = atLeast(project.role, "editor");
  const open = !hasEnded(execution.status);
  const cancelling = cancel.isPending || cancel.isSuccess;
  return (
    <div className="buttons">
      {open ? (
        <GuardedButton
          reason={mayRun ? undefined : runs.list.editorsOnlyCancel}
          onClick={() => cancelling || cancel.mutate()}
          loading={false}
        >
          {cancelling ? words.cancelling : words.cancel}
        </GuardedButton>
      ) : (
        <GuardedButton
          variant="filled"
          leftSection={<RotateCcw size={16} />}
          reason={mayRun ? undefined : runs.list.editorsOnlyRun}
          onClick={() => again.isPending || again.mutate()}
        >
          {words.again}
        </GuardedButton>
      )}
      <Button
        renderRoot={(props) => (
          <Link
            {...props}
            to="/projects/$projectId/workflows/$workflowId"
            params={{ projectId: project.id, workflowId: execution.workflowId }}
          />
        )}
        rightSection={<ExternalLink size={16} />}
      >
        {words.openWorkflow}
      </Button>
    </div>
  );
}

function Failure({ execution, select }: { execution: Execution; select: (nodeId: string) => void }) {
  const { error } = execution;
  if (!error) return null;
  const step = execution.steps.find(({ nodeId }) => nodeId === error.nodeId);
  return (
    <div className="run-failure">
      <p>
        {step ? sentence(error.message).replace(/\.$/, "") : sentence(error.message)}
        {step ? (
          <>
            {" ("}
            <button type="button" className="link" onClick={() => select(step.nodeId)}>
              {words.node(step.name)}
            </button>
            {step.attemptCount > 0 ? `, ${words.attemptOf(step.attemptCount, step.attemptCount)}` : ""})
          </>
        ) : null}
      </p>
      {error.advice ? <p>{error.advice}</p> : null}
    </div>
  );
}

/* The end of what was seen running is said once. */
function useSayEnd(execution: Execution | undefined): void {
  const running = useRef<string>(undefined);
  useEffect(() => {
    if (!execution) return;
    if (!hasEnded(execution.status)) running.current = execution.id;
    else if (running.current === execution.id) {
      running.current = undefined;
      announce(words.ended(execution.workflowName, runs.status[execution.status]));
    }
  }, [execution]);
}

/* As high as what comes. */
function Loading() {
  return (
    <div className="run late" aria-busy>
      <div className="run-header">
        <span className="skeleton run-skeleton" />
      </div>
      <div className="run-body">
        <div className="run-main run-skeleton" />
        <div className="run-main run-skeleton" />
      </div>
    </div>
  );
}

export function ExecutionScreen() {
  const { executionId } = useParams({ from: "/user/projects/$projectId/executions/$executionId" });
  const search = useSearch({ from: "/user/projects/$projectId/executions/$executionId" });
  const navigate = useNavigate({ from: "/projects/$projectId/executions/$executionId" });
  const project = useProject();
  const query = useLiveExecution(executionId);
  const execution = query.data;
  useSayEnd(execution);

  if (query.isError && !execution) {
    if (["NOT_FOUND", "BAD_REQUEST"].includes(problemOf(query.error).code)) return <NotFoundPage />;
    return <LoadError what={runs.list.one} error={query.error} retry={() => void query.refetch()} />;
  }
  if (!execution) return <Loading />;
  if (execution.projectId !== project.id) return <NotFoundPage />;

  const set = (change: Partial<ExecutionSearch>) =>
    void navigate({ search: (now: ExecutionSearch) => ({ ...now, ...change }) as ExecutionSearch, replace: true });
  const select = (node: string) => set({ node });
  const steps = execution.steps;
  const selected = steps.find(({ nodeId }) => nodeId === search.node)?.nodeId ?? mostTelling(execution);
  const step = steps.find(({ nodeId }) => nodeId === selected);
  const view = search.show ?? "timeline";
  return (
    <article className="run" data-status={execution.status}>
      <header className="run-header">
        <div className="grow">
          <Headline execution={execution} />
        </div>
        <Actions execution={execution} />
      </header>
      <Failure execution={execution} select={select} />
      <div className="run-body">
        <div className="run-main">
          <TabList
            label={words.view}
            value={view}
            change={(id) =>
              void navigate({
                search: ({ show: _show, ...rest }: ExecutionSearch) => (id === "graph" ? { ...rest, show: id } : rest),
                replace: true,
              })
            }
            tabs={[
              { id: "timeline", title: words.timeline },
              { id: "graph", title: words.graph },
            ]}
          >
            {view === "graph" ? (
              <Suspense fallback={<div className="run-graph" aria-busy />}>
                <RunGraph executionId={executionId} steps={steps} selected={selected} select={select} />
              </Suspense>
            ) : (
              <Timeline execution={execution} selected={selected} select={select} />
            )}
          </TabList>
        </div>
        {step ? <Inspector key={step.nodeId} executionId={executionId} step={step} /> : null}
      </div>
    </article>
  );
}
