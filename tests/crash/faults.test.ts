/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of the system fail: disk full, failed sync, torn and short writes, unreadable files, no memory,
 * no descriptors, no network. Whatever is refused is refused in words, whatever was acknowledged is
 * kept, and nothing acts twice.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test } from "vitest";
import { binary, call, chain, check, data, ended, faults, folder, isGone, load, project, Refused, retryAlways, running, said, shimmed, start, stop, until } from "./harness.ts";

let workflows: string[] = [];

beforeAll(async () => {
  retryAlways(); /* of what was never sent */
  workflows = [await chain("insert", "count", "keep", "read"), await chain("count"), await chain("insert")];
  await stop();
});

afterEach(async () => {
  faults(false);
  await stop();
});

const faulty = (rules: string) => start(shimmed({ SHIM_RULES: rules }));
const list = () => call("executions.list", { projectId: project }, true);

/* It ended by itself, said why, and everything that it had acknowledged is there when it is back. */
async function endedFor(why: RegExp, acknowledged: string[]): Promise<void> {
  await ended(running());
  expect(running().exitCode, said()).not.toBe(0);
  expect(said()).toMatch(why);
  faults(false);
  await start();
  await check(acknowledged);
}

for (const rules of ["write@-wal:ENOSPC:1+", "write@-wal:ENOSPC:40+", "write@-wal:SHORT:7,write@-wal:ENOSPC:8+", "write@tieline.db:ENOSPC:1+,write@-wal:ENOSPC:1+"])
  test(`a full disk refuses writes and nothing else, and writes go on when there is room (${rules})`, async () => {
    const child = await faulty(rules);
    const refused: Refused[] = [];
    let stopping = false;
    const loading = load(8, workflows, () => stopping, refused);
    await until("the load", async () => (await list()).executions.length > 5);
    faults(true);
    await until("a refusal", () => refused.length > 50);
    for (const one of refused) {
      expect(one.status).toBe(503);
      expect(one.message).toMatch(/disk of the store is full/);
      expect(Number(one.retryAfter)).toBeGreaterThan(0);
    }
    expect((await list()).executions.length).toBeGreaterThan(5);
    expect((await call("workflows.get", { workflowId: workflows[0] }, true)).id).toBe(workflows[0]);
    faults(false);
    await until("room again", async () => call("workflows.execute", { workflowId: workflows[1] }).then(() => true, () => false));
    stopping = true;
    expect((await check(await loading)).failed ?? 0).toBe(0);
    expect(isGone(child)).toBe(false);
  });

