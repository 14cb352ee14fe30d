/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps the draft from running, each with the way to it. */
import { StatusMark } from "../../parts/status-mark.tsx";
import { editorText } from "../../text/editor.ts";
import { useEditor } from "./context.tsx";
import { findNode } from "./model/graph.ts";

const words = editorText.problems;

export function Problems() {
  const { problems, graph, open, select } = useEditor();
  if (problems.length === 0)
    return (
      <div className="bar-item">
        <StatusMark tone="ok">{words.none}</StatusMark>
      </div>
    );
  const errors = problems.filter((problem) => problem.level === "error");
  return (
    <details className="bar-item fold">
      <summary>{words.title(problems.length)}</summary>
      <ul className="problem-list">
        {[...errors, ...problems.filter((problem) => problem.level === "warning")].map((problem) => {
          const node = findNode(graph, problem.nodeId);
          return (
            <li key={`${problem.nodeId} ${problem.field} ${problem.message}`}>
              <StatusMark tone={problem.level === "error" ? "err" : "warn"}>{problem.message}</StatusMark>
              {node ? (
                <button
                  type="button"
                  className="link"
                  onClick={() => {
                    select([node.id]);
                    open(node.id);
                  }}
                >
                  {node.name}
                </button>
              ) : null}
            </li>
          );
        })}
      </ul>
    </details>
  );
}
