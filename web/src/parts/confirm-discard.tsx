/* SPDX-License-Identifier: Apache-2.0 */
/* Asks before a changed form is left. */
import { Button } from "@mantine/core";
import { text } from "../text/en.ts";
import { Dialog } from "./dialog.tsx";

interface Props {
  opened: boolean;
  keep: () => void;
  discard: () => void;
}

export function ConfirmDiscard({ opened, keep, discard }: Props) {
  return (
    <Dialog opened={opened} close={keep} title={text.discard.title} width={400} alert above>
      <div className="form">
        <p>{text.discard.line}</p>
        <div className="buttons">
          <span className="grow" />
          <Button onClick={keep} data-autofocus>
            {text.discard.keep}
          </Button>
          <Button variant="filled" color="err" onClick={discard}>
            {text.discard.discard}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
