/* SPDX-License-Identifier: Apache-2.0 */
/* The workflows of a project: whether they can run and how they last ran; new ones, copies, the way to the editor. */
import { Button } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Copy, Pencil, Plus, Search, Trash2, Workflow as WorkflowIcon } from "lucide-react";
import { useState } from "react";
import { api, queryClient, trpc } from "../../api/client.ts";
import type { WorkflowSummary } from "../../api.gen.ts";
import { problemOf } from "../../app/errors.ts";
import { notice } from "../../app/notices.ts";
import { atLeast } from "../../app/permissions.ts";
import { DataTable, SkeletonRows } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { useFocusAfterDelete } from "../../parts/focus-after-delete.ts";
import { FormError } from "../../parts/form-error.tsx";
import { GuardedButton, GuardedIcon, GuardedSwitch } from "../../parts/guarded-button.tsx";
import { ListSearch } from "../../parts/list-search.tsx";
import { LoadError } from "../../parts/load-error.tsx";
import { RelativeTime } from "../../parts/relative-time.tsx";
import { StatusMark } from "../../parts/status-mark.tsx";
import { text } from "../../text/en.ts";
import { StateMark } from "../executions/index.ts";
import { useProject } from "../projects/index.ts";
import { DeleteWorkflowDialog } from "./delete-dialog.tsx";
import { type Histories, LastDay } from "./last-day.tsx";
import { NewWorkflowDialog, RenameDialog } from "./name-dialogs.tsx";
import type { WorkflowsSearch } from "./search.ts";
import { useLiveWorkflows } from "./use-live.ts";
import "./workflows.css";

const words = text.workflows;

function LastExecution({ projectId, lastExecution: last }: WorkflowSummary) {
  if (!last) return <span className="muted">{words.neverRun}</span>;
  return (
    <Link
      className="last-execution"
      to="/projects/$projectId/executions/$executionId"
      params={{ projectId, executionId: last.executionId }}
      preload={false}
    >
      <StateMark state={last.status} />
      <span className="muted">
        <RelativeTime at={last.createdAt} />
      </span>
    </Link>
  );
}

interface RowProps {
  workflow: WorkflowSummary;
  histories: Histories;
  reason: string | undefined;
  set: (change: WorkflowsSearch) => void;
  setActive: (active: boolean) => void;
  duplicate: () => void;
}

function Row({ workflow, histories, reason, set, setActive, duplicate }: RowProps) {
  const problems = workflow.problems.length;
  return (
    <tbody className="workflow-row" data-row={workflow.id}>
      <tr>
        <td>
          <Link
            className="title"
            to="/projects/$projectId/workflows/$workflowId"
            params={{ projectId: workflow.projectId, workflowId: workflow.id }}
          >
            {workflow.name}
          </Link>
        </td>
        <td data-label={words.active}>
          <GuardedSwitch
            label={words.activeOf(workflow.name)}
            reason={reason}
            checked={workflow.active}
            onChange={setActive}
          />
        </td>
        <td data-label={words.state}>
          <StatusMark tone={problems ? "warn" : "ok"}>{problems ? words.problems(problems) : words.ready}</StatusMark>
        </td>
        <td data-label={words.lastExecution} className="nowrap">
          <LastExecution {...workflow} />
        </td>
        <td data-label={words.lastDay} className="nowrap">
          <LastDay projectId={workflow.projectId} workflowId={workflow.id} name={workflow.name} histories={histories} />
        </td>
        <td className="actions">
          <div>
            <GuardedIcon
              label={words.renameOf(workflow.name)}
              reason={reason}
              onClick={() => set({ edit: workflow.id })}
            >
              <Pencil size={16} />
            </GuardedIcon>
            <GuardedIcon label={words.duplicateOf(workflow.name)} reason={reason} onClick={duplicate}>
              <Copy size={16} />
            </GuardedIcon>
            <GuardedIcon
              label={words.deleteOf(workflow.name)}
              reason={reason}
              onClick={() => set({ delete: workflow.id })}
            >
              <Trash2 size={16} />
            </GuardedIcon>
          </div>
        </td>
      </tr>
    </tbody>
  );
}

