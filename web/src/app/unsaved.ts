/* SPDX-License-Identifier: Apache-2.0 */
/* What a form tells the dialog around it, so that nothing typed is lost unasked: parts/form-dialog.tsx. */
import { createContext } from "react";

export interface Unsaved {
  mark: (dirty: boolean) => void;
  /* It is being saved: what closes the dialog now loses nothing. */
  hold: (saving: boolean) => void;
  /* Closes the dialog, after a question where there is something to lose. */
  leave: () => void;
}

export const UnsavedContext = createContext<Unsaved | undefined>(undefined);
