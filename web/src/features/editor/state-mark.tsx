/* SPDX-License-Identifier: Apache-2.0 */
/* A node's state as icon, word and colour. */
import { StatusMark } from "../../parts/status-mark.tsx";
import { StateMark } from "../executions/index.ts";
import type { NodeState } from "./node-state.ts";

export function NodeMark({ state }: { state: NodeState | undefined }) {
  if (!state) return null;
  if (state.status) return <StateMark state={state.status} />;
  return (
    <StatusMark tone="warn">
      <span className="node-problem">{state.problem.message}</span>
    </StatusMark>
  );
}
