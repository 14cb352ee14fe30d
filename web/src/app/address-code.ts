/* SPDX-License-Identifier: Apache-2.0 */
/* A code that somebody was handed in the fragment of an address, which browsers do not send. */
import { useEffect, useState } from "react";

function read(name: string): string {
  return new URLSearchParams(location.hash.slice(1)).get(name) ?? "";
}

/* It does not stay where it is shown and kept. Empty: there is none. Who is on the page may still paste the address. */
export function useAddressCode(name: string): string {
  const [code, setCode] = useState(() => read(name));
  useEffect(() => {
    const take = () => {
      const found = read(name);
      if (found) setCode(found);
      history.replaceState(history.state, "", location.pathname + location.search);
    };
    take();
    window.addEventListener("hashchange", take);
    return () => window.removeEventListener("hashchange", take);
  }, [name]);
  return code;
}
