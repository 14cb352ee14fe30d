/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of one node, and what the last execution gave it and got from it. All changes go to the draft at once. */
import { ActionIcon, Menu, Select, TextInput } from "@mantine/core";
import { Ellipsis, Maximize2, X } from "lucide-react";
import { useEffect, useState } from "react";
import type { Component } from "../../api.gen.ts";
import { sentence } from "../../app/errors.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { TabList } from "../../parts/tab-list.tsx";
import { editorText } from "../../text/editor.ts";
import { Duration, iconOf, StateMark, StepData } from "../executions/index.ts";
import { problemsOf, type StepNow, useEditor } from "./context.tsx";
import { dropDown } from "./fields/drop-down.ts";
import { Field } from "./fields/field.tsx";
import { errorOf } from "./fields/notes.tsx";
import { RetryFields } from "./fields/retry.tsx";
import { focusNode } from "./focus.ts";
import { isShown } from "./model/fields.ts";
import { changeNode, findNode, GRID, type GraphNode, moveNodes, type Point, setConfig, setId } from "./model/graph.ts";
import "./panel.css";

const words = editorText.panel;

function NodeActions({ node }: { node: GraphNode }) {
  const { change, duplicate, remove, ask } = useEditor();
  const move = (way: Point) =>
    change(
      (now) =>
        moveNodes(now, new Map([[node.id, { x: node.position.x + way.x * GRID, y: node.position.y + way.y * GRID }]])),
      "move",
    );
  return (
    <Menu position="bottom-end" width={200} {...dropDown(false)}>
      <Menu.Target>
        <ActionIcon aria-label={editorText.node.actions(node.name)}>
          <Ellipsis size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => ask({ kind: "connect", nodeId: node.id })}>{editorText.node.connectTo}</Menu.Item>
        <Menu.Item onClick={() => ask({ kind: "insert", nodeId: node.id })}>{editorText.node.insertAfter}</Menu.Item>
        <Menu.Item onClick={() => duplicate([node.id])}>{editorText.node.duplicate}</Menu.Item>
        <Menu.Divider />
        {(
          [
            [editorText.node.left, { x: -2, y: 0 }],
            [editorText.node.right, { x: 2, y: 0 }],
            [editorText.node.up, { x: 0, y: -2 }],
            [editorText.node.down, { x: 0, y: 2 }],
          ] as const
        ).map(([label, way]) => (
          <Menu.Item key={label} closeMenuOnClick={false} onClick={() => move(way)}>
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => remove([node.id])}>{editorText.node.remove}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/* The id that templates use. It is taken over when the field is left: half an id would rename half the templates. */
function IdField({ node }: { node: GraphNode }) {
  const { graph, change, open, select, readOnly } = useEditor();
  const [typed, setTyped] = useState(node.id);
  useEffect(() => setTyped(node.id), [node.id]);
  const taken = typed !== node.id && findNode(graph, typed) !== undefined;
  const wrong = !/^[a-z][a-z0-9_]{0,62}$/.test(typed) ? words.idWrong : taken ? words.idTaken : undefined;
  return (
    <TextInput
      label={words.id}
      description={words.idHint(node.id)}
      value={typed}
      error={wrong}
      readOnly={readOnly !== undefined}
      spellCheck={false}
      autoComplete="off"
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => {
        if (wrong || typed === node.id) return;
        change((now) => setId(now, node.id, typed));
        select([typed]);
        open(typed);
      }}
    />
  );
}

function Properties({ node, component, inDialog }: { node: GraphNode; component: Component; inDialog: boolean }) {
  const { problems, change, readOnly } = useEditor();
  const shown = component.fields.filter((field) => isShown(field, node.config));
  /* Optional numbers and switches come behind what everybody sets. */
  const isSetting = (look: string, kind: string, required: boolean) =>
    !required &&
    (look === "duration-ms" || kind === "boolean" || kind === "integer" || kind === "group" || kind === "choice");
  const settings = shown.filter((field) => isSetting(field.look, field.kind, field.required));
  const first = shown.filter((field) => !settings.includes(field));
  const own = problemsOf(problems, node.id);
  const fieldOf = (field: (typeof shown)[number]) => (
    <Field
      key={field.name}
      field={field}
      node={node}
      value={node.config[field.name]}
      set={(value) => change((now) => setConfig(now, node.id, field.name, value), `${node.id}.${field.name}`)}
      problems={problemsOf(problems, node.id, field.name)}
      inDialog={inDialog}
    />
  );
  const settingProblems = own.some((problem) => settings.some((field) => problem.field?.split(".")[0] === field.name));
  return (
    <div className="form">
      <TextInput
        id={inDialog ? "panel-name-wide" : "panel-name"}
        data-of={node.id}
        label={words.name}
        value={node.name}
        maxLength={100}
        autoComplete="off"
        readOnly={readOnly !== undefined}
        error={errorOf(own.filter((problem) => problem.field === "name"))}
        onChange={(event) => {
          const name = event.currentTarget.value;
          change((now) => changeNode(now, node.id, (old) => ({ ...old, name })), `${node.id} name`);
        }}
      />
      {first.map(fieldOf)}
      {component.kind === "action" ? (
        <RetryFields
          retry={node.retry}
          set={(retry) =>
            change(
              (now) => changeNode(now, node.id, ({ retry: _old, ...rest }) => (retry ? { ...rest, retry } : rest)),
              `${node.id} retry`,
            )
          }
          problems={own.filter((problem) => problem.field?.startsWith("retry"))}
          inDialog={inDialog}
        />
      ) : null}
      <details className="fold" open={settingProblems ? true : undefined}>
        <summary>{words.more}</summary>
        <div className="form">
          {settings.map(fieldOf)}
          {component.kind === "action" ? (
            <Select
              label={words.onError}
              data={[
                { value: "fail", label: words.fail },
                { value: "continue", label: words.goOn },
              ]}
              value={node.onError ?? "fail"}
              allowDeselect={false}
              readOnly={readOnly !== undefined}
              onChange={(value) =>
                change((now) =>
                  changeNode(now, node.id, ({ onError: _old, ...rest }) =>
                    value === "continue" ? { ...rest, onError: "continue" } : rest,
                  ),
                )
              }
              comboboxProps={dropDown(inDialog)}
            />
          ) : null}
          <IdField node={node} />
        </div>
      </details>
    </div>
  );
}

function Result({ executionId, step, part }: { executionId: string; step: StepNow; part: "input" | "output" }) {
  const nothing = part === "input" ? words.noInput : words.noOutput;
  return (
    <div className="form">
      <p className="step-line">
        <StateMark state={step.status} />
        <span className="meta">
          <Duration span={step} open={step.status === "running"} />
        </span>
        {step.attemptCount > 1 ? <span className="meta">{words.attempts(step.attemptCount)}</span> : null}
      </p>
      {part === "output" && step.error ? (
        <p className="form-error">
          {sentence(step.error.message)} <span className="mono">({step.error.sqlState ?? step.error.code})</span>
        </p>
      ) : null}
      <StepData
        executionId={executionId}
        step={step}
        part={part}
        nothing={step.error ? null : <p className="muted">{nothing}</p>}
      />
    </div>
  );
}

const tabs = ["properties", "input", "output"] as const;
type Tab = (typeof tabs)[number];

function Body({ node, inDialog }: { node: GraphNode; inDialog: boolean }) {
  const { components, steps, executionId } = useEditor();
  const [tab, setTab] = useState<Tab>("properties");
  const component = components.get(node.type);
  const step = steps.get(node.id);
  return (
    <TabList label={words.sections} value={tab} change={setTab} tabs={tabs.map((id) => ({ id, title: words[id] }))}>
      {tab !== "properties" ? (
        step && executionId ? (
          <Result key={tab} executionId={executionId} step={step} part={tab} />
        ) : (
          <p className="muted">{words.noRun}</p>
        )
      ) : component ? (
        <Properties key={node.id} node={node} component={component} inDialog={inDialog} />
      ) : (
        <p className="form-error">{words.unknownType}</p>
      )}
    </TabList>
  );
}

const WIDTH_KEY = "tieline-panel-width";
const LEAST = 320;
const MOST = 720;

function keptWidth(): number {
  try {
    return Math.min(MOST, Math.max(LEAST, Number(localStorage.getItem(WIDTH_KEY)) || 384));
  } catch {
    return 384;
  }
}

function Grip({ width, setWidth }: { width: number; setWidth: (width: number) => void }) {
  const put = (wanted: number) => {
    const next = Math.round(Math.min(MOST, Math.max(LEAST, wanted)));
    setWidth(next);
    try {
      localStorage.setItem(WIDTH_KEY, String(next));
    } catch {
      /* It lasts as long as the page. */
    }
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved
    <div
      className="panel-grip"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={words.width}
      aria-valuenow={width}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      onKeyDown={(event) => {
        const step = { ArrowLeft: 16, ArrowRight: -16 }[event.key];
        if (!step) return;
        event.preventDefault();
        put(width + step);
      }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) put(window.innerWidth - event.clientX);
      }}
    />
  );
}

