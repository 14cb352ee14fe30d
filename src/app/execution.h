/* SPDX-License-Identifier: Apache-2.0 */
/* What several commands do with an execution: show it, wait for its end. */
#ifndef APP_EXECUTION_H
#define APP_EXECUTION_H

#include "app/ask.h"
#include "app/commands.h"

/* The execution and its steps, without inputs and outputs. */
void execution_show(const struct json *execution, struct arena *arena);
/* DONE when it succeeded, FAILED otherwise. */
enum exit_code execution_exit_code(const struct json *execution);
/* Asks until it has ended, or `by`; *execution is what it is then.  Blocks. */
MUST_USE bool execution_await(struct ask *server, const struct json **execution, struct deadline by,
                              struct error *err);

#endif
