/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is here: what would be, and the way to the first one. */
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { useTitle } from "./page-header.tsx";

interface Props {
  icon: LucideIcon;
  title: string;
  line?: string;
  /* 1: it is a page of its own. */
  level?: 1 | 2 | 3;
  children?: ReactNode;
}

function PageTitle({ title }: { title: string }) {
  const heading = useTitle(title);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {title}
    </h1>
  );
}

export function EmptyState({ icon: Icon, title, line, level = 2, children }: Props) {
  const Heading = `h${level}` as const;
  return (
    <div className="empty">
      <Icon size={32} strokeWidth={1.5} aria-hidden />
      {level === 1 ? <PageTitle title={title} /> : <Heading>{title}</Heading>}
      {line ? <p className="muted">{line}</p> : null}
      {children ? <div className="buttons">{children}</div> : null}
    </div>
  );
}
