/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kills the server at named points and at random, starts it again, and compares: nothing
 * acknowledged is lost, nothing ends twice, and a step that may not be repeated acts at most once.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { onPostgresql } from "../api/stores.ts";
import { address, call, chain, check, data, ended, isGone, leaveOut, load, project, running, said, start, stop, until } from "./harness.ts";

let workflows: string[] = [];

beforeAll(async () => {
  workflows = [await chain("insert", "count", "keep", "read"), await chain("count"), await chain("insert")];
  await stop();
});

/* For load(): until so many were started. */
function enough(count: number): () => boolean {
  let started = 0;
  return () => started++ >= count;
}

const points = ["store.before_commit", "store.after_commit", "engine.accepted", "engine.saved", "engine.dial", "engine.send", "engine.reply"];

for (const point of points)
  for (const nth of [1, 17])
    test(`survives its end at ${point}, the ${nth}. time`, async () => {
      await start({ TIELINE_CRASH_AT: `${point}:${nth}` }).catch(() => undefined); /* some points are reached at start */
      const child = running();
      const acknowledged = await load(8, workflows, () => isGone(child));
      await ended(child);
      expect(child.signalCode).toBe("SIGKILL");
      await start();
      await check(acknowledged);
      await stop();
    });

/* A generator of our own, so that a seed that failed can be tried again. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const rounds = Number(process.env.CRASH_ROUNDS ?? 12);
const seed = Number(process.env.CRASH_SEED ?? Date.now() % 2 ** 31);

/*
 * Mostly it is killed again before it has worked off what the kill before has left: what is only
 * waiting for its turn must not suffer from that.
 */
test(
  `survives kill -9 at random under load (CRASH_SEED=${seed})`,
  async () => {
    const next = random(seed);
    let acknowledged: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const child = await start();
      const killed = sleep(20 + next() * 700).then(() => child.kill("SIGKILL"));
      acknowledged.push(...(await load(64, workflows, () => isGone(child))));
      await killed;
      await ended(child);
      if (next() > 0.15 && round < rounds - 1) continue;
      await start();
      await check(acknowledged);
      acknowledged = [];
      await stop();
    }
  },
  30_000 + rounds * 15_000,
);

const A_FEW = 20;

/* A backlog of which each process carries out a few before it dies, more often than any step may. */
test("survives any number of ends before its turn comes", async () => {
  await start();
  const slow = await chain("sleep", "count");
  let started = 0;
  const acknowledged = await load(32, [slow], () => started++ >= 1200);
  for (let round = 0; round < 8; round++) {
    await stop();
    await start();
    const counted = () => call("executions.statistics", { projectId: project, range: "24h" }, true);
    const enough = (await counted()).succeeded + A_FEW;
    await until("a few more", async () => {
      const now = await counted();
      return now.succeeded >= enough || now.open === 0;
    });
  }
  const ways = await check(acknowledged);
  expect(ways.succeeded).toBeGreaterThan(1000);
  await stop();
}, 120_000);

test("a step that ends its process each time fails after a while, and the others go on", async () => {
  await start();
  const deadly = await chain("read");
  await stop();
  await start({ TIELINE_CRASH_AT: "engine.send" });
  const { executionId } = await call("workflows.execute", { workflowId: deadly });
  leaveOut(executionId);
  let ends = 0;
  while (ends < 20) {
    await ended(running());
    ends++;
    await start({ TIELINE_CRASH_AT: "engine.send" }).catch(() => undefined);
    let over = false;
    await until("the end of the process or of the execution", async () => {
      const look = call("executions.get", { executionId }, true);
      over = await look.then((execution) => Boolean(execution.finishedAt), () => false);
      return over || isGone(running());
    });
    if (over) break;
  }
  const execution = await call("executions.get", { executionId }, true);
  expect(execution.error.code).toBe("WORKER_LOST");
  expect(execution.steps[0].attempts.length).toBe(5);
  expect(ends).toBe(6); /* of the first one nothing was recorded */
  await stop();
  await start();
  const after = await call("workflows.execute", { workflowId: deadly, waitMs: 20_000 });
  expect(after.execution.status).toBe("succeeded");
  await stop();
});

test.skipIf(onPostgresql)("after a kill the store is looked through, and said to be sound", async () => {
  await start();
  await load(4, workflows, enough(20));
  await stop();
  await start();
  await until("the check", () => /the store was not closed the last time; it is sound/.test(said()));
  expect(await (await fetch(`${address()}/healthz`)).text()).toBe("ok\n");
  await stop("SIGTERM");
  await start();
  await call("projects.list", undefined, true);
  expect(said()).not.toMatch(/not closed/);
  await stop();
});

test.skipIf(onPostgresql)("a damaged store is found after a kill, and /healthz says so", async () => {
  await start();
  await check(await load(16, workflows, enough(400))); /* what is open would be carried out twice, in both copies */
  await stop("SIGTERM");
  const file = join(data, "tieline.db");
  const sound = readFileSync(file);
  const broken = Buffer.from(sound);
  broken.fill("?", broken.length >> 1 & ~4095, (broken.length >> 1 & ~4095) + 4096);
  writeFileSync(file, broken);
  writeFileSync(`${file}-wal`, "what a killed process leaves");
  await start();
  await until("the check", () => /the store is damaged/.test(said()));
  const health = await fetch(`${address()}/healthz`);
  expect([health.status, await health.text()]).toEqual([503, "the store is damaged: see the log\n"]);
  await stop();
  rmSync(`${file}-wal`, { force: true });
  rmSync(`${file}-shm`, { force: true });
  writeFileSync(file, sound);
});

test("ends cleanly on SIGTERM under load, and loses nothing", async () => {
  const child = await start();
  let done = 0;
  const acknowledged = await load(8, workflows, () => {
    if (done++ === 80) child.kill("SIGTERM");
    return isGone(child);
  });
  await ended(child);
  expect(child.exitCode).toBe(0);
  await start();
  expect((await check(acknowledged)).failed ?? 0).toBe(0);
  await stop();
});
