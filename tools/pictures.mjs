/* SPDX-License-Identifier: Apache-2.0 */
/* pictures.mjs BINARY FOLDER: fills a fresh server with a project, visits it, keeps what the browser shows (WebP). */
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { chromium } = createRequire(new URL("../tests/package.json", import.meta.url))("playwright-core");
const [binary, folder] = process.argv.slice(2);
const MOST_BYTES = 60_000;

/* A server with one user. */
const data = mkdtempSync(join(tmpdir(), "tieline-pictures."));
const email = "ada@example.com";
const password = randomBytes(12).toString("hex");
writeFileSync(join(data, "password"), `${password}\n`, { mode: 0o600 });
const run = (...words) => execFileSync(binary, [...words, "--data", data], { encoding: "utf8" }).trim();
run("user", "add", email, "--name", "Ada", "--password-file", join(data, "password"));
const token = run("token", "create", email, "--name", "pictures");
const server = spawn(binary, ["serve", "--data", data, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
process.on("exit", () => server.kill());
const base = await new Promise((found, failed) => {
  let said = "";
  server.stdout.on("data", (words) => {
    said += words;
    const address = /Listening on (http:\S+)/.exec(said);
    if (address) found(address[1]);
  });
  server.on("exit", () => failed(new Error(`the server ended: ${said}`)));
});

async function call(path, input) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await (await fetch(`${base}/trpc/${path}`, { method: "POST", headers, body: JSON.stringify(input) })).json();
  if (answer.error) throw new Error(`${path}: ${answer.error.message}`);
  return answer.result.data;
}

/* A project with something in it. The function is one that PostgreSQL refuses twice before it does its work. */
execFileSync("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", process.env.PGURL], {
  input: `CREATE TABLE orders (id int PRIMARY KEY, customer text, item text, total numeric(10, 2), paid boolean, placed_at timestamptz);
    INSERT INTO orders SELECT n, (ARRAY['Hanna', 'Luis', 'Mei', 'Jonas'])[1 + n % 4], (ARRAY['desk', 'lamp', 'shelf', 'chair', 'notebook'])[1 + n % 5],
      n * 37 % 400 + 0.9, n % 3 > 0, now() - n * interval '37 minutes' FROM generate_series(1, 600) AS n;
    CREATE SEQUENCE tries;
    CREATE FUNCTION settle() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('tries') % 3 > 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'could not serialize access due to concurrent update';
      END IF;
      RETURN (SELECT count(*) FROM orders WHERE NOT paid);
    END $$;`,
});
const { id: projectId } = await call("projects.create", { name: "Orders" });
const connect = async (name, connectionType, connectionUrl) => (await call("connections.create", { projectId, name, connectionType, connectionUrl })).id;
const named = (url) => url.replace("127.0.0.1", "localhost");
const db = await connect("Orders DB", "postgresql", named(process.env.PGURL));
const cache = await connect("Cache", "redis", named(process.env.REDISURL));
const old = await connect("Old cache", "redis", "redis://default:secret@localhost:6390");
const start = { id: "start", type: "manual-trigger", name: "Start", position: { x: 0, y: 64 } };
const sql = (id, name, x, y, query, more = {}) => ({ id, type: "postgresql-query", name, position: { x, y }, config: { connectionId: db, query, ...more.config }, ...(more.retry && { retry: more.retry }) });
const redis = (id, name, x, y, config, more = {}) => ({ id, type: "redis-command", name, position: { x, y }, config: { connectionId: cache, ...config }, ...more });
const chain = (...ids) => ids.slice(1).map((target, n) => ({ source: ids[n], target }));
const workflow = async (name, nodes, ...chains) =>
  (await call("workflows.create", { projectId, name, definition: { nodes: [start, ...nodes], edges: chains.flatMap((ids) => chain(...ids)) } })).id;
