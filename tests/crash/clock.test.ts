/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wall clock is set while executions wait, sessions live and limits count: what waits, waits as
 * long as it should; what has a date goes by the clock as it is.
 */
import { afterEach, beforeAll, expect, test } from "vitest";
import { address, call, faults, project, Refused, shimmed, start, stop, until } from "./harness.ts";

const year = 365 * 24 * 3600;
const steps = { "a year ahead": year, "a year back": -year, "an hour ahead": 3600, "an hour back": -3600 };
/* A port where nobody listens: steps fail before anything was sent, and are tried again. */
const nowhere = "redis://127.0.0.1:1";
const delayMs = 1500;

let retries = "";
let deadline = "";
let rest = "";
/* Waited for in the store, by an execution that nobody holds. */
const restMs = 5500;

async function workflowWith(name: string, connectionId: string, retry: unknown): Promise<string> {
  const node = { id: "get", type: "redis-command", name, config: { connectionId, command: "GET", key: "k" }, retry };
  return (await call("workflows.create", { projectId: project, name, definition: { nodes: [node], edges: [] } })).id;
}

beforeAll(async () => {
  const { id } = await call("connections.create", { projectId: project, connectionType: "redis", name: "Nowhere", connectionUrl: nowhere });
  retries = await workflowWith("Retries", id, { strategy: "fixed", maxAttempts: 3, delayMs });
  deadline = await workflowWith("Deadline", id, { strategy: "fixed", maxAttempts: 100, delayMs: 200, deadlineMs: 2000 });
  rest = await workflowWith("Rest", id, { strategy: "fixed", maxAttempts: 2, delayMs: restMs });
  await stop();
});

afterEach(async () => {
  faults(false);
  await stop();
});

const clockSet = (seconds: number) => start(shimmed({ SHIM_CLOCK: String(seconds) }));
const get = (executionId: string) => call("executions.get", { executionId }, true);
const waiting = (id: string) => until(`${id} waits`, async () => (await get(id)).status === "waiting");

/* Its end, and how long that took, by a clock that nobody sets. */
async function endOf(id: string): Promise<any> {
  await until(`the end of ${id}`, async () => (await get(id)).finishedAt);
  return get(id);
}

function checkOrder(execution: any): void {
  const times: number[] = [execution.createdAt, execution.startedAt];
  for (const attempt of execution.steps[0].attempts) times.push(attempt.startedAt, attempt.finishedAt);
  times.push(execution.finishedAt);
  const sorted = times.map((time) => Date.parse(String(time)));
  expect(sorted).toEqual([...sorted].sort((a, b) => a - b));
}

for (const [what, seconds] of Object.entries(steps)) {
  test(`retries keep their distance when the clock is set ${what}`, async () => {
    await clockSet(seconds);
    const began = performance.now();
    const { executionId } = await call("workflows.execute", { workflowId: retries });
    await waiting(executionId);
    faults(true);
    const execution = await endOf(executionId);
    expect(execution.error.code).toBe("REFUSED");
    expect(execution.steps[0].attempts.length).toBe(3);
    expect(performance.now() - began).toBeGreaterThan(2 * delayMs - 100);
    checkOrder(execution);
  });

  test(`a deadline is neither early nor late when the clock is set ${what}`, async () => {
    await clockSet(seconds);
    const began = performance.now();
    const { executionId } = await call("workflows.execute", { workflowId: deadline });
    await waiting(executionId);
    faults(true);
    const execution = await endOf(executionId);
    expect(execution.error.code).toBe("DEADLINE");
    expect(performance.now() - began).toBeGreaterThan(1500);
    expect(execution.steps[0].attempts.length).toBeGreaterThan(3);
    checkOrder(execution);
  });

  test(`what a dead process left goes on when the clock was set ${what} meanwhile`, async () => {
    await clockSet(seconds);
    const { executionId } = await call("workflows.execute", { workflowId: retries });
    await waiting(executionId);
    await stop();
    faults(true);
    await clockSet(seconds);
    const execution = await endOf(executionId);
    expect(execution.error.code).toBe("REFUSED");
    expect(execution.steps[0].attempts.length).toBe(3);
    checkOrder(execution);
    const fresh = await call("workflows.execute", { workflowId: retries });
    const offset = Date.parse((await get(fresh.executionId)).createdAt) - Date.now();
    expect(Math.abs(offset - seconds * 1000)).toBeLessThan(60_000);
    await endOf(fresh.executionId);
  });
}

for (const what of ["a year ahead", "a year back"] as const)
  test(`what rests in the store comes back in its time when the clock is set ${what}`, async () => {
    await clockSet(steps[what]);
    const began = performance.now();
    const { executionId } = await call("workflows.execute", { workflowId: rest });
    await waiting(executionId);
    faults(true);
    const execution = await endOf(executionId);
    expect(execution.error.code).toBe("REFUSED");
    expect(execution.steps[0].attempts.length).toBe(2);
    expect(performance.now() - began).toBeGreaterThan(restMs - 100);
    checkOrder(execution);
  });

test("a session ends by the clock, a token without an end stays, a limit counts by its own", async () => {
  await clockSet(3600);
  const login = await fetch(`${address()}/trpc/auth.login`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-tieline": "1", origin: address() },
    body: JSON.stringify({ email: "crash@localhost", password: "correct horse battery" }),
  });
  expect(login.status).toBe(200);
  const cookie = login.headers.get("set-cookie")!.split(";")[0]!;
  const signedIn = async () => {
    const answer: any = await (await fetch(`${address()}/trpc/auth.status`, { headers: { cookie } })).json();
    return Boolean(answer.result.data.user);
  };
  expect(await signedIn()).toBe(true);
  faults(true); /* an hour ahead */
  expect(await signedIn()).toBe(true);

  const trial = () => call("connections.test", { projectId: project, connectionType: "redis", connectionUrl: nowhere });
  faults(false);
  let limited: unknown;
  for (let i = 0; i < 40 && !limited; i++) limited = await trial().then(() => undefined, (error: unknown) => error);
  expect((limited as Refused).status).toBe(429);
  faults(true);
  await expect(trial()).rejects.toThrow((limited as Refused).message.slice(0, 20));

  faults(false);
  await stop("SIGTERM");
  await clockSet(year);
  faults(true);
  expect(await signedIn()).toBe(false);
  expect((await call("projects.list", undefined, true)).projects.length).toBe(1);
});
