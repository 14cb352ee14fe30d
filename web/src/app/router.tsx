/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every address of the page. src/app/pages.c knows their first parts: a new one there is a word in
 * its list. Screens are loaded when they are first shown; a project's tabs: features/projects/tabs.ts.
 */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { onSignedOut, queryClient, trpc } from "../api/client.ts";
import { readConnectionsSearch } from "../features/connections/search.ts";
import { readEditorSearch } from "../features/editor/search.ts";
import { isRange, type Range, readExecutionSearch, readExecutionsSearch } from "../features/executions/search.ts";
import { LoginScreen } from "../features/login/screen.tsx";
import { ProjectFrame } from "../features/projects/frame.tsx";
import { ProjectsScreen } from "../features/projects/screen.tsx";
import { SetupScreen } from "../features/setup/screen.tsx";
import { readWorkflowsSearch } from "../features/workflows/search.ts";
import { ScreenSkeleton } from "../parts/screen-skeleton.tsx";
import { NotFoundPage, NothingHere } from "./boundary.tsx";
import { ScreenError } from "./screen-error.tsx";
import { endSession, statusQuery } from "./session.ts";
import { Shell } from "./shell.tsx";

const root = createRootRoute({
  beforeLoad: async ({ location }) => {
    const status = await queryClient.ensureQueryData(statusQuery);
    if (status.setupRequired && location.pathname !== "/setup") throw redirect({ to: "/setup" });
    return { status };
  },
  component: Outlet,
  errorComponent: ScreenError,
  notFoundComponent: NothingHere,
  pendingComponent: () => null,
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  beforeLoad: ({ context }) => {
    if (!context.status.setupRequired) throw redirect({ to: "/login" });
  },
  component: SetupScreen,
});

const invite = createRoute({
  getParentRoute: () => root,
  path: "/invite",
  component: lazyRouteComponent(() => import("../features/invite/screen.tsx"), "InviteScreen"),
});

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search.next === "string" ? { next: search.next } : {},
  beforeLoad: ({ context }) => {
    if (context.status.user) throw redirect({ to: "/projects" });
  },
  component: LoginScreen,
});

/* What only users see. Whoever is none signs in first, and comes back. */
const user = createRoute({
  getParentRoute: () => root,
  id: "user",
  beforeLoad: ({ context, location }) => {
    if (context.status.user) return;
    const next = location.href;
    throw redirect({ to: "/login", search: next === "/" || next === "/projects" ? {} : { next } });
  },
  component: Shell,
  errorComponent: ScreenError,
});

const home = createRoute({
  getParentRoute: () => user,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/projects", replace: true });
  },
});

const projects = createRoute({
  getParentRoute: () => user,
  path: "/projects",
  validateSearch: (search: Record<string, unknown>): { add?: boolean; first?: boolean } => ({
    ...(search.add ? { add: true } : {}),
    ...(search.first ? { first: true } : {}),
  }),
  component: ProjectsScreen,
});

const project = createRoute({
  getParentRoute: () => user,
  path: "/projects/$projectId",
  loader: ({ params }) => queryClient.ensureQueryData(trpc.projects.get.queryOptions({ projectId: params.projectId })),
  component: ProjectFrame,
  errorComponent: ScreenError,
});

const projectHome = createRoute({
  getParentRoute: () => project,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/projects/$projectId/workflows", params, replace: true });
  },
});

const workflows = createRoute({
  getParentRoute: () => project,
  path: "workflows",
  validateSearch: readWorkflowsSearch,
  component: lazyRouteComponent(() => import("../features/workflows/tab.tsx"), "WorkflowsTab"),
});

/* Over the full width, without the tabs. */
const workflow = createRoute({
  getParentRoute: () => user,
  path: "/projects/$projectId/workflows/$workflowId",
  validateSearch: readEditorSearch,
  loader: ({ params: { projectId, workflowId } }) =>
    Promise.all([
      queryClient.ensureQueryData(trpc.projects.get.queryOptions({ projectId })),
      queryClient.fetchQuery(trpc.workflows.get.queryOptions({ workflowId })),
    ]),
  component: lazyRouteComponent(() => import("../features/editor/screen.tsx"), "EditorScreen"),
  errorComponent: ScreenError,
});

const connections = createRoute({
  getParentRoute: () => project,
  path: "connections",
  validateSearch: readConnectionsSearch,
  component: lazyRouteComponent(() => import("../features/connections/tab.tsx"), "ConnectionsTab"),
});

const connection = createRoute({
  getParentRoute: () => connections,
  path: "$connectionId",
  component: lazyRouteComponent(() => import("../features/connections/drawer.tsx"), "ConnectionDrawer"),
});

const executions = createRoute({
  getParentRoute: () => project,
  path: "executions",
  validateSearch: readExecutionsSearch,
  component: lazyRouteComponent(() => import("../features/executions/list.tsx"), "ExecutionsTab"),
});

const execution = createRoute({
  getParentRoute: () => project,
  path: "executions/$executionId",
  validateSearch: readExecutionSearch,
  component: lazyRouteComponent(() => import("../features/executions/detail.tsx"), "ExecutionScreen"),
});

const statistics = createRoute({
  getParentRoute: () => project,
  path: "statistics",
  validateSearch: (search: Record<string, unknown>): { range?: Range } =>
    isRange(search.range) ? { range: search.range } : {},
  component: lazyRouteComponent(() => import("../features/statistics/tab.tsx"), "StatisticsTab"),
});

const members = createRoute({
  getParentRoute: () => project,
  path: "members",
  validateSearch: (search: Record<string, unknown>): { add?: boolean } => (search.add ? { add: true } : {}),
  component: lazyRouteComponent(() => import("../features/members/tab.tsx"), "MembersTab"),
});

const settings = createRoute({
  getParentRoute: () => project,
  path: "settings",
  validateSearch: (search: Record<string, unknown>): { delete?: string } =>
    search.delete ? { delete: "project" } : {},
  component: lazyRouteComponent(() => import("../features/settings/tab.tsx"), "SettingsTab"),
});

const account = createRoute({
  getParentRoute: () => user,
  path: "/account",
  component: lazyRouteComponent(() => import("../features/account/screen.tsx"), "AccountScreen"),
});

const users = createRoute({
  getParentRoute: () => user,
  path: "/admin/users",
  validateSearch: (search: Record<string, unknown>): { add?: boolean; q?: string } => ({
    ...(search.add ? { add: true } : {}),
    ...(typeof search.q === "string" && search.q !== "" ? { q: search.q } : {}),
  }),
  component: lazyRouteComponent(() => import("../features/admin/users.tsx"), "UsersScreen"),
});

const system = createRoute({
  getParentRoute: () => user,
  path: "/admin/system",
  component: lazyRouteComponent(() => import("../features/admin/system.tsx"), "SystemScreen"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    setup,
    invite,
    login,
    user.addChildren([
      home,
      projects,
      workflow,
      account,
      users,
      system,
      project.addChildren([
        projectHome,
        workflows,
        connections.addChildren([connection]),
        executions,
        execution,
        statistics,
        members,
        settings,
      ]),
    ]),
  ]),
  defaultErrorComponent: ScreenError,
  defaultNotFoundComponent: NotFoundPage,
  defaultPendingComponent: ScreenSkeleton,
  defaultPreload: "intent",
  /* The query cache decides what is fresh. */
  defaultPreloadStaleTime: 0,
  defaultPendingMs: 200,
  scrollRestoration: false,
});

onSignedOut(() => void endSession(() => router.invalidate(), true));

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
