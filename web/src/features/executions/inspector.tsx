/* SPDX-License-Identifier: Apache-2.0 */
/* One node of an execution: what went in, what came out, and each attempt. */
import { useState } from "react";
import type { Attempt, ExecutionError, Step } from "../../api.gen.ts";
import { sentence } from "../../app/errors.ts";
import { TabList } from "../../parts/tab-list.tsx";
import { runs } from "../../text/runs.ts";
import "./inspector.css";
import { Duration, StateMark } from "./state.tsx";
import { StepData } from "./step-data.tsx";
import { useKind } from "./use-kinds.ts";

const words = runs.detail;
type Section = "input" | "output" | "attempts";

export function ErrorLine({ error, advise = true }: { error: ExecutionError; advise?: boolean }) {
  return (
    <div className="run-error">
      <span>{sentence(error.message)}</span>
      <span className="meta">
        <code>{error.code}</code>
        {error.sqlState ? (
          <>
            {" "}
            · <code>{error.sqlState}</code>
          </>
        ) : null}
      </span>
      {advise && error.advice ? <p className="muted">{error.advice}</p> : null}
    </div>
  );
}

function AttemptItem({ attempt, advise }: { attempt: Attempt; advise: boolean }) {
  return (
    <li>
      <div className="attempt-line">
        <span className="attempt-number">{attempt.number}</span>
        <StateMark state={attempt.status} />
        <time dateTime={attempt.startedAt}>{runs.exactTime(attempt.startedAt)}</time>
        <span>
          <Duration span={attempt} open={attempt.status === "started"} />
        </span>
      </div>
      {attempt.error ? <ErrorLine error={attempt.error} advise={advise} /> : null}
    </li>
  );
}

function Attempts({ step }: { step: Step }) {
  if (step.attempts.length === 0) {
    const trigger = step.status === "succeeded";
    return <p className="muted">{trigger ? words.noAttempts : words.noAttemptsYet}</p>;
  }
  return (
    <>
      <ol className="attempts">
        {step.attempts.map((attempt, index) => (
          <AttemptItem
            key={attempt.number}
            attempt={attempt}
            /* The same advice is given once, where it counts: at the last attempt. */
            advise={attempt.error?.advice !== step.attempts[index + 1]?.error?.advice}
          />
        ))}
      </ol>
      {step.attemptCount > step.attempts.length ? <p className="meta">{words.keptAttempts}</p> : null}
      {step.status === "waiting" && step.retryAt ? (
        <p className="next-attempt">{words.nextAttempt(runs.exactTime(step.retryAt))}</p>
      ) : null}
    </>
  );
}

function nothingOf(step: Step, part: "input" | "output"): string {
  if (part === "output") return step.finishedAt ? words.noOutput : words.noOutputYet;
  return step.startedAt ? words.noTemplates : words.noInput;
}

function firstSection(step: Step): Section {
  return step.status === "failed" || step.status === "waiting" ? "attempts" : "output";
}

export function Inspector({ executionId, step }: { executionId: string; step: Step }) {
  const [chosen, setChosen] = useState<Section>();
  const kind = useKind(step.type).title;
  const section = chosen ?? firstSection(step);
  return (
    <section className="inspector" aria-labelledby="inspector-title">
      <header>
        <h3 id="inspector-title">{step.name}</h3>
        <span className="muted">{kind}</span>
        <StateMark state={step.status} />
      </header>
      {step.status === "skipped" ? <p className="muted">{words.skipped}</p> : null}
      {step.error && section !== "attempts" ? <ErrorLine error={step.error} /> : null}
      <TabList
        label={words.sections}
        value={section}
        change={setChosen}
        tabs={[
          { id: "input", title: words.input },
          { id: "output", title: words.output },
          { id: "attempts", title: words.attempts(step.attemptCount) },
        ]}
      >
        {section === "attempts" ? (
          <Attempts step={step} />
        ) : (
          <StepData
            key={section}
            executionId={executionId}
            step={step}
            part={section}
            nothing={<p className="muted">{nothingOf(step, section)}</p>}
          />
        )}
      </TabList>
    </section>
  );
}
