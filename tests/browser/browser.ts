/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debian's Chromium, with an empty profile, calling nobody; and what every page must keep to: no
 * request leaves the origin, nothing breaks the content policy, no script fails.
 *
 * It is the one without the window that stands around pages elsewhere, which takes half of the time.
 */
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, vi } from "vitest";
import { addUser, type Caller, client, newFolder, type Server, serve } from "../api/harness.ts";

export type { Page } from "playwright-core";

/* A browser, servers and other tests share few cores: what reaches this has come to a stop. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const executablePath = process.env.TIELINE_CHROMIUM ?? "/usr/bin/chromium-headless-shell";
const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

let browser: Browser;
const contexts: BrowserContext[] = [];
const origins = new WeakMap<BrowserContext, string>();
const faults: string[] = [];

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath,
    headless: true,
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-quic",
      "--no-first-run",
      "--disable-gpu",
      "--disable-dev-shm-usage",
    ],
  });
});

afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  expect(faults.splice(0), "what no page may do").toEqual([]);
});

afterAll(() => browser?.close());

/* What the page itself must not do. Failed answers that a test provokes are no faults. */
function watch(page: Page, origin: string): void {
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("data:") && !url.startsWith("blob:"))
      faults.push(`a request to ${url}`);
  });
  page.on("pageerror", (error) => faults.push(`a script failed: ${error.stack ?? error.message}`));
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    const words = message.text();
    if (!words.startsWith("Failed to load resource")) faults.push(`on the console: ${words}`);
  });
}

interface Looks {
  scheme?: "light" | "dark";
  width?: number;
  height?: number;
}

/* A server with two people, ada and vera; what ada may do without the page. */
export async function serveTwo(): Promise<{ server: Server; ada: Caller }> {
  const data = newFolder();
  const token = addUser(data, "ada");
  addUser(data, "vera");
  const server = await serve(data);
  return { server, ada: client(server, token) };
}

/* A browser of one person: cookies and storage of their own. */
export async function visitor(server: Server, looks: Looks = {}): Promise<Page> {
  const context = await browser.newContext({
    baseURL: server.base,
    colorScheme: looks.scheme ?? "light",
    viewport: { width: looks.width ?? 1280, height: looks.height ?? 800 },
    reducedMotion: "reduce",
    locale: "en-GB",
  });
  contexts.push(context);
  origins.set(context, server.base);
  context.setDefaultTimeout(30_000);
  context.on("page", (page) => watch(page, server.base));
  return context.newPage();
}

/* Signs in as the page does, but without its form, which access.test.ts fills in; then opens `path`. */
export async function signIn(page: Page, email: string, password: string, path = "/projects"): Promise<void> {
  const context = page.context();
  const headers = { "x-tieline": "1", origin: origins.get(context)! };
  const answer = await context.request.post("/trpc/auth.login", { data: { email, password }, headers });
  expect(answer.status(), await answer.text()).toBe(200);
  await page.goto(path);
  if (path === "/projects") await page.getByRole("heading", { name: "Projects", level: 1 }).waitFor();
}

/* axe finds nothing, in either theme; with TIELINE_PICTURES=FOLDER it also leaves a picture of each. */
export async function isSound(page: Page, name: string): Promise<void> {
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForFunction(
      (wanted) => document.documentElement.dataset.mantineColorScheme === wanted,
      scheme,
    );
    const folder = process.env.TIELINE_PICTURES;
    if (folder) {
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: join(folder, `${name}-${scheme}.png`) });
    }
    /* The page's policy forbids scripts of others: axe is brought in by the debugger instead. */
    if (!(await page.evaluate("typeof axe === 'object'"))) await page.evaluate(readAxe());
    /* Of what is well, nothing more is asked: to name each of those nodes takes axe most of its time. */
    const found = (await page.evaluate("axe.run(document, { resultTypes: ['violations'], selectors: false })")) as {
      violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
    };
    const said = found.violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html}\n  ${node.failureSummary}`),
    );
    expect(said, `${name}, ${scheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

let axe: string | undefined;
function readAxe(): string {
  axe ??= process.getBuiltinModule("node:fs").readFileSync(axePath, "utf8");
  return axe;
}
