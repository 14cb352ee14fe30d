/* SPDX-License-Identifier: Apache-2.0 */
/* What other features may use of this one. */
export { Inspector } from "./inspector.tsx";
export { isRange, type Range } from "./search.ts";
export { Duration, StateMark, toneOf } from "./state.tsx";
export { StepData } from "./step-data.tsx";
export { iconOf } from "./use-kinds.ts";
