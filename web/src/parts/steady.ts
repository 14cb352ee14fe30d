/* SPDX-License-Identifier: Apache-2.0 */
import { useCallback, useRef } from "react";

/* The same function at every render, which does what the one given last does: who takes it need not draw anew. */
export function useSteady<In extends unknown[], Out>(act: (...given: In) => Out): (...given: In) => Out {
  const latest = useRef(act);
  latest.current = act;
  return useCallback((...given: In) => latest.current(...given), []);
}
