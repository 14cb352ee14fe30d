/* SPDX-License-Identifier: Apache-2.0 */
/* What is left to fill in of a URL that came from a template, or from a provider's page. */
export interface Placeholder {
  /* With its brackets, as it stands in the URL. */
  word: string;
  start: number;
}

/* An IPv6 address in brackets has a colon, and is none. */
const pattern = /\[[A-Za-z][A-Za-z0-9_ -]*\]/g;

export function placeholders(url: string): Placeholder[] {
  return [...url.matchAll(pattern)].map((found) => ({ word: found[0], start: found.index }));
}

/* "your password" of [YOUR-PASSWORD], as the server says it. */
export function placeholderWords(word: string): string {
  const name = word.slice(1, -1).replace(/^your[-_ ]/i, "");
  return `your ${name.replace(/[-_]/g, " ").toLowerCase()}`;
}
