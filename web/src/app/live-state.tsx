/* SPDX-License-Identifier: Apache-2.0 */
/* Silent while all is well; says it when the page has lost its server, or news come late. */
import { CloudOff } from "lucide-react";
import { useLivePaused } from "../api/paused.ts";
import { useOnline, useReached } from "../api/reach.ts";
import { text } from "../text/en.ts";

export function LiveState() {
  const online = useOnline();
  const reached = useReached();
  const paused = useLivePaused();
  const words = !online
    ? text.errors.offline
    : !reached
      ? text.errors.unreachable
      : paused
        ? text.errors.paused
        : undefined;
  return (
    <div className="live-state" role="status">
      {words ? (
        <span>
          <CloudOff size={16} aria-hidden />
          {words}
        </span>
      ) : null}
    </div>
  );
}
