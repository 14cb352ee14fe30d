/* SPDX-License-Identifier: Apache-2.0 */
import { expect, test } from "vitest";
import { localPath } from "./next.ts";

test("paths of this page are kept, everything else leads to the projects", () => {
  expect(localPath("/projects/1/connections?add=true")).toBe("/projects/1/connections?add=true");
  for (const foreign of [undefined, "", "https://example.com/", "//example.com/", "/\\example.com", "projects"])
    expect(localPath(foreign)).toBe("/projects");
});
