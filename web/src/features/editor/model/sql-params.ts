/* SPDX-License-Identifier: Apache-2.0 */
/* Reads as much of SQL as it takes to tell its $1, $2 … from those in strings and comments. */

/* What is no code, one alternative each: comments to the line's end, strings with backslashes, strings, names, dollar quotes. */
const quoted = /--[^\n]*|\b[eE]'(?:[^'\\]|\\[\s\S]|'')*'?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|\$([A-Za-z_]\w*)?\$/y;

/* Behind a block comment that begins at `from`; they nest. */
function behindComment(sql: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < sql.length) {
    if (sql.startsWith("/*", at)) {
      depth++;
      at += 2;
    } else if (sql.startsWith("*/", at)) {
      depth--;
      at += 2;
      if (depth === 0) return at;
    } else {
      at++;
    }
  }
  return at;
}

/* The SQL with strings, quoted names and comments blanked out. */
export function codeOf(sql: string): string {
  let code = "";
  let at = 0;
  while (at < sql.length) {
    let end = at;
    quoted.lastIndex = at;
    const found = quoted.exec(sql);
    if (sql.startsWith("/*", at)) {
      end = behindComment(sql, at);
    } else if (found?.[0].startsWith("$") && !/[\w$]/.test(sql[at - 1] ?? "")) {
      const close = sql.indexOf(found[0], at + found[0].length);
      end = close < 0 ? sql.length : close + found[0].length;
    } else if (found && !found[0].startsWith("$")) {
      end = at + found[0].length;
    }
    if (end > at) {
      code += " ";
      at = end;
    } else {
      code += sql[at];
      at++;
    }
  }
  return code;
}

/* The numbers that stand as $n, in order, each once. */
export function parametersOf(sql: string): number[] {
  const numbers = new Set<number>();
  for (const match of codeOf(sql).matchAll(/(?<![\w$])\$(\d{1,5})(?!\w)/g)) numbers.add(Number(match[1]));
  return [...numbers].filter((n) => n > 0).sort((a, b) => a - b);
}

/* Whether a statement may change something, as far as its words tell. */
export function mayWrite(sql: string): boolean {
  return /\b(insert|update|delete|merge|truncate|create|alter|drop|grant|revoke|call|do|copy)\b/i.test(codeOf(sql));
}
