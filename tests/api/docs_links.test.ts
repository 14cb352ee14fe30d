/* SPDX-License-Identifier: Apache-2.0 */
/* What the documentation points at is there: files, headings, flags, variables, error codes. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { run } from "./harness.ts";

const root = join(import.meta.dirname, "../..");

function pagesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? pagesBelow(join(folder, entry.name)) : entry.name.endsWith(".md") ? [join(folder, entry.name)] : [],
  );
}

const pages = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map((name) => join(root, name)).concat(pagesBelow(join(root, "docs")));
const textOf = (file: string) => readFileSync(file, "utf8");
const prose = (text: string) => text.replaceAll(/^```.*?^```$/gms, "");
/* As the usual renderers make anchors of headings. */
const anchors = (text: string) =>
  [...prose(text).matchAll(/^#+ (.*)$/gm)].map((found) => found[1]!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"));

test.each(pages.map((file) => relative(root, file)))("links of %s lead somewhere", (name) => {
  const file = join(root, name);
  for (const [, target] of prose(textOf(file)).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target!)) continue;
    const [path, anchor] = target!.split("#");
    const there = path ? join(dirname(file), path) : file;
    expect(existsSync(there), `${target} in ${name}`).toBe(true);
    if (anchor && statSync(there).isFile()) expect(anchors(textOf(there)), `${target} in ${name}`).toContain(anchor);
  }
});

test("every page is in the table of contents", () => {
  const docs = join(root, "docs");
  const linked = [...textOf(join(docs, "README.md")).matchAll(/\]\(([^)\s#]+)/g)].map((found) => join(docs, found[1]!));
  for (const page of pagesBelow(docs)) {
    if (page === join(docs, "README.md")) continue;
    expect(linked.some((link) => page === link || page.startsWith(link)), relative(root, page)).toBe(true);
  }
});

const helps = [...run("--help").matchAll(/^ {2}([a-z]+(?: [a-z-]+)?)/gm)].map((found) => run(...found[1]!.split(" "), "--help")).join("\n");
const flags = new Set(["--help", ...[...helps.matchAll(/^ {2}(--[a-z-]+)/gm)].map((found) => found[1]!)]);

/* Flags of other programs, by the program whose line they stand in. */
const foreign = /(^|[\s`(])(\.\/dev|tools\/\S+|curl|sqlite3|meson|npm|docker|podman|systemctl|journalctl|git|redis-cli|psql)\b/;

test("flags and variables that are named are known", () => {
  expect(flags.size).toBeGreaterThan(15);
  for (const page of pages) {
    if (page.includes("/design/") || page.endsWith("ARCHITECTURE.md")) continue;
    for (const line of textOf(page).replaceAll("\\\n", " ").split("\n")) {
      for (const [, variable] of line.matchAll(/TIELINE_([A-Z_]+)/g)) {
        if (["URL", "TOKEN"].includes(variable!)) continue; /* of the example program */
        expect(flags, `${relative(root, page)}: ${line}`).toContain(`--${variable!.toLowerCase().replaceAll("_", "-")}`);
      }
      if (foreign.test(line)) continue;
      for (const [, flag] of line.matchAll(/(?:^|[\s`(])(--[a-z][a-z-]+)/g)) expect(flags, `${relative(root, page)}: ${line}`).toContain(flag);
    }
  }
});

test("codes that are named are known, and all are explained", () => {
  const table = textOf(join(root, "src/base/error_codes.h"));
  const reasons = [...table.matchAll(/^ {4}X\(\w+, "([A-Z_]+)"/gm)].map((found) => found[1]!);
  const statuses = [...table.matchAll(/^ {4}X\(([A-Z_]+), -\d+/gm)].map((found) => found[1]!);
  expect(reasons.length).toBeGreaterThan(30);
  const others = /^(TIELINE|TLS|LISTEN|LOADING|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|READONLY|WRONGTYPE|NOAUTH|WRONGPASS|NOPERM|MISCONF|DENIED)$/;
  for (const page of pages) {
    if (page.includes("/design/")) continue;
    for (const [, word] of prose(textOf(page)).matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)) {
      if (word!.startsWith("TIELINE_") || others.test(word!)) continue;
      expect([...reasons, ...statuses], relative(root, page)).toContain(word);
    }
  }
  for (const reason of reasons) expect(textOf(join(root, "docs/retry.md")), reason).toContain(`\`${reason}\``);
  for (const status of ["BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "CONFLICT", "TOO_MANY_REQUESTS", "SERVICE_UNAVAILABLE"])
    expect(textOf(join(root, "docs/api.md")), status).toContain(`\`${status}\``);
});
