/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connection URLs as a person types them: what was understood, or what is wrong in words. The server
 * is stricter and has the last word; this is for answers while one types.
 */
import { text } from "../../text/en.ts";
import { placeholders, placeholderWords } from "./placeholders.ts";

const words = text.urlProblems;

const kinds: Record<string, { schemes: string[]; port: number }> = {
  postgresql: { schemes: ["postgresql", "postgres"], port: 5432 },
  redis: { schemes: ["redis", "rediss"], port: 6379 },
};

/* What may be shown of a URL: everything but the password. */
export interface UrlParts {
  scheme: string;
  host: string;
  port: string;
  user: string;
  database: string;
  tls: string;
}

export type UrlReading =
  | { ok: true; parts: UrlParts }
  | { ok: false; problem: string /* the URL with its password encoded, when that would mend it */; mended?: string };

function wrong(problem: string, mended?: string): UrlReading {
  return mended === undefined ? { ok: false, problem } : { ok: false, problem, mended };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/* What api.md says counts when the URL says nothing: decided by the text of the host. */
function isNear(host: string): boolean {
  const name = host.toLowerCase();
  if (name.includes(":")) return name === "::1" || /^f[cd]/.test(name);
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return /^(127|10|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(name);
  return !name.includes(".") || name.endsWith(".local") || name.endsWith(".internal");
}

function tlsOf(type: string, scheme: string, host: string, query: URLSearchParams): string {
  if (type === "redis") return scheme === "rediss" ? "verify-full" : "off";
  return query.get("sslmode") ?? (isNear(host) ? "prefer" : "verify-full");
}

/* Encodes what must not stand raw in a password; what is encoded already stays. */
function encodePassword(password: string): string {
  return password.replace(/%(?![0-9a-fA-F]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=%]/g, (character) =>
    encodeURIComponent(character),
  );
}

/* "user:pass@word@host/db" or "user:pass/word@host": split at the last "@", and encode what is before. */
function readReserved(before: string, rest: string, at: number): UrlReading {
  const colon = rest.indexOf(":");
  const login = rest.slice(0, at);
  const user = colon >= 0 && colon < at ? login.slice(0, colon) : login;
  const password = colon >= 0 && colon < at ? login.slice(colon + 1) : "";
  const character = /[@/?#]/.exec(password)?.[0] ?? "@";
  const mended = `${before}${encodePassword(user)}:${encodePassword(password)}${rest.slice(at)}`;
  return wrong(words.reserved(character, encodeURIComponent(character)), mended);
}

function splitHost(text_: string): { host: string; port: string } {
  const bracket = /^\[([^\]]*)\](?::(.*))?$/.exec(text_);
  if (bracket) return { host: bracket[1] ?? "", port: bracket[2] ?? "" };
  const colon = text_.indexOf(":");
  return colon < 0 ? { host: text_, port: "" } : { host: text_.slice(0, colon), port: text_.slice(colon + 1) };
}

export function readConnectionUrl(typed: string, type: string): UrlReading {
  const url = typed.trim();
  if (url === "") return wrong(words.missing);
  if (url.includes("•")) return wrong(words.masked);
  const kind = kinds[type];
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\//.exec(url);
  if (!scheme) return wrong(words.notUrl);
  const name = (scheme[1] ?? "").toLowerCase();
  if (kind && !kind.schemes.includes(name)) return wrong(words.scheme[type] ?? words.notUrl);
  const [left] = placeholders(url);
  if (left) return wrong(words.placeholder(left.word, placeholderWords(left.word)));

  const before = scheme[0];
  const rest = url.slice(before.length);
  const end = /[/?#]/.exec(rest)?.index ?? rest.length;
  const authority = rest.slice(0, end);
  const question = rest.indexOf("?", end);
  /* An "@" behind the query's "?" may be part of an option; before it, it ends the password. */
  const last = rest.lastIndexOf("@", authority.includes("@") && question >= 0 ? question : rest.length);
  if (last > end || (last >= 0 && authority.indexOf("@") < last)) return readReserved(before, rest, last);

  const login = last >= 0 ? authority.slice(0, last) : "";
  const { host, port } = splitHost(authority.slice(last + 1));
  if (host === "") return wrong(words.noHost);
  if (port !== "" && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535)) return wrong(words.port);
  if (/\s/.test(url)) return wrong(words.notUrl);
  const query = new URLSearchParams(question >= 0 ? rest.slice(question + 1) : "");
  const path = rest.slice(end, question >= 0 ? question : rest.length);
  return {
    ok: true,
    parts: {
      scheme: name,
      host,
      port: port || String(kind?.port ?? ""),
      user: decoded(login.split(":")[0] ?? ""),
      database: decoded(path.replace(/^\//, "")),
      tls: tlsOf(type, name, host, query),
    },
  };
}

/* "Host db.internal · Port 5432 · User app · Database orders · TLS verify-full" */
export function summarize(parts: UrlParts): string {
  const labels = text.editor.summary;
  const shown: [string, string][] = [
    [labels.host, parts.host],
    [labels.port, parts.port],
    [labels.user, parts.user],
    [labels.database, parts.database],
    [labels.tls, parts.tls],
  ];
  return shown
    .filter(([, value]) => value !== "")
    .map(([label, value]) => `${label} ${value}`)
    .join(" · ");
}

export interface UrlFields {
  host: string;
  port: string;
  user: string;
  password: string;
  database: string;
  tls: boolean;
}

/* The URL of what was entered field by field. */
export function composeUrl(type: string, fields: UrlFields): string {
  const user = encodeURIComponent(fields.user.trim());
  const login = fields.password === "" ? user : `${user}:${encodeURIComponent(fields.password)}`;
  const host = fields.host.trim();
  const place = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  const scheme = type === "redis" ? (fields.tls ? "rediss" : "redis") : (kinds[type]?.schemes[0] ?? type);
  const port = fields.port.trim() === "" ? "" : `:${fields.port.trim()}`;
  const database = fields.database.trim() === "" ? "" : `/${encodeURIComponent(fields.database.trim())}`;
  const query = type === "postgresql" && fields.tls ? "?sslmode=verify-full" : "";
  return `${scheme}://${login === "" ? "" : `${login}@`}${place}${port}${database}${query}`;
}
