/* SPDX-License-Identifier: Apache-2.0 */
/* The unit for systemd: what systemd says of it, and that it names settings that there are. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { binary, newFolder, run } from "./harness.ts";

const unit = readFileSync(join(import.meta.dirname, "../../docs/deployment/tieline.service"), "utf8");

test("settings of the unit are flags of the server", () => {
  const flags = new Set([...run("serve", "--help").matchAll(/^ {2}--([a-z-]+)/gm)].map((found) => found[1]!));
  const variables = [...unit.matchAll(/TIELINE_([A-Z_]+)=/g)].map((found) => found[1]!.toLowerCase().replaceAll("_", "-"));
  expect(variables.length).toBeGreaterThan(2);
  for (const variable of variables) expect([...flags]).toContain(variable);
});

/* On a machine without systemd there is nobody to ask. */
test("systemd finds nothing wrong, also with what is commented out", () => {
  if (spawnSync("systemd-analyze", ["--version"]).error) return;
  for (const text of [unit, unit.replaceAll(/^#(Environment|LoadCredential)=/gm, "$1=")]) {
    const file = join(newFolder(), "tieline.service");
    writeFileSync(file, text.replace("/usr/bin/tieline", binary));
    const verified = spawnSync("systemd-analyze", ["verify", "--man=no", file]);
    expect(verified.stdout.toString() + verified.stderr.toString()).toBe("");
    expect(verified.status).toBe(0);
    const judged = spawnSync("systemd-analyze", ["security", "--offline=yes", "--threshold=20", file]);
    expect(judged.status, judged.stdout.toString()).toBe(0);
  }
});
