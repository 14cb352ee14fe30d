/* SPDX-License-Identifier: Apache-2.0 */
/* The search above a list. What it holds is in the address; it starts anew when that was cleared from outside. */
import { TextInput } from "@mantine/core";
import { Search } from "lucide-react";

interface Props {
  className?: string;
  label: string;
  placeholder: string;
  value: string | undefined;
  onChange: (text: string) => void;
}

export function ListSearch({ className, label, placeholder, value, onChange }: Props) {
  return (
    <TextInput
      className={className}
      type="search"
      data-shortcut="search"
      aria-label={label}
      placeholder={placeholder}
      leftSection={<Search size={16} aria-hidden />}
      defaultValue={value ?? ""}
      key={value === undefined ? "none" : "some"}
      onChange={(event) => onChange(event.currentTarget.value)}
      autoFocus={value !== undefined}
    />
  );
}
