/* SPDX-License-Identifier: Apache-2.0 */
/* Light, dark, or as the system has it. public/theme-boot.js does the same before the first paint. */
import { type MantineColorSchemeManager, useMantineColorScheme } from "@mantine/core";

const key = "tieline-appearance";
type Appearance = "light" | "dark" | "auto";

function read(): Appearance {
  try {
    const kept = localStorage.getItem(key);
    return kept === "light" || kept === "dark" ? kept : "auto";
  } catch {
    return "auto";
  }
}

/* In the form that the kit asks for. */
export const appearanceManager: MantineColorSchemeManager = {
  get: () => read(),
  set: (value) => {
    try {
      localStorage.setItem(key, value);
    } catch {
      /* No storage: it lasts as long as the page. */
    }
  },
  subscribe: () => undefined,
  unsubscribe: () => undefined,
  clear: () => {
    try {
      localStorage.removeItem(key);
    } catch {
      /* Nothing was kept. */
    }
  },
};

/* To hold transitions back, the kit would write a style as HTML, which the content policy forbids. */
export function useColorScheme() {
  return useMantineColorScheme({ keepTransitions: true });
}
