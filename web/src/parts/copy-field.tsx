/* SPDX-License-Identifier: Apache-2.0 */
/* A text to be taken elsewhere, such as one that is shown this once. */
import { Button, TextInput } from "@mantine/core";
import { Check, Copy } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { announce } from "../app/announce.tsx";

interface Props {
  label: string;
  value: string;
  button: string;
  copied: string;
  /* Where the browser does not let us: it is selected then. */
  failed: string;
}

/* Over plain HTTP browsers have no clipboard for pages, but still the old command. */
async function copy(field: HTMLInputElement): Promise<boolean> {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}

export function CopyField({ label, value, button, copied, failed }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const action = useRef<HTMLButtonElement>(null);
  const [said, setSaid] = useState<string>();
  /* It takes the place of the form that the focus was in. */
  useEffect(() => action.current?.focus(), []);
  async function onClick() {
    if (!field.current) return;
    const words = (await copy(field.current)) ? copied : failed;
    setSaid(words);
    announce(words);
  }
  return (
    <div className="copy-field">
      <TextInput
        ref={field}
        classNames={{ input: "mono" }}
        label={label}
        value={value}
        readOnly
        spellCheck={false}
        onFocus={(event) => event.currentTarget.select()}
      />
      <Button
        ref={action}
        variant="filled"
        leftSection={said === copied ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
        onClick={() => void onClick()}
      >
        {button}
      </Button>
      {said ? <p className="meta">{said}</p> : null}
    </div>
  );
}
