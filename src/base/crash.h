/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends on purpose. crash_init() installs handlers that write last words (signal, address) before a
 * fatal signal ends the process. CRASH_POINT("name") ends it by SIGKILL when the environment says
 * TIELINE_CRASH_AT=name:n and this is the n-th time the point is reached: how tests prove that a
 * crash anywhere loses nothing. Without the variable a point costs one load.  Threads: any.
 */
#ifndef BASE_CRASH_H
#define BASE_CRASH_H

#include "base/attr.h"

#include <stdbool.h>

void crash_init(void);

extern bool crash_armed;
void crash_reached(const char *name);

#define CRASH_POINT(name)                                                                          \
    do {                                                                                           \
        if (crash_armed)                                                                           \
            crash_reached(name);                                                                   \
    } while (0)

/* Ends the process with a line that says why: for failures after which going on would be a lie. */
NO_RETURN void crash_fatal(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
