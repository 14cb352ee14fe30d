/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is recorded of a failure, for the state machine only. All of it lives in the execution's arena.
 */
#ifndef ENGINE_EXECUTION_ERROR_H
#define ENGINE_EXECUTION_ERROR_H

#include "engine/execution.h"

struct execution_error *execution_make_error(struct execution *x, const struct error *from,
                                             enum error_code code);
/* The policy's deadline leaves no room for another attempt; `last` is what the latest one came to. */
struct execution_error *execution_gave_up(struct execution *x, unsigned node,
                                          const struct error *last);
struct execution_error *execution_unknown_outcome(struct execution *x, const struct error *cause);
struct execution_error *execution_worker_lost(struct execution *x, unsigned count);
/* What templates see of a node that failed and says "continue". */
struct json_text execution_error_output(struct execution *x, const struct execution_error *error);

#endif
