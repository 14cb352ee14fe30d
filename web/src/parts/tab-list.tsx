/* SPDX-License-Identifier: Apache-2.0 */
/* Views of one thing, of which one is shown: arrow keys go from one to the next. */
import { type KeyboardEvent, type ReactNode, useId } from "react";
import "./tab-list.css";

interface Props<T extends string> {
  label: string;
  tabs: { id: T; title: string }[];
  value: T;
  change: (id: T) => void;
  /* What is shown. */
  children: ReactNode;
}

export function TabList<T extends string>({ label, tabs, value, change, children }: Props<T>) {
  const id = useId();
  const at = tabs.findIndex((tab) => tab.id === value);
  function onKeyDown(event: KeyboardEvent<HTMLDivElement>): void {
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length];
    if (!next) return;
    change(next.id);
    event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")[tabs.indexOf(next)]?.focus();
  }
  return (
    <>
      <div className="tab-list" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}-${tab.id}`}
            aria-selected={tab.id === value}
            aria-controls={`${id}-panel`}
            tabIndex={tab.id === value ? 0 : -1}
            onClick={() => change(tab.id)}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${value}`} className="tab-panel">
        {children}
      </div>
    </>
  );
}
