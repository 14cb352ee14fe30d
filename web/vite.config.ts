/* SPDX-License-Identifier: Apache-2.0 */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/*
 * `./dev build` calls this through tools/page. For work on the page, with a server on port 8080:
 * `npm run dev` and the address that it prints (the content policy is then Vite's, not ours).
 */
export default defineConfig({
  plugins: [react()],
  html: { cspNonce: "@nonce@" },
  build: {
    outDir: "../build/page/dist",
    emptyOutDir: true,
    manifest: true,
    target: "es2023",
    /* Everything is a file with its hash in its name: the policy knows no data: but for pictures. */
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/trpc": "http://127.0.0.1:8080" } },
});
