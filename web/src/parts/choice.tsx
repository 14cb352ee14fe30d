/* SPDX-License-Identifier: Apache-2.0 */
/* One of a few, all of them in sight. */
import "./choice.css";

interface Props<T extends string> {
  label: string;
  options: { value: T; title: string }[];
  value: T;
  change: (value: T) => void;
}

export function Choice<T extends string>({ label, options, value, change }: Props<T>) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: buttons that belong together, not fields
    <div className="choice" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => change(option.value)}
        >
          {option.title}
        </button>
      ))}
    </div>
  );
}
