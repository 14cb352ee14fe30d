/* SPDX-License-Identifier: Apache-2.0 */
import { expect, test } from "vitest";
import { composeUrl, readConnectionUrl, summarize } from "./url.ts";

function problem(url: string, type = "postgresql"): string {
  const reading = readConnectionUrl(url, type);
  if (reading.ok) throw new Error(`${url} was understood as ${JSON.stringify(reading.parts)}`);
  return reading.problem;
}

function summary(url: string, type = "postgresql"): string {
  const reading = readConnectionUrl(url, type);
  if (!reading.ok) throw new Error(`${url}: ${reading.problem}`);
  return summarize(reading.parts);
}

test("what is understood is shown without the password", () => {
  expect(summary("postgresql://app:secret@db.internal:5433/orders")).toBe(
    "Host db.internal · Port 5433 · User app · Database orders · TLS prefer",
  );
  expect(summary("postgres://app:p%40ss@db.example.com/a%20b?sslmode=require")).toBe(
    "Host db.example.com · Port 5432 · User app · Database a b · TLS require",
  );
  expect(summary("postgresql://db.example.com")).toBe("Host db.example.com · Port 5432 · TLS verify-full");
  expect(summary("postgresql://u@[2001:db8::1]:6000/d")).toBe(
    "Host 2001:db8::1 · Port 6000 · User u · Database d · TLS verify-full",
  );
  expect(summary("rediss://:secret@cache.example.com/0", "redis")).toBe(
    "Host cache.example.com · Port 6379 · Database 0 · TLS verify-full",
  );
  expect(summary("redis://cache", "redis")).toBe("Host cache · Port 6379 · TLS off");
});

test("what is wrong is said in words", () => {
  expect(problem("")).toBe("Enter the connection URL.");
  expect(problem("db.internal")).toBe("This is not a URL.");
  expect(problem("mysql://db")).toBe("A PostgreSQL URL starts with postgresql:// or postgres://.");
  expect(problem("http://db", "redis")).toBe("A Redis URL starts with redis:// or rediss://.");
  expect(problem("postgresql:///orders")).toBe("The URL has no host.");
  expect(problem("postgresql://u:p@/orders")).toBe("The URL has no host.");
  for (const port of ["0", "65536", "x", "-1"])
    expect(problem(`postgresql://db:${port}/d`)).toBe("The port must be between 1 and 65535.");
  expect(problem("postgresql://u:[YOUR-PASSWORD]@db/d")).toBe("Replace [YOUR-PASSWORD] with your password.");
  expect(problem("postgresql://u:••••@db/d")).toBe("This URL is masked. Enter the one with the password.");
});

test("a reserved character in a password is named, and encoded on request", () => {
  const cases: [string, string, string][] = [
    ["postgresql://app:p@ss@db/d", "@", "postgresql://app:p%40ss@db/d"],
    ["postgresql://app:p/ss@db/d", "/", "postgresql://app:p%2Fss@db/d"],
    ["postgresql://app:p#ss@db/d", "#", "postgresql://app:p%23ss@db/d"],
    ["postgresql://app:p?ss@db/d", "?", "postgresql://app:p%3Fss@db/d"],
    ["postgresql://app:p@s%40:%s@db/d", "@", "postgresql://app:p%40s%40%3A%25s@db/d"],
  ];
  for (const [url, character, mended] of cases) {
    const reading = readConnectionUrl(url, "postgresql");
    expect(reading).toEqual({
      ok: false,
      problem: `The password contains ${character}. Write it as ${encodeURIComponent(character)}.`,
      mended,
    });
    expect(readConnectionUrl(mended, "postgresql").ok).toBe(true);
  }
});

test("every printable character of a password survives the way from fields to the URL", () => {
  const password = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("");
  const fields = { host: "db.example.com", port: "", user: "a@b", password, database: "d", tls: true };
  const url = composeUrl("postgresql", fields);
  expect(readConnectionUrl(url, "postgresql").ok).toBe(true);
  expect(decodeURIComponent(url.slice(url.indexOf(":", 13) + 1, url.lastIndexOf("@")))).toBe(password);
  expect(
    composeUrl("redis", { ...fields, user: "", password: "x", host: "::1", port: "1", database: "", tls: false }),
  ).toBe("redis://:x@[::1]:1");
});
