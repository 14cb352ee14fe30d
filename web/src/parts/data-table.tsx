/* SPDX-License-Identifier: Apache-2.0 */
/* A table that turns into cards on narrow screens; its rows while they load. */
import { ArrowUp } from "lucide-react";
import type { ReactNode } from "react";
import { text } from "../text/en.ts";
import "./skeleton.css";

interface Props {
  label: string;
  columns: string[];
  /* The column that the rows are in order of, smallest first. */
  sorted?: string;
  children: ReactNode;
}

/* The last column holds actions. Each row is a tbody, so that lines can belong to it. */
export function DataTable({ label, columns, sorted, children }: Props) {
  return (
    <table className="table" aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col" {...(column === sorted ? { "aria-sort": "ascending" } : {})}>
              {column}
              {column === sorted ? <ArrowUp size={12} aria-hidden /> : null}
            </th>
          ))}
          <th scope="col" className="actions">
            <span className="hidden-text">{text.common.actions}</span>
          </th>
        </tr>
      </thead>
      {children}
    </table>
  );
}

/* Rows of the final height. They appear after a moment only: what is fast does not flicker. */
export function SkeletonRows({ columns, rows = 3 }: { columns: number; rows?: number }) {
  return (
    <tbody className="late" aria-hidden>
      {Array.from({ length: rows }, (_, row) => (
        <tr key={row}>
          {Array.from({ length: columns + 1 }, (_, column) => (
            <td key={column}>
              <span className="skeleton" style={{ width: column === 0 ? 160 : 72 }} />
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}

/* Lines of these widths in place of what is on its way. */
export function Bars({ widths }: { widths: number[] }) {
  return widths.map((width, index) => <span key={index} className="skeleton" style={{ width }} />);
}

export function FactsSkeleton({ rows }: { rows: number }) {
  return (
    <div className="facts-skeleton late" aria-hidden>
      <Bars widths={Array.from({ length: rows }, () => 240)} />
    </div>
  );
}