const recent = "SELECT id, customer, item, total\nFROM orders\nWHERE placed_at >= now() - $1::interval\nORDER BY placed_at DESC\nLIMIT 50";
const nightly = await workflow(
  "Nightly sync",
  [
    sql("load", "Load orders", 272, 0, recent, { config: { parameters: ["{{ trigger.since }}"] }, retry: { strategy: "exponential", maxAttempts: 5 } }),
    sql("totals", "Sum totals", 272, 128, "SELECT sum(total) AS total\nFROM orders\nWHERE paid"),
    redis("keep", "Keep total", 544, 64, { command: "SET", key: "orders:total", value: "{{ nodes.totals.rows[0].total }}" }),
  ],
  ["start", "load", "keep"],
  ["start", "totals", "keep"],
);
const settle = await workflow(
  "Settle payments",
  [
    sql("find", "Find unpaid", 272, 64, "SELECT id, total\nFROM orders\nWHERE NOT paid"),
    sql("settle", "Settle them", 544, 64, "SELECT settle() AS settled", { retry: { strategy: "fixed", maxAttempts: 5, delayMs: 600 } }),
    redis("note", "Note it", 816, 64, { command: "SET", key: "settled", value: "{{ nodes.settle.rows[0].settled }}" }),
  ],
  ["start", "find", "settle", "note"],
);
const imports = await workflow(
  "Import",
  [redis("mark", "Mark as read", 272, 64, { connectionId: old, command: "SET", key: "import", value: "7" }, { retry: { strategy: "fixed", maxAttempts: 3, delayMs: 500 } })],
  ["start", "mark"],
);
await workflow("Weekly report", [{ id: "ask", type: "postgresql-query", name: "Collect numbers", config: { query: "" } }], ["start", "ask"]);
const execute = async (workflowId, input = {}) => (await call("workflows.execute", { workflowId, input, waitMs: 60_000 })).executionId;
for (let n = 0; n < 4; n++) await execute(nightly, { since: "2 days" });
const failed = await execute(imports);
const settled = await execute(settle);
await execute(nightly, { since: "2 days" });

/* What the browser shows. */
const programs = [process.env.TIELINE_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-headless-shell"];
const browser = await chromium.launch({
  executablePath: programs.find((path) => path && existsSync(path)),
  chromiumSandbox: process.getuid?.() !== 0,
  args: ["--disable-gpu", "--disable-dev-shm-usage"],
});
const page = await browser.newPage({ baseURL: base, viewport: { width: 1120, height: 640 }, reducedMotion: "reduce", locale: "en-GB" });
const devtools = await page.context().newCDPSession(page);
async function picture(name, height = 640, width = 1120) {
  await page.setViewportSize({ width, height });
  await page.mouse.move(0, 0);
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  const { data: image } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: 80 });
  const bytes = Buffer.from(image, "base64");
  if (bytes.length > MOST_BYTES) throw new Error(`${name} has ${bytes.length} bytes, more than ${MOST_BYTES}`);
  writeFileSync(join(folder, `${name}.webp`), bytes);
  console.log(`${name}.webp: ${bytes.length} bytes`);
}
const button = (name) => page.getByRole("button", { name, exact: true });

await page.goto("/login");
await page.getByLabel("Email").fill(email);
await page.getByLabel("Password").fill(password);
await button("Sign in").click();
await page.getByRole("heading", { name: "Projects", level: 1 }).waitFor();

await page.goto(`/projects/${projectId}/workflows`);
await page.getByText("1 failed").waitFor();
await page.keyboard.press("Control+K");
await page.getByRole("combobox").fill("ca");
await page.getByRole("option", { name: "Old cache" }).waitFor();
await picture("go-to", 480);

await page.goto(`/projects/${projectId}/connections`);
await button("Test Cache").click();
await button("Test Old cache").click();
await button("Test Orders DB").click();
await page.locator(".test-line").nth(2).waitFor();
await button("Details").last().click();
await picture("connections", 730);

await page.goto(`/projects/${projectId}/workflows/${nightly}?node=load`);
await page.locator("#editor-panel .cm-content").nth(1).waitFor();
await page.locator(".canvas").getByText("Succeeded").nth(3).waitFor();
await picture("editor");

await page.goto(`/projects/${projectId}/executions`);
await page.getByRole("link", { name: "Nightly sync" }).nth(4).waitFor();
await picture("executions", 640, 1240);

await page.goto(`/projects/${projectId}/executions/${settled}?node=settle`);
await page.getByRole("tab", { name: "Attempts (3)" }).click();
await page.locator(".attempts > li").nth(2).waitFor();
await picture("retry", 660);

await page.emulateMedia({ colorScheme: "dark" });
await page.goto(`/projects/${projectId}/executions/${failed}`);
await page.locator(".run-failure").getByText("attempt 3 of 3").waitFor();
await picture("failed-dark", 660);

await browser.close();
server.removeAllListeners("exit");
server.kill();
