/* SPDX-License-Identifier: Apache-2.0 */
/* A build with sanitizers has no web page, like one without Node.js. tests/browser has the others. */
import { expect, test } from "vitest";
import { newFolder, serve } from "./harness.ts";

test("a binary without the page says so, and serves nothing broken", async () => {
  const server = await serve(newFolder());
  const page = await fetch(`${server.base}/`);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain("this binary was built without the web page");
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  for (const path of ["/projects", "/assets/index.js", "/theme-boot.js"]) {
    const other = await fetch(`${server.base}${path}`, { headers: { accept: "text/html" } });
    expect(other.status, path).toBe(404);
  }
});
