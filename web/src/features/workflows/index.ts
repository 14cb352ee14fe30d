/* SPDX-License-Identifier: Apache-2.0 */
/* What other features may use of this one. */
export { RenameDialog } from "./name-dialogs.tsx";
