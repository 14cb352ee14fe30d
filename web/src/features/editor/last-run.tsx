/* SPDX-License-Identifier: Apache-2.0 */
/* How the execution that the nodes show went, in one line. */
import type { Execution } from "../../api/types.ts";
import { RelativeTime } from "../../parts/relative-time.tsx";
import { StatusMark, type Tone } from "../../parts/status-mark.tsx";
import { editorText } from "../../text/editor.ts";

const words = editorText.last;
const tones: Record<Execution["status"], Tone> = {
  queued: "idle",
  running: "info",
  waiting: "warn",
  succeeded: "ok",
  failed: "err",
  cancelled: "idle",
};

function took(execution: Execution): string | undefined {
  if (!execution.startedAt || !execution.finishedAt) return undefined;
  const ms = Date.parse(execution.finishedAt) - Date.parse(execution.startedAt);
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

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
      <StatusMark tone={tones[execution.status]}>{words.states[execution.status]}</StatusMark>
      {took(execution) ? <span>{took(execution)}</span> : null}
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
