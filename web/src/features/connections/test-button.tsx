/* SPDX-License-Identifier: Apache-2.0 */
/* Starts a test; while it runs, says so, and after a while offers to give up. */
import { Button } from "@mantine/core";
import { GuardedButton } from "../../parts/guarded-button.tsx";
import { text } from "../../text/en.ts";
import type { ConnectionTest } from "./use-test.ts";

interface Props {
  test: ConnectionTest;
  start: () => void;
  /* Accessible name beside "Test", where several stand on a screen. */
  label?: string;
  reason?: string | undefined;
}

export function TestButton({ test, start, label, reason }: Props) {
  const { running, seconds } = test;
  return (
    <>
      {running && seconds >= 2 ? (
        <Button variant="subtle" onClick={test.cancel}>
          {text.common.cancel}
        </Button>
      ) : null}
      <GuardedButton
        reason={reason}
        onClick={running ? () => undefined : start}
        aria-busy={running}
        {...(label && !running ? { "aria-label": label } : {})}
      >
        {running ? (seconds >= 1 ? text.test.runningFor(seconds) : text.test.running) : text.test.button}
      </GuardedButton>
    </>
  );
}
