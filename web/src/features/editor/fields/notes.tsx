/* SPDX-License-Identifier: Apache-2.0 */
/* Label above a field and problems below it, for fields that are not the kit's. */
import type { ReactNode } from "react";
import { StatusMark } from "../../../parts/status-mark.tsx";
import type { Problem } from "../model/check.ts";

export function errorOf(problems: Problem[]): string | undefined {
  return problems.find((problem) => problem.level === "error")?.message;
}

/* Warnings, which the kit's fields know nothing of. */
export function Warnings({ problems }: { problems: Problem[] }) {
  return problems
    .filter((problem) => problem.level === "warning")
    .map((problem) => (
      <StatusMark key={problem.message} tone="warn">
        {problem.message}
      </StatusMark>
    ));
}

interface Props {
  id: string;
  label: string;
  hint?: ReactNode;
  problems: Problem[];
  children: ReactNode;
}

export function OwnField({ id, label, hint, problems, children }: Props) {
  const error = errorOf(problems);
  return (
    <div className="own-field">
      <span className="own-label" aria-hidden>
        {label}
      </span>
      {children}
      <div id={`${id}-notes`} className="own-notes">
        {error ? <p className="own-error">{error}</p> : null}
        <Warnings problems={problems} />
        {hint}
      </div>
    </div>
  );
}
