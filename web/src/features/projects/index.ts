/* SPDX-License-Identifier: Apache-2.0 */
/* What other features may use of this one. */
export { useProject } from "./use-project.ts";
