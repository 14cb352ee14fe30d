/* SPDX-License-Identifier: Apache-2.0 */
/* What a test found: one line, advice when it failed, and on request the stages with their times. */
import { Button } from "@mantine/core";
import { useId, useState } from "react";
import type { TestResult } from "../../api.gen.ts";
import { sentence } from "../../app/errors.ts";
import { RelativeTime } from "../../parts/relative-time.tsx";
import { StatusMark } from "../../parts/status-mark.tsx";
import { text } from "../../text/en.ts";
import { type TestOutcome, wordsOf } from "./use-test.ts";

const words = text.test;

function tlsWords(result: TestResult): string {
  return words.tls[result.tls === "verified" || result.tls === "unverified" ? result.tls : "off"];
}

function facts(result: TestResult): string[] {
  if (!result.success) return [];
  return [words.ms(result.latencyMs), ...(result.serverVersion ? [result.serverVersion] : []), tlsWords(result)];
}

function Stages({ id, result }: { id: string; result: TestResult }) {
  return (
    <div id={id}>
      <ol className="stages">
        {result.stages.map((stage) => (
          <li key={stage.name}>
            <StatusMark tone={stage.ok ? "ok" : "err"}>{words.stages[stage.name]}</StatusMark>
            <span className="nowrap">{words.ms(stage.ms)}</span>
            <span className="muted">{stage.ok ? "" : words.stageFailed}</span>
          </li>
        ))}
      </ol>
      <p className="meta">{words.from(result.testedFrom)}</p>
    </div>
  );
}

export function TestResultLine({ outcome }: { outcome: TestOutcome | undefined }) {
  const [open, setOpen] = useState(false);
  const stagesId = useId();
  const result = outcome?.kind === "result" ? outcome.result : undefined;
  return (
    <div role="status" className="test-result">
      {outcome ? (
        <>
          <div className="test-line">
            <div className="test-words">
              <StatusMark tone={result ? (result.success ? "ok" : "err") : "warn"}>
                <span>
                  {[wordsOf(outcome), ...(result ? facts(result) : [])].join(" · ")}{" "}
                  <span className="muted nowrap">
                    · <RelativeTime at={outcome.at} />
                  </span>
                </span>
              </StatusMark>
              {result?.advice ? <p className="muted advice">{sentence(result.advice)}</p> : null}
            </div>
            {result?.stages.length ? (
              <Button
                variant="subtle"
                size="compact-sm"
                aria-expanded={open}
                aria-controls={stagesId}
                onClick={() => setOpen(!open)}
              >
                {text.common.details}
              </Button>
            ) : null}
          </div>
          {result && open ? <Stages id={stagesId} result={result} /> : null}
        </>
      ) : null}
    </div>
  );
}
