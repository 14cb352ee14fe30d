/* SPDX-License-Identifier: Apache-2.0 */
/* A node's retry policy. Only what the strategy knows is kept: the server refuses the rest. */
import { Select } from "@mantine/core";
import { editorText } from "../../../text/editor.ts";
import { useEditor } from "../context.tsx";
import type { Problem } from "../model/check.ts";
import { readDuration, writeDuration } from "../model/duration.ts";
import type { Retry } from "../model/graph.ts";
import { dropDown } from "./drop-down.ts";
import { KeptText } from "./kept-text.tsx";
import { errorOf } from "./notes.tsx";

const words = editorText.retry;
type Member = Exclude<keyof Retry, "strategy">;

const members: Record<Retry["strategy"], Member[]> = {
  none: [],
  fixed: ["maxAttempts", "delayMs", "deadlineMs"],
  exponential: ["maxAttempts", "delayMs", "maxDelayMs", "deadlineMs"],
  "keep-trying": ["delayMs", "maxDelayMs", "deadlineMs"],
};
const defaults: Record<Member, string> = {
  maxAttempts: "3",
  delayMs: "1 s",
  maxDelayMs: "30 s",
  deadlineMs: words.noDeadline,
};
const labels: Record<Member, string> = {
  maxAttempts: words.attempts,
  delayMs: words.delay,
  maxDelayMs: words.maxDelay,
  deadlineMs: words.deadline,
};
const readCount = (text: string) => (/^-?\d{1,9}$/.test(text.trim()) ? Number(text) : undefined);

interface Props {
  retry: Retry | undefined;
  set: (retry: Retry | undefined) => void;
  problems: Problem[];
  inDialog: boolean;
}

export function RetryFields({ retry, set, problems, inDialog }: Props) {
  const locked = useEditor().readOnly !== undefined;
  const strategy = retry?.strategy ?? "none";
  const choose = (next: Retry["strategy"]) => {
    if (next === "none") return set(undefined);
    const kept = Object.fromEntries(
      Object.entries(retry ?? {}).filter(([key]) => members[next].includes(key as Member)),
    );
    set({ ...kept, strategy: next });
  };
  const put = (member: Member, value: number | undefined) => {
    const { [member]: _old, ...rest } = retry ?? { strategy };
    set(value === undefined ? (rest as Retry) : ({ ...rest, [member]: value } as Retry));
  };
  return (
    <div className="form">
      <Select
        label={words.title}
        data={(["none", "fixed", "exponential", "keep-trying"] as const).map((value) => ({
          value,
          label: words[value],
        }))}
        value={strategy}
        onChange={(value) => choose((value ?? "none") as Retry["strategy"])}
        readOnly={locked}
        allowDeselect={false}
        comboboxProps={dropDown(inDialog)}
      />
      {members[strategy].length ? (
        <div className="pair">
          {members[strategy].map((member) => (
            <KeptText
              key={member}
              label={labels[member]}
              value={retry?.[member]}
              onChange={(value) => put(member, value)}
              read={member === "maxAttempts" ? readCount : readDuration}
              write={member === "maxAttempts" ? String : writeDuration}
              wrong={member === "maxAttempts" ? editorText.check.number : editorText.check.duration}
              placeholder={defaults[member]}
              error={errorOf(problems.filter((problem) => problem.field === `retry.${member}`))}
              readOnly={locked}
            />
          ))}
        </div>
      ) : null}
    </div>
  );
}
