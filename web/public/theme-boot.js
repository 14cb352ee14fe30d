/* SPDX-License-Identifier: Apache-2.0 */
/* The colour scheme before the first paint; src/app/appearance.ts changes it later. */
(() => {
  let wanted = "auto";
  try {
    wanted = localStorage.getItem("tieline-appearance") ?? "auto";
  } catch {
    /* No storage: as the system has it. */
  }
  const dark = wanted === "dark" || (wanted !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.mantineColorScheme = dark ? "dark" : "light";
})();
