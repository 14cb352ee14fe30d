/* SPDX-License-Identifier: Apache-2.0 */
import { defineConfig } from "vitest/config";

/*
 * Tests talk to real servers and to the built binary: the time limits are for a busy machine, so a
 * test that reaches one has found a hang. Nothing is retried: a test that fails now and then is a
 * fault to find.
 */
export default defineConfig({
  test: {
    include: ["{api,browser,crash}/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    retry: 0,
    allowOnly: !process.env.CI,
    pool: "forks",
    sequence: { hooks: "stack" },
  },
});
