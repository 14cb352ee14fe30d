/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections come and go: made, used, tested, edited, used again and deleted, over and over, by as
 * many people as the limit of tests takes. What is left of them afterwards: rows, and nothing else.
 * TIELINE_CYCLES says how often; the suite has little time, so it is few unless somebody asks.
 */
import { expect, test } from "vitest";
import { needed } from "./harness.ts";
import { Field, sleep } from "../faults/field.ts";
import { psql } from "../faults/servers.ts";

const CYCLES = Number(process.env.TIELINE_CYCLES ?? 240);
const TESTS_A_MINUTE = 30;
const AT_ONCE = 4;
const MORE_KIB = 24 * 1024;

const backends = async () => Number(await psql(needed("PGADMINURL"), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cycles'"));

interface Left {
  descriptors: number;
  threads: number;
  backends: number;
}

async function left(field: Field): Promise<Left> {
  return { descriptors: field.descriptors(), threads: field.threads(), backends: await backends() };
}

const more = (now: Left, than: Left) => now.descriptors > than.descriptors || now.threads > than.threads || now.backends > than.backends;

/* What is on its way out gets a moment. */
async function settles(field: Field, to: Left): Promise<Left> {
  let now = await left(field);
  for (let i = 0; i < 100 && more(now, to); i++) {
    await sleep(100);
    now = await left(field);
  }
  return now;
}

test(`${CYCLES} cycles leave nothing open`, async () => {
  const testers = Math.max(2, Math.ceil(CYCLES / 200));
  const field = await Field.open(testers);
  const testEveryMs = 61_000 / (testers * TESTS_A_MINUTE);
  let tested = 0;

  /* A busy machine may refuse a call before anything was done. */
  const patiently = async (i: number): Promise<void> => {
    for (let tries = 1; ; tries++) {
      try {
        return await cycle(i);
      } catch (error) {
        if (tries === 5 || !String(error).includes("reading the store took longer")) throw error;
      }
    }
  };
  const cycle = async (i: number) => {
    const kind = i % 2 === 0 ? ("postgresql" as const) : ("redis" as const);
    const url = kind === "redis" ? needed("REDISURL") : `${needed("PGURL")}?application_name=cycles`;
    const connectionId = await field.connect(kind, url, { pool: { max: 2, min: 1 } });
    const workflowId = kind === "redis" ? await field.command(connectionId, { command: "GET", key: "k" }) : await field.query(connectionId, "SELECT 1");
    const use = async () => {
      const execution = await field.execute(workflowId);
      expect(execution.status, JSON.stringify(execution.error)).toBe("succeeded");
    };
    await use();
    const mayTest = Date.now() - tested >= testEveryMs;
    if (mayTest) tested = Date.now();
    if (mayTest) expect(await field.test(connectionId)).toMatchObject({ success: true });
    await field.caller.mutation("connections.update", { connectionId, config: { pool: { max: 3, min: 2 } } });
    await Promise.all([use(), use()]);
    await field.caller.mutation("connections.delete", { connectionId, force: true });
    await field.caller.mutation("workflows.delete", { workflowId });
  };
  const cycles = async (count: number) => {
    let next = 0;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (next < count) await patiently(next++);
    }));
  };

  const warmUp = Math.ceil(CYCLES / 4);
  await cycles(warmUp);
  const before = await settles(field, { descriptors: Infinity, threads: Infinity, backends: 0 });
  const beforeKiB = field.residentKiB();
  await cycles(CYCLES - warmUp);
  const allowed = { ...before, backends: 0 };
  const after = await settles(field, allowed);
  const afterKiB = field.residentKiB();
  console.log(`${CYCLES} cycles: ${JSON.stringify(before)} ${beforeKiB} KiB -> ${JSON.stringify(after)} ${afterKiB} KiB`);
  expect(more(after, allowed), JSON.stringify({ after, allowed })).toBe(false);
  expect(afterKiB - beforeKiB).toBeLessThan(MORE_KIB);
}, 30_000 + CYCLES * 500);
