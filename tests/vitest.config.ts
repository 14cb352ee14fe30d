/* SPDX-License-Identifier: Apache-2.0 */
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/*
 * Tests talk to real servers and to the built binary: the time limits are for a busy machine, so a
 * test that reaches one has found a hang. Nothing is retried: a test that fails now and then is a
 * fault to find.
 *
 * Each file has a server and a data folder of its own; what files share are PostgreSQL and Redis, where
 * each keeps to names of its own. So files run beside each other, also on two processors: they wait
 * for more than half of their time.
 */
export default defineConfig({
  test: {
    include: ["{api,browser,crash}/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    retry: 0,
    allowOnly: !process.env.CI,
    pool: "forks",
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { hooks: "stack" },
  },
});
