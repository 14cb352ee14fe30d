/* SPDX-License-Identifier: Apache-2.0 */
/* A state: icon, word and colour together. */
import { CircleAlert, CircleCheck, CircleDashed, CircleX, Info } from "lucide-react";
import type { ReactNode } from "react";

const icons = { ok: CircleCheck, warn: CircleAlert, err: CircleX, info: Info, idle: CircleDashed };
export type Tone = keyof typeof icons;

export function StatusMark({ tone, children }: { tone: Tone; children: ReactNode }) {
  const Icon = icons[tone];
  return (
    <span className="status-mark" data-tone={tone}>
      <Icon size={16} aria-hidden />
      {children}
    </span>
  );
}
