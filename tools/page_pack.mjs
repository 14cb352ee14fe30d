/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page_pack.mjs FOLDER OUT.c: what Vite made, compressed, as the table of src/app/page_files.h.
 * Everything in assets/ has its hash in its name (vite.config.ts).
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

const [folder, out] = process.argv.slice(2);
const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.parentPath.includes("/.vite"))
  .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
  .sort();

const arrays = [];
function array(bytes) {
  const name = `data_${arrays.length}`;
  arrays.push(`static const unsigned char ${name}[] = {${[...bytes].join(",").replace(/(.{1,110},)/g, "\n$1")}\n};\n`);
  return `{ (const char *)${name}, sizeof(${name}) }`;
}

const rows = paths.map((path) => {
  const type = types[extname(path)];
  if (!type) throw new Error(`${path}: no content type is known for such a file`);
  const bytes = readFileSync(join(folder, path));
  const tag = createHash("sha256").update(bytes).digest("hex").slice(0, 24);
  const html = type.startsWith("text/html");
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  const text = (value) => `{ ${JSON.stringify(value)}, sizeof(${JSON.stringify(value)}) - 1 }`;
  return `    {
        .path = ${text(path)},
        .type = ${text(type)},
        .etag = ${text(`"${tag}"`)},
${
  html
    ? `        .plain = ${array(bytes)},`
    : `        .brotli = ${array(brotli)},\n        .gzip = ${array(gzipSync(bytes, { level: 9 }))},`
}
        .hashed = ${path.startsWith("/assets/")},
    },\n`;
});

writeFileSync(
  out,
  `/* SPDX-License-Identifier: Apache-2.0 */
/* Written by tools/page from web/. */
#include "app/page_files.h"

${arrays.join("")}
const struct page_file page_files[] = {\n${rows.join("")}    { .path = { NULL, 0 } },\n};\n`,
);
