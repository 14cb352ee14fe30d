/* SPDX-License-Identifier: Apache-2.0 */
/* One stream of executions.watch, opened again whenever it breaks, behind the last event that was seen. */
import { TRPCClientError } from "@trpc/client";
import type { WatchEvent } from "../api.gen.ts";
import { api } from "./client.ts";

export type Topic = { executionId: string } | { projectId: string };
/* An event as the stream brings it: with the place in the stream that it stands for. */
export interface Placed {
  id: string;
  data: WatchEvent;
}

interface Ears {
  event: (event: Placed) => void;
  /* Whether news come as they happen. */
  state: (live: boolean) => void;
  /* There is no more: what was watched has ended, or (refused) is not for us. */
  end: (refused: boolean) => void;
}

const RETRY_MS = [1_000, 2_000, 5_000, 10_000];

function isRefusal(error: unknown): boolean {
  const code = error instanceof TRPCClientError ? error.data?.code : undefined;
  return ["NOT_FOUND", "FORBIDDEN", "UNAUTHORIZED", "BAD_REQUEST"].includes(code);
}

/* Until the returned function is called, or the end. `last`: id of the last event that was seen. */
export function openStream(topic: Topic, last: () => string | undefined, ears: Ears): () => void {
  let closed = false;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stop: (() => void) | undefined;

  function open(): void {
    const lastEventId = last();
    const stream = api.executions.watch.subscribe(
      { ...topic, ...(lastEventId ? { lastEventId } : {}) },
      {
        onData: (event) => {
          failures = 0;
          if (!closed) ears.event(event);
        },
        onConnectionStateChange: ({ state }) => {
          if (!closed && state !== "idle") ears.state(state === "pending");
        },
        onComplete: () => {
          if (!closed) ears.end(false);
        },
        onError: (error) => {
          if (closed) return;
          stop?.();
          if (isRefusal(error)) {
            ears.end(true);
            return;
          }
          ears.state(false);
          timer = setTimeout(open, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
        },
      },
    );
    stop = () => stream.unsubscribe();
  }

  open();
  return () => {
    closed = true;
    clearTimeout(timer);
    stop?.();
  };
}
