/* SPDX-License-Identifier: Apache-2.0 */
/* The workflow editor: what it needs from the server, the draft, and the parts around them. */
import { Button } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useBlocker, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api, queryClient, trpc } from "../../api/client.ts";
import type { Component, Workflow } from "../../api.gen.ts";
import { announce } from "../../app/announce.tsx";
import { problemOf } from "../../app/errors.ts";
import { atLeast } from "../../app/permissions.ts";
import { useUser } from "../../app/session.ts";
import { ConfirmDiscard } from "../../parts/confirm-discard.tsx";
import { focusOn } from "../../parts/focus.ts";
import { useSteady } from "../../parts/steady.ts";
import { editorText } from "../../text/editor.ts";
import { RenameDialog } from "../workflows/index.ts";
import { Canvas } from "./canvas.tsx";
import { type Editor, EditorProvider, type Question } from "./context.tsx";
import "./editor.css";
import { focusNode, focusPanel } from "./focus.ts";
import { check, withServers } from "./model/check.ts";
import { connectionFieldOf } from "./model/fields.ts";
import { addNode, copyOf, type Graph, insertAfter, paste, removeNodes, usesTrigger } from "./model/graph.ts";
import { afterRemoval } from "./model/order.ts";
import { NodeDialogs } from "./node-dialogs.tsx";
import { Palette } from "./palette.tsx";
import { Foot } from "./problems.tsx";
import { RunDialog } from "./run-dialog.tsx";
import { type SaveState, Toolbar } from "./toolbar.tsx";
import { graphOf, useDraft } from "./use-draft.ts";
import { useRun } from "./use-run.ts";
import { useSave } from "./use-save.ts";
import { useShortcuts } from "./use-shortcuts.ts";

const route = { from: "/user/projects/$projectId/workflows/$workflowId" } as const;
/* Behind the first picture: fields bring much with them. */
const NodePanel = lazy(() => import("./panel.tsx"));
const Outline = lazy(() => import("./outline.tsx"));
const ConflictDialog = lazy(() => import("./conflict-dialog.tsx"));
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/* A new node's connection, where there is no choice to make: what this workflow uses already, or the only one. */
function usualConnection(
  component: Component | undefined,
  graph: Graph,
  connections: { id: string; connectionType: string }[],
): Record<string, unknown> {
  const field = connectionFieldOf(component);
  if (!field) return {};
  const fitting = connections.filter((one) => one.connectionType === field.connector).map((one) => one.id);
  const used = graph.nodes.map((node) => String(node.config[field.name])).filter((id) => fitting.includes(id));
  const usual = used.at(-1) ?? (fitting.length === 1 ? fitting[0] : undefined);
  return usual ? { [field.name]: usual } : {};
}

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia("(max-width: 719px)").matches);
  useEffect(() => {
    const media = matchMedia("(max-width: 719px)");
    const look = () => setNarrow(media.matches);
    media.addEventListener("change", look);
    return () => media.removeEventListener("change", look);
  }, []);
  return narrow;
}

function Failure({ message, close }: { message: string | undefined; close: () => void }) {
  return message ? (
    <div className="editor-alert" data-tone="err" role="alert">
      <span className="grow">{message}</span>
      <Button size="compact-sm" onClick={close}>
        {editorText.close}
      </Button>
    </div>
  ) : null;
}

