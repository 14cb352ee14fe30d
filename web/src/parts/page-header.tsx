/* SPDX-License-Identifier: Apache-2.0 */
/* Title of a screen, with the way up and what one can do there. A page change puts the focus on it. */
import { type ReactNode, useEffect, useRef } from "react";
import { text } from "../text/en.ts";

interface Props {
  title: string;
  crumbs?: ReactNode;
  children?: ReactNode;
}

export function PageHeader({ title, crumbs, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${text.product}`;
    /* Not when somebody is typing already, as in a field that takes the focus by itself. */
    if (!document.activeElement || document.activeElement === document.body) heading.current?.focus();
  }, [title]);
  return (
    <header className="page-header">
      <div className="grow">
        {crumbs ? <nav className="crumbs">{crumbs}</nav> : null}
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
      </div>
      {children}
    </header>
  );
}
