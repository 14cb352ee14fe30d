/* SPDX-License-Identifier: Apache-2.0 */
/* Focus for what is there, or will be after the next renders. */
const GIVE_UP_MS = 3_000;
let giveUp: () => void = () => undefined;

/* Only the last wish counts. `then` is called with the element once it has the focus. */
export function focusOn(selector: string, then?: (element: HTMLElement) => void): void {
  giveUp();
  const attempt = () => {
    const element = document.querySelector<HTMLElement>(selector);
    element?.focus();
    if (!element || document.activeElement !== element) return false;
    then?.(element);
    return true;
  };
  if (attempt()) return;
  const observer = new MutationObserver(() => attempt() && giveUp());
  const timer = setTimeout(() => giveUp(), GIVE_UP_MS);
  giveUp = () => {
    observer.disconnect();
    clearTimeout(timer);
  };
  observer.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["style"] });
}
