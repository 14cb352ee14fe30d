/* SPDX-License-Identifier: Apache-2.0 */
/* The page's files as they come from the server. */
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { request } from "node:http";
import { expect, test } from "vitest";
import { newFolder, serve, type Server } from "../api/harness.ts";

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/* As sent, without what fetch() adds and decodes. */
function get(server: Server, path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(`${server.base}${path}`, { method, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }),
      );
    });
    call.on("error", reject);
    call.end();
  });
}

async function scriptOf(server: Server): Promise<string> {
  const page = await get(server, "/");
  const found = /src="(\/assets\/[^"]+\.js)"/.exec(page.body.toString());
  return found?.[1] ?? expect.fail("the page names no script");
}

test("the page answers for its own routes, under a policy with a nonce of this answer alone", async () => {
  const server = await serve(newFolder());
  const nonces = new Set<string>();
  for (const path of ["/", "/setup", "/login", "/projects", "/projects/x/connections?q=1", "/account", "/invite/x"]) {
    const { status, headers, body } = await get(server, path);
    expect(status, path).toBe(200);
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(headers["cache-control"]).toBe("no-store");
    const nonce = /'nonce-([0-9a-f]{32})'/.exec(String(headers["content-security-policy"]))?.[1] ?? "";
    expect(headers["content-security-policy"]).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; connect-src 'self'; ` +
        "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
        "require-trusted-types-for 'script'",
    );
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
    });
    expect(body.toString()).toContain(`<meta property="csp-nonce" nonce="${nonce}">`);
    expect(body.toString()).not.toContain("@nonce@");
    nonces.add(nonce);
  }
  expect(nonces.size).toBe(7);
});

test("what is nowhere is 404: as the page for a person, as JSON for a program", async () => {
  const server = await serve(newFolder());
  for (const path of ["/nowhere", "/projectsx", "/assets/", "/assets/none.js", "/index.html", "/%70rojects", "/assets/..%2findex.html"]) {
    const { status, headers } = await get(server, path);
    expect(status, path).toBe(404);
    expect(headers["content-type"]).toBe("application/json");
  }
  const lost = await get(server, "/nowhere", { accept: "text/html,*/*;q=0.8" });
  expect(lost.status).toBe(404);
  expect(lost.headers["content-type"]).toBe("text/html; charset=utf-8");
  const asset = await get(server, "/assets/none.js", { accept: "text/html" });
  expect(asset.headers["content-type"]).toBe("application/json");
  expect((await get(server, "/projects", {}, "POST")).status).toBe(405);
});

test("assets never change, come compressed as the client can read them, and are known by their tag", async () => {
  const server = await serve(newFolder());
  const path = await scriptOf(server);
  const brotli = await get(server, path, { "accept-encoding": "gzip, deflate, br" });
  expect(brotli.status).toBe(200);
  expect(brotli.headers).toMatchObject({
    "content-encoding": "br",
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": "public, max-age=31536000, immutable",
    vary: "accept-encoding",
    "x-content-type-options": "nosniff",
  });
  const text = brotliDecompressSync(brotli.body);
  for (const coding of [undefined, "gzip", "gzip;q=0.5, br;q=0", "*", "br;q=0.000,*;q=0.1"]) {
    const gzip = await get(server, path, coding === undefined ? {} : { "accept-encoding": coding });
    if (coding === "*") continue;
    expect(gzip.headers["content-encoding"], coding).toBe("gzip");
    expect(gunzipSync(gzip.body).equals(text)).toBe(true);
  }
  for (const coding of ["identity", "br;q=0, gzip;q=0", ""])
    expect((await get(server, path, { "accept-encoding": coding })).status, coding).toBe(406);
  const tag = String(brotli.headers.etag);
  for (const match of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) {
    const again = await get(server, path, { "if-none-match": match });
    expect(again.status, match).toBe(304);
    expect(again.body.length).toBe(0);
  }
  expect((await get(server, path, { "if-none-match": '"x"' })).status).toBe(200);
  const boot = await get(server, "/theme-boot.js");
  expect(boot.headers["cache-control"]).toBe("no-cache");
  const head = await get(server, path, {}, "HEAD");
  expect(head.status).toBe(200);
  expect(head.body.length).toBe(0);
});
