/* SPDX-License-Identifier: Apache-2.0 */
/* The bar below: what keeps the draft from running, each with the way to it, and how the last execution went. */
import { ChevronDown, ChevronRight } from "lucide-react";
import { useState } from "react";
import type { Execution } from "../../api/types.ts";
import { StatusMark } from "../../parts/status-mark.tsx";
import { editorText } from "../../text/editor.ts";
import { useEditor } from "./context.tsx";
import { focusName } from "./focus.ts";
import { LastRun } from "./last-run.tsx";
import { findNode } from "./model/graph.ts";

const words = editorText.problems;

function List({ id }: { id: string }) {
  const { problems, graph, open, select } = useEditor();
  const errors = problems.filter((problem) => problem.level === "error");
  return (
    <ul className="problem-list" id={id}>
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
                  focusName(node.id);
                }}
              >
                {node.name}
              </button>
            ) : null}
          </li>
        );
      })}
    </ul>
  );
}

export function Foot({ execution }: { execution: Execution | undefined }) {
  const { problems } = useEditor();
  const [shown, setShown] = useState(false);
  const Fold = shown ? ChevronDown : ChevronRight;
  return (
    <footer className="editor-foot" id="editor-foot" tabIndex={-1}>
      {problems.length ? (
        <button
          type="button"
          className="bar-item bar-fold"
          aria-expanded={shown}
          aria-controls="editor-problems"
          onClick={() => setShown(!shown)}
        >
          <Fold size={14} aria-hidden />
          <StatusMark tone={problems.some(({ level }) => level === "error") ? "err" : "warn"}>
            {words.title(problems.length)}
          </StatusMark>
        </button>
      ) : (
        <div className="bar-item">
          <StatusMark tone="ok">{words.none}</StatusMark>
        </div>
      )}
      <LastRun execution={execution} />
      {shown && problems.length ? <List id="editor-problems" /> : null}
    </footer>
  );
}
