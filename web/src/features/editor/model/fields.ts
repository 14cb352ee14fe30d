/* SPDX-License-Identifier: Apache-2.0 */
/* What a form's description says about a config. */
import type { Component, FormField } from "../../../api.gen.ts";

/* Fields that do not show keep their values. */
export function isShown(field: FormField, config: Record<string, unknown>): boolean {
  if (!field.when) return true;
  const at = field.when.indexOf("=");
  return String(config[field.when.slice(0, at)] ?? "") === field.when.slice(at + 1);
}

export function connectionFieldOf(component: Component | undefined): FormField | undefined {
  return component?.fields.find((field) => field.look === "connection");
}

export function fieldOf(component: Component | undefined, look: FormField["look"]): FormField | undefined {
  return component?.fields.find((field) => field.look === look);
}
