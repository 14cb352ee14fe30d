/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON value as a tree, of which only so much is drawn as somebody asks for. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { runs } from "../text/runs.ts";
import "./json-view.css";

const words = runs.payload;
/* Members of one object or array that are drawn at first, and with each further click. */
const PAGE = 100;
const TEXT_PAGE = 4_000;
/* Levels that are open at first. */
const OPEN_DEPTH = 2;

function LongText({ value }: { value: string }) {
  const [shown, setShown] = useState(TEXT_PAGE);
  const rest = value.length - shown;
  return (
    <>
      <span className="json-text">{JSON.stringify(value.slice(0, shown)).slice(0, rest > 0 ? -1 : undefined)}</span>
      {rest > 0 ? (
        <>
          …{" "}
          <button type="button" className="json-more" onClick={() => setShown(shown + 16 * TEXT_PAGE)}>
            {words.cut(rest)}
          </button>
        </>
      ) : null}
    </>
  );
}

function Scalar({ value }: { value: unknown }) {
  if (typeof value === "string") return <LongText value={value} />;
  return <span className={typeof value === "number" ? "json-number" : "json-word"}>{String(value)}</span>;
}

function Key({ name }: { name: string | number | undefined }) {
  if (name === undefined) return null;
  return <span className="json-key">{typeof name === "number" ? name : JSON.stringify(name)}: </span>;
}

function Node({ name, value, depth }: { name?: string | number; value: unknown; depth: number }) {
  const [open, setOpen] = useState(depth < OPEN_DEPTH);
  const [shown, setShown] = useState(PAGE);
  if (value === null || typeof value !== "object")
    return (
      <li>
        <Key name={name} />
        <Scalar value={value} />
      </li>
    );
  const list = Array.isArray(value);
  const keys = list ? undefined : Object.keys(value);
  const size = list ? value.length : (keys as string[]).length;
  const members = list
    ? value.slice(0, shown).map((item, index) => [index, item] as const)
    : (keys as string[]).slice(0, shown).map((key) => [key, (value as Record<string, unknown>)[key]] as const);
  if (size === 0)
    return (
      <li>
        <Key name={name} />
        <span className="json-word">{list ? "[]" : "{}"}</span>
      </li>
    );
  return (
    <li>
      <button type="button" className="json-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Key name={name} />
        <span className="muted">{list ? `[ ${words.items(size)} ]` : `{ ${words.keys(size)} }`}</span>
      </button>
      {open ? (
        <ul>
          {members.map(([key, member]) => (
            <Node key={key} name={key} value={member} depth={depth + 1} />
          ))}
          {size > shown ? (
            <li>
              <Button size="compact-sm" onClick={() => setShown(shown + PAGE)}>
                {words.more(Math.min(PAGE, size - shown))}
              </Button>
            </li>
          ) : null}
        </ul>
      ) : null}
    </li>
  );
}

export function JsonView({ value }: { value: unknown }) {
  return (
    <ul className="json mono">
      <Node value={value} depth={0} />
    </ul>
  );
}
