/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page_budget.mjs FOLDER BUDGET.json: what a browser loads for each part of the page, gzip, against
 * its limit. The last line is "N passed, N failed".
 *
 * BUDGET.json names parts: "first" is the entry with all that it imports; others name a source file
 * that is loaded later, and count what comes on top of "first".
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const [folder, budgetFile] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(join(folder, ".vite/manifest.json"), "utf8"));
const budget = JSON.parse(readFileSync(budgetFile, "utf8"));

function filesOf(key, seen = new Set()) {
  const chunk = manifest[key];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const sheet of chunk.css ?? []) seen.add(sheet);
  for (const next of chunk.imports ?? []) filesOf(next, seen);
  return seen;
}

function kilobytes(files) {
  let bytes = 0;
  for (const file of files) bytes += gzipSync(readFileSync(join(folder, file)), { level: 9 }).length;
  return bytes / 1000;
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const first = filesOf(entry);
const lazy = Object.keys(manifest).filter((key) => manifest[key].isDynamicEntry);
let passed = 0;
let failed = 0;

function judge(name, files, limit) {
  const size = kilobytes(files);
  const fits = size <= limit;
  fits ? passed++ : failed++;
  console.log(`${fits ? "ok  " : "OVER"} ${size.toFixed(1).padStart(6)} of ${String(limit).padStart(3)} kB  ${name}`);
}

judge("first load", first, budget.first);
for (const key of lazy) {
  const more = [...filesOf(key)].filter((file) => !first.has(file));
  judge(key, more, budget.parts[key] ?? budget.other);
}
for (const key of Object.keys(budget.parts)) {
  if (manifest[key]) continue;
  console.log(`OVER ${key} is named in the budget, but is no part that is loaded later`);
  failed++;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
