/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates of connections, over the API and by command; docs/providers.md says what they say. After a
 * change of src/connector/providers.json, TIELINE_WRITE_DOCS=1 writes that page anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { addUser, client, newFolder, refused, run, serve, type Caller } from "./harness.ts";

interface Template {
  name: string;
  title: string;
  connectionType: string;
  urlPattern: string;
  placeholders: { name: string; means: string; example: string }[];
  config?: { pool?: { max?: number } };
  facts: { about: string; text: string; source: string; seenOn: string }[];
}

let caller: Caller, stranger: Caller;
let data: string;
let projectId: string;
let templates: Template[];

beforeAll(async () => {
  data = newFolder();
  const token = addUser(data, "tara");
  const server = await serve(data);
  caller = client(server, token);
  stranger = client(server);
  projectId = (await caller.mutation("projects.create", { name: "Templates" })).id;
  templates = (await caller.query("connections.templates")).templates;
});

const filled = ({ urlPattern, placeholders }: Template) =>
  placeholders.reduce((url, { name, example }) => url.replace(`[${name}]`, example), urlPattern);

function create(template: Template, connectionUrl: string) {
  const { connectionType, config, name } = template;
  return caller.mutation("connections.create", { projectId, connectionType, name, connectionUrl, ...(config ? { config } : {}) });
}

test("are listed for whoever is signed in, by kind, and by name", async () => {
  const kinds = new Set(templates.map(({ connectionType }) => connectionType));
  expect(kinds).toEqual(new Set(["postgresql", "redis"]));
  const redis = (await caller.query("connections.templates", { connectionType: "redis" })).templates;
  expect(redis).toEqual(templates.filter(({ connectionType }) => connectionType === "redis"));
  const name = templates[1]!.name;
  expect(await caller.query("connections.templates", { name })).toEqual({ templates: [templates[1]] });
  await refused(stranger.query("connections.templates"), "UNAUTHORIZED", "connections.templates");
  await refused(caller.query("connections.templates", { name: "nobody" }), "NOT_FOUND", "connections.templates", "name");
  const unknown = caller.query("connections.templates", { connectionType: "abacus" });
  await refused(unknown, "BAD_REQUEST", "connections.templates", "connectionType");
});

test("a pattern makes no connection until its last placeholder is replaced", async () => {
  for (const template of templates) {
    const { placeholders, urlPattern } = template;
    const first = placeholders[0];
    if (first) {
      const shape = await refused(create(template, urlPattern), "BAD_REQUEST", "connections.create", "connectionUrl");
      expect(shape.message, template.name).toMatch(`connectionUrl: replace [${first.name}] with your `);
    }
    const connection = await create(template, filled(template));
    expect(connection, template.name).toMatchObject({ name: template.name, ...(template.config ? { config: template.config } : {}) });
  }
});

test("a test of a connection that still has a placeholder says which", async () => {
  const connectionUrl = "postgresql://app:[YOUR-PASSWORD]@127.0.0.1:1/orders";
  const call = caller.mutation("connections.test", { projectId, connectionType: "postgresql", connectionUrl });
  const said = JSON.stringify(await call.catch((error: Error) => error.message));
  expect(said).toContain("replace [YOUR-PASSWORD] with your password");
});

test("the command shows the list, one of them, and JSON", () => {
  const command = (...words: string[]) => run("connection", "templates", ...words, "--data", data);
  expect(command("--type", "redis").split("\n").length).toBe(1 + templates.filter((t) => t.connectionType === "redis").length);
  const template = templates.find(({ config }) => config?.pool?.max)!;
  const shown = command(template.name);
  const { title, urlPattern, placeholders, facts, config } = template;
  const said = [title, urlPattern, `${config!.pool!.max}`, ...placeholders.map(({ means }) => means)];
  for (const words of [...said, ...facts.flatMap(({ text, source }) => [text, source])]) expect(shown).toContain(words);
  expect(JSON.parse(command(template.name, "--json"))).toEqual({ templates: [template] });
  expect(() => command("nobody")).toThrow("no template has this name");
});

const headings: Record<string, string> = {
  find: "Where to find it",
  url: "URL",
  network: "Network",
  tls: "TLS",
  ca: "Authority",
  limit: "Limits",
  pooler: "Pooler",
};

function section({ name, title, urlPattern, placeholders, config, facts }: Template): string {
  const lines = [`### ${title}`, "", `\`${name}\``, "", "```text", urlPattern, "```", ""];
  if (placeholders.length > 0) lines.push(placeholders.map((gap) => `\`[${gap.name}]\` ${gap.means}`).join(" · "), "");
  if (config?.pool?.max) lines.push(`- **Pool**: at most ${config.pool.max} sessions, as a beginning.`);
  for (const { about, text, source, seenOn } of facts)
    lines.push(`- **${headings[about]}**: ${text} ([source](${source}), ${seenOn})`);
  return [...lines, ""].join("\n");
}

function page(): string {
  const of = (type: string) => templates.filter(({ connectionType }) => connectionType === type).map(section).join("\n");
  return `# Providers

How the URL of a [connection](connections.md) reads at the providers that people use, and what to know there. **Add Connection** offers the same
under "Start from"; so do \`tieline connection templates\` and the procedure \`connections.templates\`. Words in brackets are placeholders: a URL is
refused until the last of them is replaced. A certificate of an authority goes into \`config.tls.caPem\`.

Each fact is the provider's own, in our words, with the page that says so and the day when it did. What no page says is not here. The number of
sessions is Tieline's advice: a tenth of what the smallest plan takes, between 2 and 5, or 10 before a pooler that takes thousands.

This page is made of \`src/connector/providers.json\`.

## PostgreSQL

${of("postgresql")}
## Redis

${of("redis")}`;
}

test("docs/providers.md says what the program says", () => {
  const file = join(import.meta.dirname, "../../docs/providers.md");
  if (process.env.TIELINE_WRITE_DOCS) writeFileSync(file, page());
  expect(readFileSync(file, "utf8")).toBe(page());
});
