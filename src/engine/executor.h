/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam between the engine and what touches other people's servers: one request, one answer. Here
 * it is a call; nothing in it keeps it from becoming a message to another process.
 */
#ifndef ENGINE_EXECUTOR_H
#define ENGINE_EXECUTOR_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "component/component.h"
#include "connector/pool.h"

#include <stdatomic.h>

struct executor_request {
    const struct component *component;
    const void *config; /* decoded, templates replaced */
    struct pool *pool;  /* of its connection, one slot held; NULL when it needs none */
    struct str trigger; /* the execution's input, JSON */
    struct id execution_id;
    bool writes_allowed;
    struct deadline by; /* of all of it */
    atomic_bool *cancelled;
    int bell; /* rung behind *cancelled, wakes what waits for a session: connector/interrupt.h */
    /* Told which session is in use, and NULL before it goes back; for interrupting. */
    void (*using)(struct conn *conn, void *context);
    void *context;
};

/*
 * Carries out one attempt. The slot goes back to the pool in any case. A session that proves to have
 * ended while it lay idle is replaced once, and the attempt made on the new one, where nobody can have
 * acted on the first or twice is as good as once.
 *   Blocks  until request->by, or the component's time-out when that is earlier.
 */
MUST_USE enum step_result executor_run(const struct executor_request *request, struct arena *arena,
                                       struct buf *output, struct error *err);

#endif
