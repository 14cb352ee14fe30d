/* SPDX-License-Identifier: Apache-2.0 */
/* Which workflows use a connection. */
import { trpc } from "../../api/client.ts";

export function usageQuery(connectionId: string) {
  return trpc.connections.usage.queryOptions({ connectionId });
}
