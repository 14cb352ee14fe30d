/* SPDX-License-Identifier: Apache-2.0 */
/* How the execution that the nodes show went, in one line. */
import { Link } from "@tanstack/react-router";
import { hasEnded } from "../../api/live-execution.ts";
import type { Execution } from "../../api/types.ts";
import { RelativeTime } from "../../parts/relative-time.tsx";
import { editorText } from "../../text/editor.ts";
import { Duration, StateMark } from "../executions/index.ts";

const words = editorText.last;
export function LastRun({ execution }: { execution: Execution | undefined }) {
  if (!execution)
    return (
      <div className="bar-item muted">
        {words.title}: {words.none}
      </div>
    );
  const { error } = execution;
  const node = execution.steps.find((step) => step.nodeId === error?.nodeId);
  return (
    <div className="bar-item last-run">
      <span className="muted">{words.title}</span>
      <StateMark state={execution.status} />
      <span>
        <Duration span={execution} open={!hasEnded(execution.status)} />
      </span>
      <Link
        to="/projects/$projectId/executions/$executionId"
        params={{ projectId: execution.projectId, executionId: execution.id }}
      >
        {words.open}
      </Link>
      <span className="meta">
        <RelativeTime at={execution.createdAt} />
      </span>
      {error ? (
        <span className="last-error">
          {error.message}
          {node ? ` ${words.at(node.name)}` : ""}
        </span>
      ) : null}
    </div>
  );
}
