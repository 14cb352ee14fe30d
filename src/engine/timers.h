/* SPDX-License-Identifier: Apache-2.0 */
/* A heap of timers by time. A timer is part of what it wakes.  Threads: under the owner's lock. */
#ifndef ENGINE_TIMERS_H
#define ENGINE_TIMERS_H

#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>

struct timer {
    struct deadline at;
    size_t place; /* in the heap, from 1; 0 = not set */
    void (*fire)(struct timer *timer);
};

struct timers {
    struct timer **heap; /* heap[0] is unused */
    size_t count, room;
};

void timers_done(struct timers *timers);
/* Sets a timer that is not set. */
void timers_set(struct timers *timers, struct timer *timer, struct deadline at);
/* Unsets it; nothing happens to one that is not set. */
void timers_unset(struct timers *timers, struct timer *timer);
/* When the earliest fires; DEADLINE_NEVER when there is none. */
struct deadline timers_next(const struct timers *timers);
/* Takes out the earliest whose time has come, or NULL. */
struct timer *timers_take_due(struct timers *timers);

#endif
