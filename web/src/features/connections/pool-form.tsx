/* SPDX-License-Identifier: Apache-2.0 */
/* Pool and time-outs; what is left empty has the default shown in it. */
import { TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { type PoolField, settings } from "./config.ts";

interface Props {
  inputProps: (field: PoolField) => { error?: ReactNode };
}

export function PoolForm({ inputProps }: Props) {
  return (
    <div className="pair">
      {settings.map(({ field, label, fallback }) => (
        <TextInput key={field} label={label} inputMode="numeric" placeholder={fallback} {...inputProps(field)} />
      ))}
    </div>
  );
}
