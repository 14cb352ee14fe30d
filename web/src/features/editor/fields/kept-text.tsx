/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text field for a value that is no text: numbers, times. What was typed stays as it was typed while
 * it means the value; what means nothing is shown with its error and not passed on.
 */
import { TextInput } from "@mantine/core";
import { useEffect, useState } from "react";

interface Props {
  label: string;
  value: number | undefined;
  onChange: (value: number | undefined) => void;
  read: (text: string) => number | undefined;
  write: (value: number) => string;
  /* Said of what `read` cannot read. */
  wrong: string;
  error?: string | undefined;
  placeholder?: string | undefined;
  description?: string | undefined;
  readOnly?: boolean;
}

export function KeptText({ label, value, onChange, read, write, wrong, error, readOnly = false, ...rest }: Props) {
  const meant = value === undefined ? "" : write(value);
  const [text, setText] = useState(meant);
  const understood = text.trim() === "" ? undefined : read(text);
  const bad = text.trim() !== "" && understood === undefined;
  useEffect(() => {
    setText((now) => {
      const here = now.trim() === "" ? undefined : read(now);
      return here === value && !(value === undefined && now.trim() !== "") ? now : meant;
    });
  }, [value, meant, read]);
  return (
    <TextInput
      label={label}
      value={text}
      readOnly={readOnly}
      autoComplete="off"
      error={bad ? wrong : error}
      onChange={(event) => {
        const typed = event.currentTarget.value;
        setText(typed);
        const next = typed.trim() === "" ? undefined : read(typed);
        if (typed.trim() === "" || next !== undefined) onChange(next);
      }}
      onBlur={() => {
        if (!bad) setText(meant);
      }}
      {...Object.fromEntries(Object.entries(rest).filter(([, given]) => given !== undefined))}
    />
  );
}
