/* SPDX-License-Identifier: Apache-2.0 */
/* A table that turns into cards on narrow screens; its rows while they load. */
import type { ReactNode } from "react";
import { text } from "../text/en.ts";

interface Props {
  label: string;
  columns: string[];
  children: ReactNode;
}

/* The last column holds actions. Each row is a tbody, so that lines can belong to it. */
export function DataTable({ label, columns, children }: Props) {
  return (
    <table className="table" aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col">
              {column}
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
