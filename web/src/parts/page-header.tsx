/* SPDX-License-Identifier: Apache-2.0 */
/* Title of a screen, with the way up and what one can do there. A page change puts the focus on it. */
import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import { text } from "../text/en.ts";

/* The name of the tab, from the inside out; the heading takes the focus from what led to its page. */
export function useTitle(...titles: (string | undefined)[]): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  const title = titles[titles.length - 1];
  const whole = [...titles, text.product].filter(Boolean).join(" · ");
  useEffect(() => {
    document.title = whole;
  }, [whole]);
  useEffect(() => {
    const now = document.activeElement;
    /* Another title is another page. Not when somebody is typing already, as in a field that takes the focus by itself. */
    if (!now || now === document.body || now.closest("[data-leads]")) heading.current?.focus();
  }, [title]);
  return heading;
}

interface Props {
  title: string;
  /* The part of the page that is shown, for the name of the tab. */
  part?: string | undefined;
  crumbs?: ReactNode;
  children?: ReactNode;
}

export function PageHeader({ title, part, crumbs, children }: Props) {
  const heading = useTitle(part, title);
  return (
    <header className="page-header">
      <div className="grow">
        {crumbs ? (
          <nav className="crumbs" data-leads>
            {crumbs}
          </nav>
        ) : null}
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
      </div>
      {children}
    </header>
  );
}
