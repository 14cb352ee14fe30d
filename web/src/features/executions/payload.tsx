/* SPDX-License-Identifier: Apache-2.0 */
/* An input or output: rows as a table, anything as a tree; a part of it at first, all of it on request. */
import { Button } from "@mantine/core";
import { Check, Copy, Download } from "lucide-react";
import { useEffect, useState } from "react";
import { Choice } from "../../parts/choice.tsx";
import { JsonView } from "../../parts/json-view.tsx";
import { runs } from "../../text/runs.ts";
import "./payload.css";

const words = runs.payload;
const ROWS_PAGE = 200;
const COPIED_MS = 2_000;
/* A cell shows the beginning of what it holds; the tree has all. */
const CELL_MAX = 200;

interface Result {
  rows: Record<string, unknown>[];
  columns: { name: string; type: string }[];
}

export function asResult(value: unknown): Result | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { rows, columns } = value as Partial<Result>;
  return Array.isArray(rows) && Array.isArray(columns) && columns.length > 0 ? { rows, columns } : undefined;
}

function Cell({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <span className="muted">{words.null}</span>;
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  return <>{shown.length > CELL_MAX ? `${shown.slice(0, CELL_MAX)}…` : shown}</>;
}

function ResultTable({ result }: { result: Result }) {
  const [shown, setShown] = useState(ROWS_PAGE);
  const { rows, columns } = result;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
      <section className="payload-scroll" tabIndex={0} aria-label={words.what}>
        <table className="result">
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.name} scope="col">
                  {column.name} <span className="muted">{column.type}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map((row, index) => (
              <tr key={index}>
                {columns.map((column) => (
                  <td key={column.name} className={typeof row[column.name] === "number" ? "number" : undefined}>
                    <Cell value={row[column.name]} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <div className="payload-foot">
        <span className="meta">
          {rows.length ? words.rows(Math.min(shown, rows.length), rows.length) : words.noRows}
        </span>
        {rows.length > shown ? (
          <Button size="compact-sm" onClick={() => setShown(shown + ROWS_PAGE)}>
            {words.more(Math.min(ROWS_PAGE, rows.length - shown))}
          </Button>
        ) : null}
      </div>
    </>
  );
}

function CopyButton({ value }: { value: unknown }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  /* Browsers have no clipboard for pages that come over plain HTTP from elsewhere. */
  if (!navigator.clipboard) return null;
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      leftSection={copied ? <Check size={14} /> : <Copy size={14} />}
      onClick={() => void navigator.clipboard.writeText(JSON.stringify(value, null, 2)).then(() => setCopied(true))}
    >
      {copied ? words.copied : words.copy}
    </Button>
  );
}

function download(value: unknown, name: string): void {
  const address = URL.createObjectURL(new Blob([JSON.stringify(value, null, 2)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${name}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/* `name`: of the file, when it is downloaded. */
export function Payload({ value, name }: { value: unknown; name: string }) {
  const result = asResult(value);
  const [tree, setTree] = useState(false);
  return (
    <div className="payload">
      <div className="payload-tools">
        {result ? (
          <Choice
            label={words.form}
            options={[
              { value: "table", title: words.table },
              { value: "json", title: words.json },
            ]}
            value={tree ? "json" : "table"}
            change={(form) => setTree(form === "json")}
          />
        ) : null}
        <span className="grow" />
        <CopyButton value={value} />
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<Download size={14} />}
          onClick={() => download(value, name)}
        >
          {words.download}
        </Button>
      </div>
      {result && !tree ? (
        <ResultTable result={result} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
        <section className="payload-scroll" tabIndex={0} aria-label={words.what}>
          <JsonView value={value} />
        </section>
      )}
    </div>
  );
}
