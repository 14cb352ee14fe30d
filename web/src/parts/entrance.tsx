/* SPDX-License-Identifier: Apache-2.0 */
/* The narrow page of those who are not signed in. */
import type { ReactNode } from "react";
import { text } from "../text/en.ts";
import { Mark } from "./mark.tsx";
import { useTitle } from "./page-header.tsx";

export function Entrance({ title, line, children }: { title: string; line?: string; children: ReactNode }) {
  const heading = useTitle(title);
  return (
    <main className="entrance">
      <div className="entrance-brand">
        <Mark size={28} />
        {text.product}
      </div>
      <div className="entrance-card">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {line ? <p className="muted">{line}</p> : null}
        </div>
        {children}
      </div>
    </main>
  );
}
