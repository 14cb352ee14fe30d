/* SPDX-License-Identifier: Apache-2.0 */
/* In place of what could not be loaded: why, and another try. */
import { Button } from "@mantine/core";
import { problemOf } from "../app/errors.ts";
import { text } from "../text/en.ts";

interface Props {
  what: string;
  error: unknown;
  retry: () => void;
}

export function LoadError({ what, error, retry }: Props) {
  const problem = problemOf(error);
  return (
    <div className="load-error" role="alert">
      <strong>{text.common.couldNotLoad(what)}</strong>
      <span>{problem.message}</span>
      {problem.requestId ? <span className="meta">{text.common.request(problem.requestId)}</span> : null}
      <Button onClick={retry}>{text.common.tryAgain}</Button>
    </div>
  );
}
