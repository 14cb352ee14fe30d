/* SPDX-License-Identifier: Apache-2.0 */
/* Once a row is gone, the focus goes to the one behind it; when it was the only one, to what adds another. */
import { useEffect, useRef } from "react";

interface Listed {
  id: string;
}

/* Rows name themselves by data-row={id}. To be called with the id of a row that is being deleted. */
export function useFocusAfterDelete(list: Listed[] | undefined): (id: string) => void {
  const gone = useRef<{ id: string; next: string | undefined }>(undefined);
  useEffect(() => {
    const wanted = gone.current;
    if (!list || !wanted || list.some(({ id }) => id === wanted.id)) return;
    gone.current = undefined;
    const row = wanted.next ? document.querySelector(`[data-row="${CSS.escape(wanted.next)}"]`) : null;
    const next = row?.querySelector<HTMLElement>("a, button") ?? document.querySelector<HTMLElement>(NEW);
    next?.focus();
  }, [list]);
  return (id) => {
    const at = list?.findIndex((one) => one.id === id) ?? -1;
    gone.current = { id, next: (list?.[at + 1] ?? list?.[at - 1])?.id };
  };
}

const NEW = '[data-shortcut="new"]';
