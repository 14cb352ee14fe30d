/* SPDX-License-Identifier: Apache-2.0 */
/* Controls that, when they may not be used, can still be reached and say why. */
import { ActionIcon, Button, type ButtonProps, Switch, Tooltip } from "@mantine/core";
import { type ComponentPropsWithoutRef, type ReactNode, useId } from "react";

interface Guard {
  /* Why not; absent: it may be used. */
  reason?: string | undefined;
  onClick: () => void;
  children: ReactNode;
}

function guarded(reason: string | undefined, onClick: () => void, describedBy: string) {
  return {
    onClick: reason ? () => undefined : onClick,
    ...(reason ? { "aria-disabled": true, "data-disabled": true, "aria-describedby": describedBy } : {}),
  };
}

function Reason({ id, reason }: { id: string; reason: string | undefined }) {
  return reason ? (
    <span id={id} hidden>
      {reason}
    </span>
  ) : null;
}

type Plain = Omit<ComponentPropsWithoutRef<"button">, keyof ButtonProps | keyof Guard | "color">;

/* Without a reason there is no tooltip at all: even one that shows nothing would take an Escape. */
export function GuardedButton({ reason, onClick, children, ...rest }: Guard & ButtonProps & Plain) {
  const id = useId();
  const button = (
    <Button {...rest} {...guarded(reason, onClick, id)}>
      {children}
    </Button>
  );
  if (!reason) return button;
  return (
    <>
      <Tooltip label={reason}>{button}</Tooltip>
      <Reason id={id} reason={reason} />
    </>
  );
}

export function GuardedIcon({ reason, onClick, children, label }: Guard & { label: string }) {
  const id = useId();
  return (
    <>
      <Tooltip label={reason ?? label}>
        <ActionIcon aria-label={label} {...guarded(reason, onClick, id)}>
          {children}
        </ActionIcon>
      </Tooltip>
      <Reason id={id} reason={reason} />
    </>
  );
}

interface SwitchProps {
  label: string;
  reason?: string | undefined;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

export function GuardedSwitch({ label, reason, checked, onChange }: SwitchProps) {
  const id = useId();
  const button = (
    <Switch
      aria-label={label}
      checked={checked}
      onChange={(event) => reason || onChange(event.currentTarget.checked)}
      {...(reason ? { "aria-disabled": true, "aria-describedby": id, className: "guarded-switch" } : {})}
    />
  );
  if (!reason) return button;
  return (
    <>
      <Tooltip label={reason} refProp="rootRef">
        {button}
      </Tooltip>
      <Reason id={id} reason={reason} />
    </>
  );
}
