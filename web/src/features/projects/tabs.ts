/* SPDX-License-Identifier: Apache-2.0 */
/* The tabs of a project, in their order. A new one is a line here and a route in app/router.tsx. */
import type { Role } from "../../app/permissions.ts";
import { text } from "../../text/en.ts";

interface Tab {
  to: `/projects/$projectId/${"workflows" | "connections" | "executions" | "statistics" | "members" | "settings"}`;
  title: string;
  needs: Role;
}

export const projectTabs: Tab[] = [
  { to: "/projects/$projectId/workflows", title: text.projects.workflows, needs: "viewer" },
  { to: "/projects/$projectId/connections", title: text.projects.connections, needs: "viewer" },
  { to: "/projects/$projectId/executions", title: text.projects.executions, needs: "viewer" },
  { to: "/projects/$projectId/statistics", title: text.projects.statistics, needs: "viewer" },
  { to: "/projects/$projectId/members", title: text.projects.members, needs: "viewer" },
  { to: "/projects/$projectId/settings", title: text.projects.settings, needs: "owner" },
];
