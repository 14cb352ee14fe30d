/* SPDX-License-Identifier: Apache-2.0 */
/* A question before something that hurts. The focus begins on the way out. */
import { Button } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { problemOf } from "../app/errors.ts";
import { text } from "../text/en.ts";
import { Dialog } from "./dialog.tsx";
import { FormError } from "./form-error.tsx";

interface QuestionProps {
  line: ReactNode;
  button: string;
  close: () => void;
  /* Refuses by failing; what it fails with is shown. */
  act: () => Promise<void>;
}

function Question({ line, button, close, act }: QuestionProps) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  async function onClick() {
    setBusy(true);
    setFailure(undefined);
    try {
      await act();
      close();
    } catch (error) {
      setFailure(problemOf(error).message);
    } finally {
      setBusy(false);
    }
  }
  return (
    <div className="form">
      <p>{line}</p>
      <FormError message={failure} />
      <div className="buttons">
        <span className="grow" />
        <Button onClick={close} data-autofocus>
          {text.common.cancel}
        </Button>
        <Button variant="filled" color="err" loading={busy} onClick={() => void onClick()}>
          {button}
        </Button>
      </div>
    </div>
  );
}

export function Confirm({ opened, title, ...question }: QuestionProps & { opened: boolean; title: string }) {
  return (
    <Dialog opened={opened} close={question.close} title={title} width={440} alert>
      <Question {...question} />
    </Dialog>
  );
}
