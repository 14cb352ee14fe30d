/* SPDX-License-Identifier: Apache-2.0 */
/* Name, state of saving, and what can be done with the whole workflow. */
import { ActionIcon, Button, Menu, Switch } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Ellipsis, ListTree, Pencil, Play, Redo2, Save, Square, Undo2, Workflow as WorkflowIcon } from "lucide-react";
import { useEffect } from "react";
import { GuardedButton, GuardedIcon } from "../../parts/guarded-button.tsx";
import { StatusMark, type Tone } from "../../parts/status-mark.tsx";
import { editorText } from "../../text/editor.ts";
import { text } from "../../text/en.ts";
import { useEditor } from "./context.tsx";

const words = editorText;
export type SaveState = "saved" | "unsaved" | "saving" | "failed";
const tones: Record<SaveState, Tone> = { saved: "ok", unsaved: "idle", saving: "info", failed: "err" };

interface Props {
  state: SaveState;
  save: () => void;
  rename: () => void;
  setActive: (active: boolean) => void;
  tidyUp: () => void;
  outline: boolean;
  /* Absent: there is room for nothing else. */
  setOutline?: (outline: boolean) => void;
  run: () => void;
  runWith: () => void;
  running: boolean;
  cancelling: boolean;
  cancel: () => void;
  saveAsCopy: () => void;
}

export function Toolbar(props: Props) {
  const { project, workflow, readOnly, undo, redo, canUndo, canRedo } = useEditor();
  const { state, outline, setOutline, running, cancelling } = props;
  useEffect(() => {
    document.title = `${workflow.name} · ${text.product}`;
  }, [workflow.name]);
  return (
    <header className="editor-bar">
      <div className="editor-title">
        <nav className="crumbs">
          <Link to="/projects/$projectId/workflows" params={{ projectId: project.id }} title={project.name}>
            {project.name}
          </Link>
        </nav>
        <h1 tabIndex={-1} title={workflow.name}>
          {workflow.name}
        </h1>
        <GuardedIcon label={words.rename} reason={readOnly} onClick={props.rename}>
          <Pencil size={16} />
        </GuardedIcon>
      </div>
      <StatusMark tone={tones[state]}>{words.state[state]}</StatusMark>
      <span className="grow" />
      <ActionIcon aria-label={words.undo} title="Ctrl Z" onClick={undo} disabled={!canUndo}>
        <Undo2 size={16} />
      </ActionIcon>
      <ActionIcon aria-label={words.redo} title="Ctrl Shift Z" onClick={redo} disabled={!canRedo}>
        <Redo2 size={16} />
      </ActionIcon>
      {outline ? null : (
        <GuardedButton reason={readOnly} onClick={props.tidyUp}>
          {words.tidy}
        </GuardedButton>
      )}
      {setOutline ? (
        <Button
          leftSection={outline ? <WorkflowIcon size={16} aria-hidden /> : <ListTree size={16} aria-hidden />}
          onClick={() => setOutline(!outline)}
        >
          {outline ? words.canvas : words.outline}
        </Button>
      ) : null}
      <Switch
        className="editor-active"
        label={words.active}
        checked={workflow.active}
        disabled={readOnly !== undefined}
        onChange={(event) => props.setActive(event.currentTarget.checked)}
      />
      {running ? (
        <Button leftSection={<Square size={16} aria-hidden />} onClick={props.cancel} aria-busy={cancelling}>
          {cancelling ? words.cancelling : words.cancelRun}
        </Button>
      ) : (
        <GuardedButton
          leftSection={<Play size={16} aria-hidden />}
          reason={readOnly ? words.runEditorsOnly : undefined}
          onClick={props.run}
        >
          {words.run}
        </GuardedButton>
      )}
      <GuardedButton
        variant="filled"
        leftSection={<Save size={16} aria-hidden />}
        reason={readOnly}
        onClick={props.save}
      >
        {words.save}
      </GuardedButton>
      {readOnly ? null : (
        <Menu position="bottom-end" width={200}>
          <Menu.Target>
            <ActionIcon aria-label={words.more}>
              <Ellipsis size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={props.runWith}>{words.runWith}</Menu.Item>
            <Menu.Item onClick={props.saveAsCopy}>{words.saveAsCopy}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </header>
  );
}
