/* SPDX-License-Identifier: Apache-2.0 */
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { TRPCClientError } from "@trpc/client";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/client.ts";
import { Announcer } from "./app/announce.tsx";
import { appearanceManager } from "./app/appearance.ts";
import { router } from "./app/router.tsx";
import "./styles/tokens.css";
import "./styles/kit.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/table.css";
import { theme } from "./theme.ts";

/* Styles that scripts add carry the nonce of this answer; see the content policy in src/app/pages.c. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
setNonce(nonce);

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
/* What a boundary shows in words is no news for the console, unless it is a fault of ours. */
const onCaughtError = (error: unknown) => {
  if (!(error instanceof TRPCClientError)) console.error(error);
};

createRoot(root, { onCaughtError }).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      colorSchemeManager={appearanceManager}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <Announcer />
        <Notifications position="bottom-right" />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
