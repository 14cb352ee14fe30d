/* SPDX-License-Identifier: Apache-2.0 */
/* What went into a step, or came out: of what is long its beginning at first, all of it on request. */
import { type ReactNode, useState } from "react";
import { fetchWholeStep, useLongStep } from "../../api/live-execution.ts";
import type { Step } from "../../api.gen.ts";
import { LoadError } from "../../parts/load-error.tsx";
import { text } from "../../text/en.ts";
import { runs } from "../../text/runs.ts";
import { Payload } from "./payload.tsx";

interface Props {
  executionId: string;
  step: Step;
  part: "input" | "output";
  /* What is said when there is none. */
  nothing: ReactNode;
}

export function StepData({ executionId, step, part, nothing }: Props) {
  const [whole, setWhole] = useState(false);
  const long = useLongStep(executionId, step, whole);
  if (step.partial && long.isPending) return <p className="muted late">{text.common.loading}</p>;
  if (step.partial && long.isError)
    return <LoadError what={runs.detail[part]} error={long.error} retry={() => void long.refetch()} />;
  const found = step.partial ? long.data : step;
  const value = found?.[part];
  if (value === undefined) return nothing;
  const bytes = found?.[`${part}Bytes`];
  const cut = bytes
    ? {
        bytes,
        loading: whole,
        loadAll: () => setWhole(true),
        fetchAll: () => fetchWholeStep(executionId, step).then((all) => all[part]),
      }
    : undefined;
  return <Payload value={value} name={`${step.nodeId}-${part}`} {...(cut ? { cut } : {})} />;
}
