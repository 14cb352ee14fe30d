/* SPDX-License-Identifier: Apache-2.0 */
/* A code that somebody was handed in the fragment of an address, which browsers do not send. */
import { useEffect, useState } from "react";

function read(name: string): string {
  return new URLSearchParams(location.hash.slice(1)).get(name) ?? "";
}

/* Read once; it does not stay where it is shown and kept. Empty: there is none. */
export function useAddressCode(name: string): string {
  const [code] = useState(() => read(name));
  useEffect(() => history.replaceState(history.state, "", location.pathname + location.search), []);
  return code;
}
