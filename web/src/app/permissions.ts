/* SPDX-License-Identifier: Apache-2.0 */
/* Roles and what they may do. The server decides; the page only says it beforehand. */
import type { Project } from "../api.gen.ts";

export type Role = Project["role"];
const ranks: Role[] = ["viewer", "editor", "owner"];

export function atLeast(role: Role, wanted: Role): boolean {
  return ranks.indexOf(role) >= ranks.indexOf(wanted);
}
