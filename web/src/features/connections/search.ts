/* SPDX-License-Identifier: Apache-2.0 */
/* What the address of the tab says: the open dialog and the filters. */
export interface ConnectionsSearch {
  add?: boolean;
  edit?: string;
  delete?: string;
  type?: string;
  q?: string;
}

const texts = ["edit", "delete", "type", "q"] as const;

export function readConnectionsSearch(search: Record<string, unknown>): ConnectionsSearch {
  const read: ConnectionsSearch = {};
  if (search.add) read.add = true;
  for (const key of texts) {
    const value = search[key];
    /* The router reads numbers and the like out of a query string; names and ids are texts. */
    if (value !== undefined && value !== "" && typeof value !== "object") read[key] = String(value);
  }
  return read;
}
