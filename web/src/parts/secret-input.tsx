/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A field for a secret: masked unless asked, kept out of form memory and spell checkers. It starts
 * empty and never shows a mask that could be sent back. Whether it is masked is its own affair, unless a
 * form says so with `visible`.
 */
import { PasswordInput, type PasswordInputProps } from "@mantine/core";
import { Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { text } from "../text/en.ts";

export function SecretInput(props: PasswordInputProps) {
  const [own, setOwn] = useState(false);
  const shown = props.visible ?? own;
  return (
    <PasswordInput
      {...props}
      visible={shown}
      onVisibilityChange={props.onVisibilityChange ?? setOwn}
      autoComplete="off"
      spellCheck={false}
      data-1p-ignore
      data-lpignore="true"
      visibilityToggleIcon={({ reveal }) => (reveal ? <EyeOff size={16} /> : <Eye size={16} />)}
      visibilityToggleButtonProps={{
        "aria-label": `${shown ? text.common.hide : text.common.show} ${String(props.label ?? "")}`,
        tabIndex: 0,
      }}
    />
  );
}