export function WorkflowsTab() {
  const project = useProject();
  const projectId = project.id;
  const search = useSearch({ from: "/user/projects/$projectId/workflows" });
  const navigate = useNavigate();
  const { workflows, histories } = useLiveWorkflows(projectId);
  const [failure, setFailure] = useState<string>();
  const list = workflows.data?.workflows;
  const beforeDelete = useFocusAfterDelete(list);
  const wanted = search.q?.trim().toLowerCase();
  const shown = list?.filter((workflow) => !wanted || workflow.name.toLowerCase().includes(wanted));
  const reason = atLeast(project.role, "editor") ? undefined : words.editorsOnly;

  const set = (change: WorkflowsSearch) =>
    void navigate({ to: ".", search: (now: WorkflowsSearch) => ({ ...now, ...change }) });
  const setFilter = (q: string) =>
    void navigate({
      to: ".",
      search: ({ q: _old, ...rest }: WorkflowsSearch) => (q ? { ...rest, q } : rest),
      replace: true,
    });
  const closeDialog = () =>
    void navigate({
      to: ".",
      search: ({ add: _add, edit: _edit, delete: _delete, ...rest }: WorkflowsSearch) => rest,
      replace: true,
    });

  async function guarded(work: () => Promise<void>) {
    setFailure(undefined);
    try {
      await work();
    } catch (error) {
      setFailure(problemOf(error).message);
    }
    await queryClient.invalidateQueries(trpc.workflows.list.pathFilter());
  }
  const setActive = (workflowId: string, active: boolean) =>
    void guarded(async () => {
      queryClient.setQueryData(
        trpc.workflows.list.queryOptions({ projectId }).queryKey,
        (old) => old && { workflows: old.workflows.map((one) => (one.id === workflowId ? { ...one, active } : one)) },
      );
      await api.workflows.update.mutate({ workflowId, active });
    });
  const duplicate = (workflow: WorkflowSummary) =>
    void guarded(async () => {
      const { definition } = await api.workflows.get.query({ workflowId: workflow.id });
      const copy = await api.workflows.create.mutate({ projectId, name: words.copyOf(workflow.name), definition });
      notice(words.created(copy.name));
    });

  const addButton = (
    <GuardedButton
      variant="filled"
      leftSection={<Plus size={16} />}
      reason={reason}
      onClick={() => set({ add: true })}
      data-shortcut="new"
    >
      {words.add}
    </GuardedButton>
  );

  return (
    <section aria-labelledby="workflows-title">
      <div className="toolbar">
        <h2 id="workflows-title">{words.title}</h2>
        {list?.length ? <span className="count">{list.length}</span> : null}
        <span className="grow" />
        {list?.length ? (
          <>
            <ListSearch
              className="workflow-filter"
              label={words.searchLabel}
              placeholder={words.search}
              value={search.q}
              onChange={setFilter}
            />
            {addButton}
          </>
        ) : null}
      </div>
      <FormError message={failure} />
      {workflows.isError && !list ? (
        <LoadError what={words.title} error={workflows.error} retry={() => void workflows.refetch()} />
      ) : null}
      {list?.length === 0 ? (
        <EmptyState icon={WorkflowIcon} title={words.empty} line={words.emptyLine}>
          {addButton}
        </EmptyState>
      ) : null}
      {list?.length && shown?.length === 0 ? (
        <EmptyState icon={Search} title={text.common.noMatch}>
          <Button onClick={() => setFilter("")}>{text.common.clearFilters}</Button>
        </EmptyState>
      ) : null}
      {workflows.isPending || shown?.length ? (
        <DataTable
          label={words.title}
          columns={[words.name, words.active, words.state, words.lastExecution, words.lastDay]}
        >
          {shown ? (
            shown.map((workflow) => (
              <Row
                key={workflow.id}
                workflow={workflow}
                histories={histories}
                reason={reason}
                set={set}
                setActive={(active) => setActive(workflow.id, active)}
                duplicate={() => duplicate(workflow)}
              />
            ))
          ) : (
            <SkeletonRows columns={5} />
          )}
        </DataTable>
      ) : null}
      <NewWorkflowDialog
        opened={search.add === true && !reason}
        projectId={projectId}
        close={closeDialog}
        created={(workflowId) =>
          void navigate({ to: "/projects/$projectId/workflows/$workflowId", params: { projectId, workflowId } })
        }
      />
      <RenameDialog
        workflow={reason ? undefined : list?.find((workflow) => workflow.id === search.edit)}
        close={closeDialog}
      />
      <DeleteWorkflowDialog
        workflow={reason ? undefined : list?.find((workflow) => workflow.id === search.delete)}
        close={closeDialog}
        beforeDelete={beforeDelete}
      />
    </section>
  );
}
