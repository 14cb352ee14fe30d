/* SPDX-License-Identifier: Apache-2.0 */
/* An input or an output as JSON, or rows as a table; long ones are cut, and say so. */
import { editorText } from "../../text/editor.ts";

const words = editorText.panel;
const MOST_TEXT = 64 * 1024;
const MOST_ROWS = 200;

type Row = Record<string, unknown>;

function rowsOf(value: unknown): { rows: Row[]; columns: string[] } | undefined {
  const output = value as { rows?: unknown; columns?: { name: string }[] } | null;
  if (!output || typeof output !== "object" || !Array.isArray(output.rows) || !Array.isArray(output.columns)) return;
  return { rows: output.rows as Row[], columns: output.columns.map((column) => column.name) };
}

function cell(value: unknown): string {
  return value === null ? "NULL" : typeof value === "string" ? value : JSON.stringify(value);
}

export function Payload({ value, label }: { value: unknown; label: string }) {
  const table = rowsOf(value);
  if (table?.columns.length) {
    const { rows, columns } = table;
    const shown = rows.slice(0, MOST_ROWS);
    return (
      <>
        <p className="meta">
          {rows.length > MOST_ROWS
            ? words.cut(words.rows(MOST_ROWS), words.rows(rows.length))
            : words.rows(rows.length)}
        </p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys */}
        <section className="payload" aria-label={label} tabIndex={0}>
          <table className="payload-table">
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((row, at) => (
                <tr key={at}>
                  {columns.map((column) => (
                    <td key={column}>{cell(row[column]).slice(0, 500)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </>
    );
  }
  const text = JSON.stringify(value, null, 2) ?? "";
  const kB = (characters: number) => `${Math.ceil(characters / 1024)} kB`;
  return (
    <>
      {text.length > MOST_TEXT ? <p className="meta">{words.cut(kB(MOST_TEXT), kB(text.length))}</p> : null}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys */}
      <section className="payload" aria-label={label} tabIndex={0}>
        <pre>{text.slice(0, MOST_TEXT)}</pre>
      </section>
    </>
  );
}
