/* SPDX-License-Identifier: Apache-2.0 */
/* A server under trial: its projects, what it costs, and a pulse that shows that others are served. */
import { readFileSync, readdirSync } from "node:fs";
import { addUser, client, needed, newFolder, serve, type Caller, type Server } from "../api/harness.ts";

/* Under the address sanitizer, memory that was freed would stay for long and hide what is in use. */
process.env.ASAN_OPTIONS = `${process.env.ASAN_OPTIONS ?? ""}:quarantine_size_mb=8`;

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class Field {
  readonly server: Server;
  readonly caller: Caller;
  readonly projectId: string;
  readonly testers: Caller[]; /* a user may test so many times a minute */
  #names = 0;
  #tests = 0;

  private constructor(server: Server, caller: Caller, projectId: string, testers: Caller[]) {
    this.server = server;
    this.caller = caller;
    this.projectId = projectId;
    this.testers = testers;
  }

  static async open(testers: number, ...flags: string[]): Promise<Field> {
    const data = newFolder();
    const tokens = Array.from({ length: testers + 1 }, (_, i) => addUser(data, `user${i}`));
    const server = await serve(data, ...flags);
    const callers = tokens.map((token) => client(server, token));
    const projectId = (await callers[0]!.mutation("projects.create", { name: "P" })).id as string;
    for (let i = 1; i <= testers; i++)
      await callers[0]!.mutation("members.add", { projectId, email: `user${i}@tieline.test`, role: "editor" });
    return new Field(server, callers[0]!, projectId, callers.slice(1));
  }

  async connect(connectionType: "postgresql" | "redis", connectionUrl: string, config: object = {}): Promise<string> {
    const name = `c${this.#names++}`;
    return (await this.caller.mutation("connections.create", { projectId: this.projectId, connectionType, name, connectionUrl, config })).id;
  }

  test(connectionId: string): Promise<any> {
    return this.testers[this.#tests++ % this.testers.length]!.mutation("connections.test", { connectionId });
  }

  async workflow(...nodes: object[]): Promise<string> {
    return (await this.caller.mutation("workflows.create", { projectId: this.projectId, name: `w${this.#names++}`, definition: { nodes, edges: [] } })).id;
  }

  query(connectionId: string, query: string, config: object = {}, more: object = {}): Promise<string> {
    return this.workflow({ id: "n", type: "postgresql-query", name: "n", config: { connectionId, query, ...config }, ...more });
  }

  command(connectionId: string, config: object, more: object = {}): Promise<string> {
    return this.workflow({ id: "n", type: "redis-command", name: "n", config: { connectionId, ...config }, ...more });
  }

  async execute(workflowId: string, waitMs = 25_000): Promise<any> {
    return (await this.caller.mutation("workflows.execute", { workflowId, waitMs })).execution;
  }

  residentKiB(): number {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.server.pid}/status`, "utf8"))![1]);
  }

  descriptors(): number {
    return readdirSync(`/proc/${this.server.pid}/fd`).length;
  }

  threads(): number {
    return readdirSync(`/proc/${this.server.pid}/task`).length;
  }
}

/* The longest of an execution's attempts, in milliseconds. */
export function longestMs(execution: any): number {
  const attempts: any[] = execution.steps.flatMap((step: any) => step.attempts);
  return Math.max(...attempts.map(({ startedAt, finishedAt }) => Date.parse(finishedAt) - Date.parse(startedAt)));
}

/* Executions on healthy servers, one after the other, until it is stopped. */
export class Pulse {
  beats = 0;
  slowestMs = 0;
  failures: any[] = [];
  peakKiB = 0;
  readonly fieldBefore: { residentKiB: number };
  #going = true;
  #ended: Promise<void>;

  static async start(field: Field): Promise<Pulse> {
    const database = await field.connect("postgresql", needed("PGURL"));
    const cache = await field.connect("redis", needed("REDISURL"));
    const workflows = [await field.query(database, "SELECT 1"), await field.command(cache, { command: "GET", key: "k" })];
    for (const workflowId of workflows) await field.execute(workflowId);
    return new Pulse(field, workflows);
  }

  private constructor(field: Field, workflows: string[]) {
    this.fieldBefore = { residentKiB: field.residentKiB() };
    this.#ended = this.#beat(field, workflows);
  }

  async #beat(field: Field, workflows: string[]): Promise<void> {
    while (this.#going) {
      for (const workflowId of workflows) {
        const began = Date.now();
        const execution = await field.execute(workflowId);
        this.slowestMs = Math.max(this.slowestMs, Date.now() - began);
        if (execution.status !== "succeeded") this.failures.push(execution.error);
        this.peakKiB = Math.max(this.peakKiB, field.residentKiB());
        this.beats++;
      }
      await sleep(20);
    }
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#ended;
  }
}
