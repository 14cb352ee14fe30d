/* SPDX-License-Identifier: Apache-2.0 */
/* The list of all keys. */
import { Dialog } from "../parts/dialog.tsx";
import { text } from "../text/en.ts";
import { useLetters } from "./letters.ts";
import { type ShortcutGroup, shortcutGroups } from "./shortcuts.ts";

const words = text.shortcuts;

function Group({ title, keys }: ShortcutGroup) {
  return (
    <section className="section">
      <h3>{title}</h3>
      <dl className="keys">
        {keys.map(({ keys: parts, does }) => (
          <div key={does}>
            <dt>
              {parts.map((part) =>
                part === words.behind ? (
                  <span key={part} className="meta">
                    {part}
                  </span>
                ) : (
                  <kbd key={part}>{part}</kbd>
                ),
              )}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

export function ShortcutsHelp({ opened, close }: { opened: boolean; close: () => void }) {
  const letters = useLetters();
  return (
    <Dialog opened={opened} close={close} title={words.title} width={520}>
      {letters ? null : <p className="muted section">{words.off}</p>}
      {shortcutGroups.map((group) => (
        <Group key={group.title} {...group} />
      ))}
    </Dialog>
  );
}
