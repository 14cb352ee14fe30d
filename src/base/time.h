/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks. An instant is wall time, for display, schedules and rows; a deadline is a point on the
 * monotonic clock, for waits. Waits take a deadline, never a duration, so that a budget shrinks on
 * its way down. Mixing the two does not compile.  Threads: any.
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/attr.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct instant {
    int64_t us; /* microseconds since 1970, UTC; 0 = absent */
};

struct deadline {
    int64_t at_us; /* on CLOCK_MONOTONIC; DEADLINE_NEVER = no limit */
};

#define INSTANT_NONE ((struct instant){ 0 })
#define DEADLINE_NEVER ((struct deadline){ INT64_MAX })
#define INSTANT_TEXT_SIZE 25

struct instant instant_now(void);
static inline bool instant_set(struct instant at)
{
    return at.us != 0;
}
/* "2026-03-01T12:00:00.123Z" into text[INSTANT_TEXT_SIZE]; returns a view of it. */
struct str instant_format(struct instant at, char *text);
/* Reads ISO 8601 with "T" or a blank, up to 6 decimals, and "Z" or an offset. */
MUST_USE bool instant_parse(struct str text, struct instant *out);
struct instant instant_add_ms(struct instant at, int64_t ms);

/* Microseconds of CLOCK_MONOTONIC, for measuring. */
int64_t clock_us(void);

struct deadline deadline_in_ms(int64_t ms);
struct deadline deadline_earlier(struct deadline a, struct deadline b);
bool deadline_passed(struct deadline by);
/* Milliseconds left, rounded up, 0 when passed, at most INT32_MAX: what poll() takes. */
int deadline_left_ms(struct deadline by);
/* For pthread_cond_timedwait() on a condition made with cond_init(). */
struct timespec deadline_timespec(struct deadline by);

#endif
