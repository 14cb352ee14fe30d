/* SPDX-License-Identifier: Apache-2.0 */
import { expect, test } from "vitest";
import { placeholders, placeholderWords } from "./placeholders.ts";

test("placeholders are found where they stand, and addresses are none", () => {
  expect(placeholders("postgresql://[USER]:[YOUR-PASSWORD]@[2001:db8::1]:[PORT]/d")).toEqual([
    { word: "[USER]", start: 13 },
    { word: "[YOUR-PASSWORD]", start: 20 },
    { word: "[PORT]", start: 50 },
  ]);
  expect(placeholders("redis://[::1]:6379/0")).toEqual([]);
  expect(placeholders("redis://:p[]@[dead:beef::]")).toEqual([]);
});

test("what a placeholder stands for is said in words", () => {
  expect(placeholderWords("[YOUR-PASSWORD]")).toBe("your password");
  expect(placeholderWords("[PROJECT_REF]")).toBe("your project ref");
  expect(placeholderWords("[user]")).toBe("your user");
});
