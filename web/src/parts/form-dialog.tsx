/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dialog around a form of useSubmitForm(). Whoever closes it with changes that were not saved is
 * asked first, on whatever way: Cancel, Escape, the cross, a click beside it, Back, another address.
 */
import { Button } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { type ReactNode, useContext, useMemo, useRef, useState } from "react";
import { UnsavedContext } from "../app/unsaved.ts";
import { text } from "../text/en.ts";
import { ConfirmDiscard } from "./confirm-discard.tsx";
import { Dialog } from "./dialog.tsx";

interface Props {
  opened: boolean;
  close: () => void;
  title: string;
  width?: number;
  children: ReactNode;
}

export function FormDialog({ opened, close, children, ...rest }: Props) {
  const dirty = useRef(false);
  const saving = useRef(false);
  const [asking, setAsking] = useState(false);
  const loses = () => dirty.current && !saving.current;
  const blocker = useBlocker({
    shouldBlockFn: loses,
    withResolver: true,
    enableBeforeUnload: loses,
    disabled: !opened,
  });
  const leave = () => {
    /* The question listens for Escape as well: it comes when the key that asked for it is done. */
    if (loses()) setTimeout(() => setAsking(true));
    else close();
  };
  const latest = useRef(leave);
  latest.current = leave;
  const unsaved = useMemo(
    () => ({
      mark: (is: boolean) => {
        dirty.current = is;
      },
      hold: (is: boolean) => {
        saving.current = is;
      },
      leave: () => latest.current(),
    }),
    [],
  );
  const questioned = asking || blocker.status === "blocked";
  function discard() {
    dirty.current = false;
    setAsking(false);
    if (blocker.status === "blocked") blocker.proceed();
    else close();
  }
  return (
    <UnsavedContext value={unsaved}>
      <Dialog {...rest} opened={opened} close={leave} held={questioned}>
        {children}
      </Dialog>
      <ConfirmDiscard
        opened={questioned}
        keep={() => {
          setAsking(false);
          if (blocker.status === "blocked") blocker.reset();
        }}
        discard={discard}
      />
    </UnsavedContext>
  );
}

/* The end of such a form; what else it offers stands before. */
export function FormButtons({ label, busy, children }: { label: string; busy: boolean; children?: ReactNode }) {
  const unsaved = useContext(UnsavedContext);
  return (
    <div className="buttons">
      {children}
      <span className="grow" />
      <Button onClick={unsaved?.leave}>{text.common.cancel}</Button>
      <Button type="submit" variant="filled" loading={busy}>
        {label}
      </Button>
    </div>
  );
}
