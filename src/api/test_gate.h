/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many connection tests may run: one of a connection at a time, so many a minute for a user. A
 * test dials where somebody says, so it must not become a scanner.  Threads: any.
 */
#ifndef API_TEST_GATE_H
#define API_TEST_GATE_H

#include "base/attr.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time.h"

#include <stdbool.h>

#define TESTS_PER_MINUTE 30

struct test_gate;

MUST_USE struct test_gate *test_gate_new(void);
/* NULL is fine. */
void test_gate_free(struct test_gate *gate);

/*
 * Lets a test in; test_gate_leave() must follow. `connection` none: an unsaved one.
 *   Fails  ERR_TOO_MANY_REQUESTS
 */
MUST_USE bool test_gate_enter(struct test_gate *gate, struct id user, struct id connection,
                              int64_t now_us, struct error *err);
void test_gate_leave(struct test_gate *gate, struct id connection);

#endif
