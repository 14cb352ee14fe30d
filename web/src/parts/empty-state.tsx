/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is here: what would be, and the way to the first one. */
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

interface Props {
  icon: LucideIcon;
  title: string;
  line?: string;
  level?: 1 | 2 | 3;
  children?: ReactNode;
}

export function EmptyState({ icon: Icon, title, line, level = 2, children }: Props) {
  const Heading = `h${level}` as const;
  return (
    <div className="empty">
      <Icon size={32} strokeWidth={1.5} aria-hidden />
      <Heading>{title}</Heading>
      {line ? <p className="muted">{line}</p> : null}
      {children ? <div className="buttons">{children}</div> : null}
    </div>
  );
}
