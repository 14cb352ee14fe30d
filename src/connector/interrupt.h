/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for a descriptor, until a deadline, or until another thread says that it is not wanted any
 * more. Every wait on the way to a session (names, connecting, TLS, signing in) is one of these.
 */
#ifndef CONNECTOR_INTERRUPT_H
#define CONNECTOR_INTERRUPT_H

#include "base/attr.h"
#include "base/error.h"
#include "base/time.h"

#include <stdatomic.h>
#include <stdbool.h>

/*
 * How a waiting thread is told. Who tells it sets *told first and rings then; a ring without it (one
 * that came too late for what was done before) means nothing. Plain data of the waiting thread's.
 */
struct interrupt {
    int bell; /* from interrupt_bell(); -1: heard only where a wait begins */
    const atomic_bool *told;
};

/*
 * A bell for one thread, for as long as it likes, or for several who are all told by the same *told;
 * close() ends it. -1 when there is none to have.
 */
int interrupt_bell(void);
/* Wakes the thread that waits with this bell. -1 is fine.  Blocks: no.  Threads: any. */
void interrupt_ring(int bell);
/* NULL is fine: nobody tells. */
bool interrupt_told(const struct interrupt *stop);
/*
 * For who polls the bell himself and found that it rings: a ring that means nothing ends, or each wait
 * from here on would. One that tells rings on, for others who wait with it.
 */
void interrupt_heard(const struct interrupt *stop);

enum waited {
    WAITED_READY,
    WAITED_LATE,
    WAITED_STOPPED,
};
/* Until `fd` has one of `events` (of poll(), or an error). `stop` may be NULL. */
MUST_USE enum waited wait_ready(int fd, short events, struct deadline by,
                                const struct interrupt *stop);
/* CANCELLED, in the words of a session that was not opened. Returns false. */
bool fail_stopped(struct error *err);

#endif
