/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies over a screen: a dialog in its middle, or a panel at its side. They hold the focus and give
 * it back. The kit's own header would be a second banner of the page; hence these, made of its parts.
 */
import { Drawer, Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { text } from "../text/en.ts";

interface Props {
  opened: boolean;
  close: () => void;
  title: string;
  children: ReactNode;
}

interface DialogProps extends Props {
  /* Pixels; narrower where the screen is. */
  width?: number;
  /* A question that stops everything else. */
  alert?: boolean;
  /* Over another dialog, which is then held: keys are for the upper one. */
  above?: boolean;
  held?: boolean;
}

/* The kit calls every dialog a dialog. */
function asAlert(node: HTMLElement | null): void {
  node?.setAttribute("role", "alertdialog");
}

export function Dialog({
  opened,
  close,
  title,
  children,
  width = 560,
  alert = false,
  above = false,
  held = false,
}: DialogProps) {
  return (
    <Modal.Root
      opened={opened}
      onClose={close}
      size={width}
      yOffset="10vh"
      closeOnEscape={!held}
      {...(above ? { zIndex: 300 } : {})}
    >
      <Modal.Overlay />
      <Modal.Content ref={alert ? asAlert : null}>
        <div className="dialog-header">
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label={text.common.close} />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

export function SidePanel({ opened, close, title, children }: Props) {
  return (
    <Drawer.Root opened={opened} onClose={close} position="right" size={480}>
      <Drawer.Overlay />
      <Drawer.Content>
        <div className="dialog-header">
          <Drawer.Title>{title}</Drawer.Title>
          <Drawer.CloseButton aria-label={text.common.close} />
        </div>
        <Drawer.Body>{children}</Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}
