/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs as they arrive: on the wire, what is unknown may also be absent. */
import type { inferRouterOutputs } from "@trpc/server";
import type { AppRouter } from "../api.gen.ts";

type Outputs = inferRouterOutputs<AppRouter>;

export type Connection = Outputs["connections"]["get"];
export type ConnectionTemplate = Outputs["connections"]["templates"]["templates"][number];
export type Execution = Outputs["executions"]["get"];
