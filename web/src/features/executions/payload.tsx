/* SPDX-License-Identifier: Apache-2.0 */
/* An input or output: rows as a table, anything as a tree; a part of it at first, all of it on request. */
import { Button } from "@mantine/core";
import { Check, Copy, Download } from "lucide-react";
import { useEffect, useState } from "react";
import { problemOf } from "../../app/errors.ts";
import { notice } from "../../app/notices.ts";
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
  rowCount?: number;
}

/* What is there is only the beginning. */
export interface Cut {
  /* Of the whole. */
  bytes: number;
  loading: boolean;
  loadAll: () => void;
  fetchAll: () => Promise<unknown>;
}

export function asResult(value: unknown): Result | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { rows, columns, rowCount } = value as Partial<Result>;
  if (!Array.isArray(rows) || !Array.isArray(columns) || columns.length === 0) return undefined;
  return { rows, columns, ...(typeof rowCount === "number" ? { rowCount } : {}) };
}

function Cell({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <span className="muted">{words.null}</span>;
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  return <>{shown.length > CELL_MAX ? `${shown.slice(0, CELL_MAX)}…` : shown}</>;
}

function ResultTable({ result, cut }: { result: Result; cut: Cut | undefined }) {
  const [wanted, setWanted] = useState(ROWS_PAGE);
  const { rows, columns } = result;
  const all = cut ? Math.max(result.rowCount ?? 0, rows.length) : rows.length;
  const shown = Math.min(wanted, rows.length);
  function showMore(): void {
    if (wanted + ROWS_PAGE > rows.length) cut?.loadAll();
    setWanted(wanted + ROWS_PAGE);
  }
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
        <span className="meta">{all ? words.rows(shown, all) : words.noRows}</span>
        {all > shown ? (
          <Button size="compact-sm" onClick={showMore} loading={wanted > shown && cut?.loading === true}>
            {words.more(Math.min(ROWS_PAGE, all - shown))}
          </Button>
        ) : null}
      </div>
    </>
  );
}

function CopyButton({ all }: { all: () => Promise<unknown> }) {
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
      onClick={() =>
        void all()
          .then((value) => navigator.clipboard.writeText(JSON.stringify(value, null, 2)))
          .then(() => setCopied(true), tellFailure)
      }
    >
      {copied ? words.copied : words.copy}
    </Button>
  );
}

function tellFailure(error: unknown): void {
  notice(problemOf(error).message);
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
export function Payload({ value, name, cut }: { value: unknown; name: string; cut?: Cut }) {
  const result = asResult(value);
  /* Who takes it along takes all of it. */
  const all = () => (cut ? cut.fetchAll() : Promise.resolve(value));
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
        <CopyButton all={all} />
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<Download size={14} />}
          onClick={() => void all().then((one) => download(one, name), tellFailure)}
        >
          {words.download}
        </Button>
      </div>
      {result && !tree ? (
        <ResultTable result={result} cut={cut} />
      ) : (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
          <section className="payload-scroll" tabIndex={0} aria-label={words.what}>
            <JsonView value={value} />
          </section>
          {cut ? (
            <div className="payload-foot">
              <span className="meta">{words.beginning(cut.bytes)}</span>
              <Button size="compact-sm" onClick={cut.loadAll} loading={cut.loading}>
                {words.loadAll}
              </Button>
            </div>
          ) : null}
        </>
      )}
    </div>
  );
}
