/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One test of a connection at a time, and its result. `about` names what the result is true of (id
 * and version, or the values typed in): once that is another, the result is gone, and an answer that
 * is still on its way is not shown.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "../../api/client.ts";
import type { TestResult } from "../../api.gen.ts";
import { announce } from "../../app/announce.tsx";
import { problemOf } from "../../app/errors.ts";
import { text } from "../../text/en.ts";

/* The server gives up after 5 s; an answer that is not there by then is lost. */
const LIMIT_MS = 8000;

export type TestInput = Parameters<typeof api.connections.test.mutate>[0];

export type TestOutcome =
  | { kind: "result"; result: TestResult; at: number }
  /* Not a failure of the connection: no right, too many, no answer, wrong input, cancelled. */
  | { kind: "refused"; message: string; field?: string; at: number };

export interface ConnectionTest {
  running: boolean;
  /* Full seconds since it began. */
  seconds: number;
  outcome: TestOutcome | undefined;
  start: (input: TestInput) => void;
  cancel: () => void;
}

export function wordsOf(outcome: TestOutcome): string {
  if (outcome.kind === "refused") return outcome.message;
  const { result } = outcome;
  if (result.success) return text.test.success;
  /* The server's sentence may begin as ours does. */
  return text.test.failed(result.message.replace(/^connection failed: /i, ""));
}

function refusal(error: unknown, reason: unknown): TestOutcome {
  const at = Date.now();
  if (reason === "cancelled") return { kind: "refused", message: text.test.cancelled, at };
  if (reason === "late") return { kind: "refused", message: text.test.failed(text.test.noAnswer), at };
  const problem = problemOf(error);
  const message = problem.code === "FORBIDDEN" ? text.test.editorsOnly : problem.message;
  return { kind: "refused", message, at, ...(problem.field ? { field: problem.field } : {}) };
}

export function useConnectionTest(about: string): ConnectionTest {
  const [running, setRunning] = useState(false);
  const [seconds, setSeconds] = useState(0);
  const [outcome, setOutcome] = useState<TestOutcome>();
  const current = useRef<AbortController>(undefined);

  /* Another subject ends what was about this one. */
  useEffect(() => {
    return () => {
      current.current?.abort("gone");
      current.current = undefined;
      setRunning(false);
      setOutcome(undefined);
    };
  }, [about]);

  useEffect(() => {
    if (!running) return;
    const began = Date.now();
    setSeconds(0);
    const timer = setInterval(() => setSeconds(Math.floor((Date.now() - began) / 1000)), 200);
    return () => clearInterval(timer);
  }, [running]);

  const start = useCallback((input: TestInput) => {
    if (current.current) return;
    const controller = new AbortController();
    current.current = controller;
    setRunning(true);
    setOutcome(undefined);
    const limit = setTimeout(() => controller.abort("late"), LIMIT_MS);
    const end = (result: TestOutcome) => {
      clearTimeout(limit);
      if (current.current !== controller) return;
      current.current = undefined;
      setRunning(false);
      setOutcome(result);
      announce(wordsOf(result));
    };
    api.connections.test.mutate(input, { signal: controller.signal }).then(
      (result) => end({ kind: "result", result, at: Date.now() }),
      (error: unknown) => end(refusal(error, controller.signal.reason)),
    );
  }, []);

  const cancel = useCallback(() => current.current?.abort("cancelled"), []);

  return { running, seconds, outcome, start, cancel };
}
