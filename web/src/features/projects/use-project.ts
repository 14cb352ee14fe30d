/* SPDX-License-Identifier: Apache-2.0 */
/* The project around the screen. Its route has loaded it before anything asks. */
import { useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { trpc } from "../../api/client.ts";
import type { Project } from "../../api.gen.ts";

export function useProject(): Project {
  const { projectId } = useParams({ from: "/user/projects/$projectId" });
  return useSuspenseQuery(trpc.projects.get.queryOptions({ projectId })).data;
}
