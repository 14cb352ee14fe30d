/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for the input of an execution. */
import { Button } from "@mantine/core";
import { useId, useState } from "react";
import { Dialog } from "../../parts/dialog.tsx";
import { editorText } from "../../text/editor.ts";
import { LazyCode } from "./fields/lazy-code.tsx";
import "./panel.css";

const words = editorText.runDialog;

interface Props {
  opened: boolean;
  close: () => void;
  /* As it was typed the last time. */
  last: string;
  run: (input: unknown, typed: string) => void;
}

function Form({ close, last, run }: Omit<Props, "opened">) {
  const id = useId();
  const [typed, setTyped] = useState(last);
  const [wrong, setWrong] = useState(false);
  function start() {
    let input: unknown;
    try {
      input = typed.trim() === "" ? undefined : (JSON.parse(typed) as unknown);
    } catch {
      setWrong(true);
      return;
    }
    close();
    run(input, typed);
  }
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        event.stopPropagation();
        start();
      }}
    >
      <div className="own-field">
        <span className="own-label" aria-hidden>
          {words.input}
        </span>
        <LazyCode
          language="json"
          label={words.input}
          value={typed}
          onChange={(next) => {
            setTyped(next);
            setWrong(false);
          }}
          invalid={wrong}
          describedBy={`${id}-notes`}
          hint='For example {"id": 7}'
        />
        <div id={`${id}-notes`} className="own-notes">
          {wrong ? (
            <p className="own-error" role="alert">
              {words.wrong}
            </p>
          ) : null}
          <p className="meta">{words.hint}</p>
        </div>
      </div>
      <div className="buttons">
        <span className="grow" />
        <Button onClick={close}>{editorText.cancelRun}</Button>
        <Button type="submit" variant="filled" data-autofocus>
          {words.run}
        </Button>
      </div>
    </form>
  );
}

export function RunDialog({ opened, close, last, run }: Props) {
  return (
    <Dialog opened={opened} close={close} title={words.title} width={560}>
      <Form close={close} last={last} run={run} />
    </Dialog>
  );
}