export default function NodePanel() {
  const { graph, components, openId, open, readOnly } = useEditor();
  const [width, setWidth] = useState(keptWidth);
  const [wide, setWide] = useState(false);
  const node = findNode(graph, openId);
  if (!node) return null;
  const component = components.get(node.type);
  const title = component?.title ?? node.type;
  const Icon = iconOf(component);
  return (
    <>
      <Grip width={width} setWidth={setWidth} />
      <aside
        className="node-panel"
        id="editor-panel"
        data-of={node.id}
        tabIndex={-1}
        aria-label={title}
        style={{ width }}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || event.defaultPrevented) return;
          /* It closes a list first. */
          if ((event.target as HTMLElement).getAttribute("aria-expanded") === "true") return;
          event.stopPropagation();
          focusNode(node.id);
        }}
      >
        <header className="panel-header">
          <Icon size={16} aria-hidden />
          <h2>{title}</h2>
          {readOnly ? null : <NodeActions node={node} />}
          <ActionIcon aria-label={words.enlarge} onClick={() => setWide(true)}>
            <Maximize2 size={16} />
          </ActionIcon>
          <ActionIcon
            aria-label={words.close}
            onClick={() => {
              open(undefined);
              focusNode(node.id);
            }}
          >
            <X size={16} />
          </ActionIcon>
        </header>
        {wide ? null : <Body key={node.id} node={node} inDialog={false} />}
      </aside>
      <Dialog opened={wide} close={() => setWide(false)} title={`${title}: ${node.name}`} width={960}>
        <div data-editor-keys>
          <Body node={node} inDialog />
        </div>
      </Dialog>
    </>
  );
}