function Screen({ workflow, first }: { workflow: Workflow; first: Graph }) {
  const { projectId } = useParams(route);
  const search = useSearch(route);
  const navigate = useNavigate();
  const user = useUser();
  const project = useSuspenseQuery(trpc.projects.get.queryOptions({ projectId })).data;
  const list = useSuspenseQuery(trpc.components.list.queryOptions(undefined, { staleTime: Number.POSITIVE_INFINITY }))
    .data.components;
  const connections = useQuery(trpc.connections.list.queryOptions({ projectId })).data?.connections;
  const components = useMemo(() => new Map(list.map((component) => [component.name, component])), [list]);

  const draft = useDraft(workflow, first, user.id);
  const { graph, change } = draft;
  const saving = useSave(workflow, draft);
  const run = useRun(workflow);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [question, setQuestion] = useState<Question>();
  const [renaming, setRenaming] = useState(false);
  const [fits, setFits] = useState(0);
  const [asksInput, setAsksInput] = useState(false);
  const [typedInput, setTypedInput] = useState("");
  const narrow = useNarrow();
  const outline = narrow || search.view === "outline";
  const readOnly = atLeast(project.role, "editor") ? undefined : editorText.editorsOnly;

  const around = useMemo(
    () => ({ components, connections: connections && new Map(connections.map((one) => [one.id, one])) }),
    [components, connections],
  );
  const problems = useMemo(
    () => withServers(check(graph, around), workflow.problems, draft.base.graph, graph),
    [graph, around, workflow.problems, draft.base.graph],
  );

  const setSearch = (next: { node?: string | undefined; outline?: boolean }) =>
    void navigate({
      to: ".",
      search: (now: { node?: string; view?: "outline" }) => {
        const node = "node" in next ? next.node : now.node;
        const list = next.outline ?? now.view === "outline";
        return { ...(node ? { node } : {}), ...(list ? { view: "outline" as const } : {}) };
      },
      replace: true,
      ignoreBlocker: true,
    });
  const open = useSteady((id: string | undefined) => setSearch({ node: id }));
  const select = useCallback((ids: Iterable<string>) => setSelected(new Set(ids)), []);

  const add: Editor["add"] = (type, { at, insertAfter: behind } = {}) => {
    const component = components.get(type);
    const after = [...selected].find((id) => graph.nodes.some((node) => node.id === id)) ?? search.node;
    const made = {
      type,
      title: component?.title ?? type,
      config: usualConnection(component, graph, connections ?? []),
      ...(at ? { at } : {}),
    };
    const chained = component?.kind === "trigger" || at ? undefined : after;
    const { graph: next, id } = behind ? insertAfter(graph, made, behind) : addNode(graph, { ...made, after: chained });
    change(() => next);
    select([id]);
    open(id);
    if (narrow) focusPanel(id);
    else focusNode(id);
  };

  const remove = useSteady((ids: Iterable<string>) => {
    const gone = new Set(ids);
    const next = afterRemoval(graph, gone);
    change((now) => removeNodes(now, gone));
    select(next ? [next.id] : []);
    if (search.node && gone.has(search.node)) open(undefined);
    if (next) focusNode(next.id);
    else focusOn("#editor-canvas");
  });
  const duplicate = (ids: Iterable<string>) => {
    const { graph: next, ids: made } = paste(graph, copyOf(graph, new Set(ids)));
    change(() => next);
    select(made);
    if (made[0]) focusNode(made[0]);
  };

  async function start(input: unknown) {
    run.setFailure(undefined);
    if (await saving.save()) await run.start(input);
  }
  const runNow = () => {
    if (run.running || readOnly) return;
    if (usesTrigger(graph) && typedInput.trim() === "") setAsksInput(true);
    else void start(typedInput.trim() === "" ? undefined : JSON.parse(typedInput));
  };

  async function setActive(active: boolean) {
    const { queryKey } = trpc.workflows.get.queryOptions({ workflowId: workflow.id });
    queryClient.setQueryData(queryKey, (old) => old && { ...old, active });
    try {
      const saved = await api.workflows.update.mutate({ workflowId: workflow.id, active });
      queryClient.setQueryData(queryKey, (old) => old && { ...old, active: saved.active });
      void queryClient.invalidateQueries(trpc.workflows.list.pathFilter());
    } catch (error) {
      queryClient.setQueryData(queryKey, (old) => old && { ...old, active: !active });
      saving.setFailure(problemOf(error).message);
    }
  }

  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => draft.dirty && current.pathname !== next.pathname,
    withResolver: true,
    enableBeforeUnload: false,
  });

  const setOutline = (wanted: boolean) => setSearch({ outline: wanted });
  const tidyUp = () =>
    void import("./model/layout.ts").then(({ tidy }) => {
      change(tidy);
      setFits((times) => times + 1);
      announce(editorText.tidied);
    });
  useShortcuts({
    save: () => !readOnly && void saving.save(),
    run: runNow,
    undo: draft.undo,
    redo: draft.redo,
    tidyUp: () => !readOnly && tidyUp(),
    toggleOutline: () => !narrow && setOutline(!outline),
  });

  const editor: Editor = {
    project,
    workflow,
    graph,
    components,
    connections,
    problems,
    steps: run.steps,
    executionId: run.execution?.id,
    readOnly,
    change,
    undo: draft.undo,
    redo: draft.redo,
    canUndo: draft.canUndo,
    canRedo: draft.canRedo,
    openId: search.node,
    open,
    narrow,
    selected,
    select,
    add,
    remove,
    duplicate,
    ask: setQuestion,
    fits,
  };
  const state: SaveState = saving.saving ? "saving" : saving.failure ? "failed" : draft.dirty ? "unsaved" : "saved";

  return (
    <EditorProvider value={editor}>
      <div className="editor" data-outline={outline || undefined}>
        <Toolbar
          state={state}
          save={() => void saving.save()}
          rename={() => setRenaming(true)}
          setActive={(active) => void setActive(active)}
          tidyUp={tidyUp}
          outline={outline}
          {...(narrow ? {} : { setOutline })}
          run={runNow}
          runWith={() => setAsksInput(true)}
          running={run.running}
          cancelling={run.cancelling}
          cancel={() => void run.cancel()}
          saveAsCopy={() => void saving.saveAsCopy()}
        />
        <Failure message={saving.failure} close={() => saving.setFailure(undefined)} />
        <Failure message={run.failure} close={() => run.setFailure(undefined)} />
        {draft.found && !readOnly ? (
          <div className="editor-alert" role="alert">
            <span className="grow">{editorText.recover.found(clock.format(draft.found.at))}</span>
            <Button size="compact-sm" onClick={draft.restore}>
              {editorText.recover.restore}
            </Button>
            <Button size="compact-sm" onClick={draft.discard}>
              {editorText.recover.discard}
            </Button>
          </div>
        ) : null}
        <div className="editor-middle">
          {outline || readOnly ? null : (
            <section className="palette" id="editor-palette" aria-label={editorText.palette.title} tabIndex={-1}>
              <h2>{editorText.palette.title}</h2>
              <Palette />
            </section>
          )}
          <Suspense>{outline ? <Outline /> : <Canvas />}</Suspense>
          <Suspense>
            <NodePanel />
          </Suspense>
        </div>
        <Foot execution={run.execution} />
      </div>
      <NodeDialogs question={question} />
      <RunDialog
        opened={asksInput}
        close={() => setAsksInput(false)}
        last={typedInput}
        run={(input, typed) => {
          setTypedInput(typed);
          void start(input);
        }}
      />
      <RenameDialog workflow={renaming ? workflow : undefined} close={() => setRenaming(false)} />
      <Suspense>
        {saving.conflict ? (
          <ConflictDialog
            latest={saving.conflict}
            graph={graph}
            close={saving.closeConflict}
            overwrite={() => void saving.overwrite()}
            saveAsCopy={() => void saving.saveAsCopy()}
          />
        ) : null}
      </Suspense>
      <ConfirmDiscard
        opened={blocker.status === "blocked"}
        keep={() => blocker.reset?.()}
        discard={() => {
          draft.forget();
          blocker.proceed?.();
        }}
      />
    </EditorProvider>
  );
}

function Loaded({ workflowId }: { workflowId: string }) {
  const workflow = useSuspenseQuery(trpc.workflows.get.queryOptions({ workflowId })).data;
  const heading = useRef(false);
  useEffect(() => {
    if (heading.current) return;
    heading.current = true;
    if (document.activeElement === document.body) document.querySelector<HTMLElement>(".editor h1")?.focus();
  }, []);
  /* Only what it begins with: later versions come as they are saved, and the screen stays. */
  const [version] = useState(workflow.version);
  const first = useSuspenseQuery({
    queryKey: ["editor", workflowId, version],
    queryFn: () => graphOf(workflow),
    staleTime: Number.POSITIVE_INFINITY,
  }).data;
  return <Screen workflow={workflow} first={first} />;
}

export function EditorScreen() {
  const { workflowId } = useParams(route);
  return <Loaded key={workflowId} workflowId={workflowId} />;
}