/* Room that really runs out, where this test may make some: that takes root, in most places. */
function does(command: string, ...words: string[]): boolean {
  try {
    execFileSync(command, words, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
const small = join(folder, "small");
mkdirSync(small);
const mountSmall = (bytes: number) => does("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "none", small);
const ROOM = 3 << 20;
/* In whole pages, a few for each folder and file themselves. */
const sizeOf = (from: string) =>
  readdirSync(from, { recursive: true, encoding: "utf8" }).reduce((sum, name) => sum + (Math.ceil(statSync(join(from, name)).size / 4096) + 2) * 4096, 0);
if (mountSmall(ROOM) && does("umount", small))
  test("a disk that fills up by itself refuses writes and nothing else", async () => {
    const aside = join(folder, "aside");
    await stop();
    expect(mountSmall(sizeOf(data) + ROOM)).toBe(true);
    cpSync(data, small, { recursive: true });
    renameSync(data, aside);
    try {
      execFileSync("ln", ["-s", small, data]);
      const child = await start();
      const refused: Refused[] = [];
      let stopping = false;
      const loading = load(8, workflows, () => stopping || isGone(child), refused);
      await until("the end of the room", () => refused.length > 50 || isGone(child));
      expect(isGone(child), said()).toBe(false);
      expect(refused[0]!.message).toMatch(/disk of the store is full/);
      expect((await list()).executions.length).toBeGreaterThan(5);
      expect(does("mount", "-o", "remount,size=200m", small)).toBe(true);
      await until("room again", async () => call("workflows.execute", { workflowId: workflows[1] }).then(() => true, () => false));
      stopping = true;
      expect((await check(await loading)).failed ?? 0).toBe(0);
      await stop("SIGTERM");
      expect(child.exitCode).toBe(0);
    } finally {
      await stop();
      rmSync(data, { force: true });
      rmSync(aside, { recursive: true });
      cpSync(small, data, { recursive: true });
      does("umount", small);
    }
  });

for (const rule of ["sync@-wal:EIO:1", "sync@-wal:EIO:2", "sync@-wal:EIO:30", "write@-wal:EIO:1", "write@-wal:EIO:55"])
  test(`a disk that fails ends the process before anything of the group is acknowledged (${rule})`, async () => {
    const child = await faulty(rule);
    faults(true);
    await endedFor(/the store's disk or file failed/, await load(8, workflows, () => isGone(child)));
  });

for (const rule of ["sync@tieline.db:EIO:1", "write@tieline.db:EIO:3"])
  test(`a disk that fails while the log is carried over ends the process (${rule})`, async () => {
    await faulty(rule);
    let started = 0;
    const acknowledged = await load(4, workflows, () => started++ > 20);
    faults(true);
    await endedFor(/the store's disk or file failed; could not checkpoint/, acknowledged);
  });

test("short writes are completed", async () => {
  const child = await faulty("write@-wal:SHORT:1+,write@tieline.db:SHORT:1+");
  faults(true);
  let started = 0;
  expect((await check(await load(8, workflows, () => started++ > 100))).failed ?? 0).toBe(0);
  await stop("SIGTERM");
  expect(child.exitCode).toBe(0);
  await start();
  await check([]);
});

for (const rule of ["read@-wal:EIO:1+", "read@tieline.db:EIO:1+", "read@-wal:EIO:9"])
  test(`files that cannot be read are an answer in words, or an end in words (${rule})`, async () => {
    const child = await faulty(rule);
    let started = 0;
    const acknowledged = await load(4, workflows, () => started++ > 50);
    faults(true);
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => list()));
    for (const answer of answers)
      if (answer.status === "rejected" && answer.reason instanceof Refused) expect(answer.reason.status, answer.reason.message).toBeGreaterThanOrEqual(500);
    const refused: Refused[] = [];
    started = 0;
    acknowledged.push(...(await load(4, workflows, () => isGone(child) || started++ > 50, refused).catch(() => [])));
    await list().catch(async (error) => {
      if (!(error instanceof Refused)) await ended(child);
    });
    if (isGone(child)) return endedFor(/the store's disk or file failed/, acknowledged);
    faults(false);
    await check(acknowledged);
  });

for (const from of [1, 20, 300, 2000, 9000])
  for (const often of ["", "+"])
    test(`without memory it ends in words and loses nothing (the ${from}. time${often})`, async () => {
      const child = await faulty(`malloc:ENOMEM:${from}${often}`);
      faults(true);
      let started = 0;
      const acknowledged = await load(8, workflows, () => isGone(child) || started++ > 200, []).catch(() => []);
      await list().catch(() => ended(child));
      if (isGone(child)) return endedFor(/memory/, acknowledged);
      expect(often, "it cannot go on without any memory").toBe("");
      faults(false);
      await check(acknowledged);
    });

test("without descriptors it does not start, and says so", async () => {
  faults(true);
  await expect(start(shimmed({ SHIM_RULES: "open@tieline.db:EMFILE:1+" }))).rejects.toThrow(/could not open|could not make/);
  expect(running().exitCode).toBe(1);
  faults(false);
  await start();
  await check([]);
});

test("without descriptors it goes on with what it has", async () => {
  const child = await faulty("open:EMFILE:1+");
  let started = 0;
  const acknowledged = await load(4, workflows, () => started++ > 20);
  faults(true);
  started = 0;
  acknowledged.push(...(await load(4, workflows, () => started++ > 40, [])));
  faults(false);
  expect((await check(acknowledged)).failed ?? 0).toBe(0);
  expect(isGone(child)).toBe(false);
});

for (const rule of ["connect:ECONNREFUSED:1+", "connect:ENETUNREACH:2+", "connect:EINTR:3", "poll:ENOMEM:4", "poll:EINTR:1+", "resolve:EAI_AGAIN:1+"])
  test(`a network that fails for a while is a retry (${rule})`, async () => {
    const child = await faulty(rule);
    faults(true);
    let started = 0;
    const acknowledged = await load(4, workflows, () => started++ > 40);
    faults(false);
    await check(acknowledged);
    expect(isGone(child)).toBe(false);
  });

test("a store on a network file system is refused", async () => {
  faults(true);
  await expect(start(shimmed({ SHIM_RULES: "statfs:NFS:1+" }))).rejects.toThrow(/NFS file system/);
  expect(running().exitCode).toBe(1);
});

test("a store given as file: is refused", () => {
  expect(() => execFileSync(binary, ["migrate", "--store", `sqlite:file:${join(folder, "x.db")}?mode=memory`, "--data", join(folder, "other")], { stdio: "pipe" })).toThrow(/must not begin with "file:"/);
});
