/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool lends the open sessions of one (connection, secret version), never more than its cap.
 *
 * Borrowing has two halves, so that no thread waits for a slot. A *slot* is the right to hold one
 * session; the scheduler asks for it and is told, now or later, in the order of asking. With a slot
 * a worker then *opens*: it gets an idle session, checked when it lay idle for over 30 s and
 * silently replaced when found dead, or dials a new one.
 *
 *     asked ──► waiting ──granted──► holding a slot ──pool_open──► using a conn ──pool_close──► idle
 *                  └──expired (POOL_TIMEOUT), or left a long line
 *
 * A session that is being opened or closed needs a slot too, so that the upstream never sees more
 * sessions than the cap, also while some come and others go.
 *
 * Retiring (edit, delete) ends new grants: waiters expire with the error that the retirer gives, idle
 * sessions close, borrowed ones close on return; the last reference frees it.
 */
#ifndef CONNECTOR_POOL_H
#define CONNECTOR_POOL_H

#include "base/attr.h"
#include "base/error.h"
#include "base/list.h"
#include "base/time.h"
#include "connector/connector.h"

#include <stdbool.h>
#include <stdint.h>

struct pool;
struct interrupt;

#define POOL_STAY 32

/* One who asks for a slot. Zeroed by its owner but for the callbacks and `leave_by`. */
struct pool_waiter {
    struct list_node node; /* the pool's own */
    struct deadline by; /* the pool's own: acquireTimeoutMs from now, or the caller's if earlier */
    /* Of its owner; 0: none. Who has waited until then leaves a long line as if its time were over,
     * but for the first POOL_STAY of it; while there is a line that such ones have left, another one
     * that finds so many before it does not begin to wait. */
    struct deadline leave_by;
    /* The slot is yours. Called without locks, on the thread that gave it back. Must not block. */
    void (*granted)(struct pool_waiter *waiter);
    /* No slot in time (POOL_TIMEOUT), or the pool was retired. Same rules. */
    void (*expired)(struct pool_waiter *waiter, const struct error *err);
};

/* The upstream is referenced, not copied: `release(owner)` frees it after the last session closed. */
MUST_USE struct pool *pool_new(const struct upstream *upstream, void (*release)(void *owner),
                               void *owner);
struct pool *pool_ref(struct pool *pool);
void pool_unref(struct pool *pool);
AUTO_DEFINE(pool, pool_unref)

/* Of its connection, defaults filled in; live as long as the pool. */
const struct connection_settings *pool_settings(const struct pool *pool);

/*
 * Asks for a slot. True: granted at once, no callback comes. False: `waiter` stays in line until
 * one of its callbacks; of a retired pool, or before a line too long to wait in, `expired` comes before
 * this returns.
 *   Blocks: no.  Threads: any.
 */
bool pool_ask(struct pool *pool, struct pool_waiter *waiter, struct deadline by);
/* The same for who would rather not wait: false, and nothing happened, when no slot is free. */
bool pool_try(struct pool *pool);
/* Leaves the line; false when a callback has come or is on its way. */
bool pool_forget(struct pool *pool, struct pool_waiter *waiter);
/* Gives an unused slot back. */
void pool_release_slot(struct pool *pool);
/*
 * Expires waiters whose time has come, closes idle sessions past their time (but not the last
 * pool.min of them that are merely idle). Called by the scheduler's clock; returns when it wants to be
 * called again as things are now. A later ask may bring that forward to its waiter's `by`, a later
 * return to the idle time-out: so tick once a second at least.  Blocks: no.
 */
struct deadline pool_tick(struct pool *pool);

/*
 * A session for the slot that the caller holds. On failure the caller still holds the slot. A
 * retired pool lends nothing: its retirer's error. `stop` (or NULL) ends the dialling: CANCELLED.
 *   Blocks  until `by`, or the connection's connectTimeoutMs for a new session.
 */
MUST_USE struct conn *pool_open(struct pool *pool, struct deadline by, const struct interrupt *stop,
                                struct error *err);
/*
 * For a borrowed session that proved dead as it was used: closes it and dials another for the same
 * slot, past the idle ones, which lay there as long. On failure (a retired pool: *err as it was) the
 * caller still holds the slot.  Blocks, Threads: as pool_open().
 */
MUST_USE struct conn *pool_replace(struct pool *pool, struct conn *conn, struct deadline by,
                                   const struct interrupt *stop, struct error *err);
/* Hands the session back and the slot with it: reset and kept, or closed when broken or too old. */
void pool_close(struct pool *pool, struct conn *conn);

/* No new grants, from now on; what else retiring does is still to be done.  Blocks: no. */
void pool_seal(struct pool *pool, const struct error *err);
/*
 * `former`, sealed, was the pool of the same connection before it was edited: as long as both lead to
 * the same server, the sessions that are still open there count against the heir's cap, until they
 * are closed. The heir must be unknown to others yet.  Blocks: no.
 */
void pool_inherit(struct pool *heir, struct pool *former);
/* No new grants; waiters get `err`. Idle sessions close now, borrowed ones when they come back. */
void pool_retire(struct pool *pool, const struct error *err);

struct pool_stats {
    int64_t max, in_use, idle, waiting;
    int64_t opened, closed; /* since the start */
};
void pool_stats(struct pool *pool, struct pool_stats *out);

#endif
