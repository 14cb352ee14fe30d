/* SPDX-License-Identifier: Apache-2.0 */
/* The words about templates of connections; the facts themselves come from the server. */
export const templateText = {
  label: "Start from",
  none: "An empty URL",
  hint: "How the URL reads at known providers.",
  failed: "The templates could not be loaded.",
  about: (title: string) => `About ${title}`,
  left: "Left to fill in",
  subject: {
    find: "Where to find it",
    url: "URL",
    network: "Network",
    tls: "TLS",
    ca: "Authority",
    limit: "Limits",
    pooler: "Pooler",
  } as Record<string, string>,
  pool: "Pool",
  sessions: (sessions: number) => `Max connections is set to ${sessions}, as a beginning.`,
  seen: (day: string) => `as of ${day}`,
};
