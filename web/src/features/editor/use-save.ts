/* SPDX-License-Identifier: Apache-2.0 */
/* Saving the draft: as the next version, over somebody else's, or as a workflow of its own. */
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { api, queryClient, trpc } from "../../api/client.ts";
import type { Workflow } from "../../api.gen.ts";
import { announce } from "../../app/announce.tsx";
import { problemOf } from "../../app/errors.ts";
import { notice } from "../../app/notices.ts";
import { editorText } from "../../text/editor.ts";
import { type Graph, writeGraph } from "./model/graph.ts";
import type { Draft } from "./use-draft.ts";

export function useSave(workflow: Workflow, draft: Draft) {
  const { id: workflowId, projectId } = workflow;
  const navigate = useNavigate();
  const [saving, setSaving] = useState(false);
  const [failure, setFailure] = useState<string>();
  const [conflict, setConflict] = useState<Workflow>();
  const busy = useRef(false);
  const query = trpc.workflows.get.queryOptions({ workflowId });

  /* Resolves to whether the server has what the draft is. */
  async function saveOver(version: number): Promise<boolean> {
    if (busy.current) return false;
    busy.current = true;
    setSaving(true);
    setFailure(undefined);
    const sent: Graph = draft.graph;
    try {
      const saved = await api.workflows.update.mutate({ workflowId, version, definition: writeGraph(sent) });
      draft.saved(saved.version, sent);
      queryClient.setQueryData(query.queryKey, saved);
      void queryClient.invalidateQueries(trpc.workflows.list.pathFilter());
      void queryClient.invalidateQueries(trpc.connections.usage.pathFilter());
      announce(editorText.state.saved);
      return true;
    } catch (error) {
      const problem = problemOf(error);
      if (problem.code === "CONFLICT")
        setConflict(await api.workflows.get.query({ workflowId }).catch(() => undefined));
      else setFailure(problem.message);
      return false;
    } finally {
      busy.current = false;
      setSaving(false);
    }
  }

  return {
    saving,
    failure,
    setFailure,
    conflict,
    closeConflict: () => setConflict(undefined),
    save: () => (draft.dirty ? saveOver(draft.base.version) : Promise.resolve(true)),
    overwrite: async () => {
      if (!conflict) return;
      setConflict(undefined);
      await saveOver(conflict.version);
    },
    saveAsCopy: async () => {
      try {
        const copy = await api.workflows.create.mutate({
          projectId,
          name: editorText.copyOf(workflow.name),
          definition: writeGraph(draft.graph),
        });
        setConflict(undefined);
        draft.forget();
        notice(editorText.copySaved(copy.name));
        await queryClient.invalidateQueries(trpc.workflows.list.pathFilter());
        await navigate({
          to: "/projects/$projectId/workflows/$workflowId",
          params: { projectId, workflowId: copy.id },
          ignoreBlocker: true,
        });
      } catch (error) {
        setFailure(problemOf(error).message);
      }
    },
  };
}
