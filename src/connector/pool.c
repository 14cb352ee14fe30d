/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots, those who wait for one, and idle sessions.
 *
 * Invariant: idle sessions + sessions of slot holders ≤ slots' cap. A holder without a session takes
 * an idle one if there is any, so that it adds one only while none is idle and fewer holders than
 * slots have one. Closing an idle session aside takes a slot for that time, or is put off.
 *
 * A retired pool may have an heir: the next pool of its connection, which counts the sessions that
 * are still out as slots given away, and gets them back one by one. Locks: former, then heir.
 */
#include "connector/pool.h"

#include "base/id.h"
#include "base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

/* Idle for longer: asked before it is lent. */
#define CHECK_AFTER_US (30 * INT64_C(1000000))
/* What a check may cost of the borrower's time. */
#define CHECK_MS 1000
/* When everything is lent, what should be closed is looked at again so much later. */
#define PUT_OFF_MS 1000

struct pool {
    pthread_mutex_t lock;
    struct list waiters; /* in the order of asking */
    int64_t waiting;
    bool crowded;       /* some have left the line, and it was not empty since */
    int64_t slots;      /* given away, those for closing included */
    struct conn **idle; /* the one that lay longest first; lent from the end */
    int64_t idle_count;
    int64_t opened, closed;
    bool retired;
    struct error why;  /* it was retired */
    struct pool *heir; /* referenced; of a retired pool only */

    /* Not guarded: these never change, and this one is atomic. */
    const struct upstream *upstream;
    const struct connector *connector;
    void (*release)(void *owner);
    void *owner;
    atomic_int refs;
};

static void lock(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
}

static void unlock(struct pool *pool)
{
    (void)pthread_mutex_unlock(&pool->lock);
}

struct pool *pool_new(const struct upstream *upstream, void (*release)(void *owner), void *owner)
{
    assert(upstream->settings.pool_max > 0);
    struct pool *pool = NEW(pool);
    (void)pthread_mutex_init(&pool->lock, NULL);
    list_init(&pool->waiters);
    pool->idle = xcalloc((size_t)upstream->settings.pool_max, sizeof(struct conn *));
    pool->upstream = upstream;
    pool->connector = upstream->connector;
    pool->release = release;
    pool->owner = owner;
    pool->refs = 1;
    return pool;
}

const struct connection_settings *pool_settings(const struct pool *pool)
{
    return &pool->upstream->settings;
}

struct pool *pool_ref(struct pool *pool)
{
    (void)atomic_fetch_add(&pool->refs, 1);
    return pool;
}

/* Takes an idle session out. The lock is held. */
static struct conn *take_idle(struct pool *pool, int64_t at)
{
    struct conn *conn = pool->idle[at];
    pool->idle_count--;
    memmove(&pool->idle[at], &pool->idle[at + 1],
            (size_t)(pool->idle_count - at) * sizeof(pool->idle[0]));
    return conn;
}

static struct conn *take_last_idle(struct pool *pool)
{
    return pool->idle_count > 0 ? take_idle(pool, pool->idle_count - 1) : NULL;
}

/* Without the lock: closing says good-bye on the network. */
static void close_conn(struct pool *pool, struct conn *conn)
{
    pool->connector->close(conn);
    lock(pool);
    pool->closed++;
    unlock(pool);
}

static void close_with_slot(struct pool *pool, struct conn *conn)
{
    close_conn(pool, conn);
    pool_release_slot(pool);
}

void pool_unref(struct pool *pool)
{
    if (!pool || atomic_fetch_sub(&pool->refs, 1) > 1)
        return;
    assert(pool->slots == 0 && list_empty(&pool->waiters));
    while (pool->idle_count > 0)
        close_conn(pool, take_last_idle(pool));
    if (pool->release)
        pool->release(pool->owner);
    pool_unref(pool->heir);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool->idle);
    free(pool);
}

/* The lock is held. */
static bool take_slot(struct pool *pool)
{
    bool granted = !pool->retired && pool->slots < pool->upstream->settings.pool_max;
    pool->slots += granted;
    return granted;
}

static void fail_to_wait(const struct pool *pool, struct error *err)
{
    (void)fail(err, ERR_POOL_TIMEOUT,
               "no session of the connection came free in time (%lld at most)",
               (long long)pool->upstream->settings.pool_max);
}

static struct deadline end_of_wait(const struct pool *pool, struct deadline by)
{
    int64_t most_ms = pool->upstream->settings.acquire_timeout_ms;
    return most_ms > 0 ? deadline_earlier(by, deadline_in_ms(most_ms)) : by;
}

static bool may_leave(const struct pool_waiter *waiter)
{
    return waiter->leave_by.at_us != 0;
}

bool pool_ask(struct pool *pool, struct pool_waiter *waiter, struct deadline by)
{
    struct error why;
    assert(!list_linked(&waiter->node));
    lock(pool);
    bool refused = pool->retired;
    bool granted = !refused && take_slot(pool);
    if (refused) {
        why = pool->why;
    } else if (!granted && pool->crowded && pool->waiting >= POOL_STAY && may_leave(waiter)) {
        refused = true;
        fail_to_wait(pool, &why);
    } else if (!granted) {
        waiter->by = end_of_wait(pool, by);
        list_push(&pool->waiters, &waiter->node);
        pool->waiting++;
    }
    unlock(pool);
    if (refused)
        waiter->expired(waiter, &why);
    return granted;
}

bool pool_try(struct pool *pool)
{
    lock(pool);
    bool granted = take_slot(pool);
    unlock(pool);
    return granted;
}

/* A waiter leaves the line: from here on its callback is on its way. The lock is held. */
static struct pool_waiter *take_waiter(struct pool *pool, struct list_node *node)
{
    list_remove(node);
    pool->waiting--;
    return LIST_ITEM(node, pool_waiter, node);
}

bool pool_forget(struct pool *pool, struct pool_waiter *waiter)
{
    lock(pool);
    bool in_line = list_linked(&waiter->node);
    if (in_line)
        (void)take_waiter(pool, &waiter->node);
    unlock(pool);
    return in_line;
}

/* The slot goes to the first in line, who is to be told without the lock, or back to the pool. */
static struct pool_waiter *pass_slot_on(struct pool *pool)
{
    assert(pool->slots > 0);
    /* It may have inherited more than its cap. */
    bool grants = !pool->retired && pool->slots <= pool->upstream->settings.pool_max;
    if (grants && !list_empty(&pool->waiters))
        return take_waiter(pool, pool->waiters.head.next);
    pool->crowded = false;
    pool->slots--;
    return NULL;
}

void pool_release_slot(struct pool *pool)
{
    lock(pool);
    struct pool_waiter *next = pass_slot_on(pool);
    struct pool *heir = pool->heir;
    unlock(pool);
    if (next)
        next->granted(next);
    if (heir)
        pool_release_slot(heir);
}

/*
 * After one session was found dead, the others that lay as long are not asked, but replaced: asking
 * each of them could cost a time-out.
 */
static bool is_usable(const struct pool *pool, struct conn *conn, struct deadline by, bool *doubt)
{
    const struct connector *connector = pool->connector;
    int64_t now = clock_us();
    if (now >= conn->expires_us || (connector->alive && !connector->alive(conn)))
        return false;
    if (now - conn->idle_since_us < CHECK_AFTER_US)
        return true;
    if (!*doubt)
        *doubt = !connector->ping(conn, deadline_earlier(by, deadline_in_ms(CHECK_MS)));
    return !*doubt;
}

static struct conn *open_new(struct pool *pool, struct deadline by, const struct interrupt *stop,
                             struct error *err)
{
    const struct connection_settings *settings = &pool->upstream->settings;
    const struct opening how = {
        .by = deadline_earlier(by, deadline_in_ms(settings->connect_timeout_ms)),
        .stop = stop,
    };
    struct conn *conn = pool->connector->open(pool->upstream, &how, err);
    if (!conn)
        return NULL;
    /* A tenth more or less, so that sessions opened together do not end together. */
    int64_t life_us = settings->max_lifetime_ms * 1000;
    conn->opened_us = clock_us();
    conn->expires_us = conn->opened_us + life_us - life_us / 10 +
                       (int64_t)random_below((uint64_t)(life_us / 5 + 1));
    lock(pool);
    pool->opened++;
    unlock(pool);
    return conn;
}

struct conn *pool_open(struct pool *pool, struct deadline by, const struct interrupt *stop,
                       struct error *err)
{
    bool doubt = false;
    for (;;) {
        lock(pool);
        assert(pool->slots > 0);
        if (pool->retired) {
            *err = pool->why;
            unlock(pool);
            return NULL;
        }
        struct conn *conn = take_last_idle(pool);
        unlock(pool);
        if (!conn)
            return open_new(pool, by, stop, err);
        if (is_usable(pool, conn, by, &doubt))
            return conn;
        close_conn(pool, conn);
    }
}

struct conn *pool_replace(struct pool *pool, struct conn *conn, struct deadline by,
                          const struct interrupt *stop, struct error *err)
{
    close_conn(pool, conn);
    lock(pool);
    bool retired = pool->retired;
    unlock(pool);
    return retired ? NULL : open_new(pool, by, stop, err);
}

void pool_close(struct pool *pool, struct conn *conn)
{
    bool keep = !conn->broken && clock_us() < conn->expires_us && pool->connector->reset(conn);
    struct pool_waiter *next = NULL;
    if (keep) {
        lock(pool);
        keep = !pool->retired;
        if (keep) {
            assert(pool->idle_count < pool->upstream->settings.pool_max);
            conn->idle_since_us = clock_us();
            pool->idle[pool->idle_count++] = conn;
            next = pass_slot_on(pool);
        }
        unlock(pool);
    }
    if (!keep)
        close_with_slot(pool, conn);
    else if (next)
        next->granted(next);
}

/* Takes some of those out whose time is over. The lock is held. */
static int take_late(struct pool *pool, struct pool_waiter *late[], int most)
{
    int count = 0;
    int64_t place = 0;
    LIST_EACH(&pool->waiters, pool_waiter, node, waiter)
    {
        if (count == most)
            break;
        bool leaves = place >= POOL_STAY && may_leave(waiter) && deadline_passed(waiter->leave_by);
        if (leaves || deadline_passed(waiter->by))
            late[count++] = take_waiter(pool, &waiter->node);
        else
            place++;
        pool->crowded |= leaves;
    }
    return count;
}

static void expire_waiters(struct pool *pool)
{
    struct pool_waiter *late[64];
    struct error err;
    int count;
    fail_to_wait(pool, &err);
    do {
        lock(pool);
        count = take_late(pool, late, (int)ARRAY_LEN(late));
        unlock(pool);
        for (int i = 0; i < count; i++)
            late[i]->expired(late[i], &err);
    } while (count == (int)ARRAY_LEN(late));
}

/* When the first idle session wants to be closed; `at` says which one. The lock is held. */
static struct deadline next_close(const struct pool *pool, int64_t *at)
{
    const struct connection_settings *settings = &pool->upstream->settings;
    struct deadline first = DEADLINE_NEVER;
    for (int64_t i = 0; i < pool->idle_count; i++) {
        int64_t end_us = pool->idle[i]->expires_us;
        int64_t idle_end_us = pool->idle[i]->idle_since_us + settings->idle_timeout_ms * 1000;
        if (i == 0 && pool->idle_count > settings->pool_min && idle_end_us < end_us)
            end_us = idle_end_us;
        if (end_us >= first.at_us)
            continue;
        first.at_us = end_us;
        *at = i;
    }
    return first;
}

/* Those of a retired pool have their slots already: its retirer closes them. */
static void close_overdue(struct pool *pool)
{
    for (;;) {
        int64_t at = 0;
        lock(pool);
        bool due = !pool->retired && deadline_passed(next_close(pool, &at)) &&
                   pool->slots < pool->upstream->settings.pool_max;
        struct conn *conn = due ? take_idle(pool, at) : NULL;
        pool->slots += due;
        unlock(pool);
        if (!conn)
            return;
        close_with_slot(pool, conn);
    }
}

struct deadline pool_tick(struct pool *pool)
{
    expire_waiters(pool);
    close_overdue(pool);
    int64_t at = 0;
    lock(pool);
    struct deadline next = next_close(pool, &at);
    if (deadline_passed(next))
        next = deadline_in_ms(PUT_OFF_MS);
    int64_t place = 0;
    LIST_EACH(&pool->waiters, pool_waiter, node, waiter)
    {
        next = deadline_earlier(next, waiter->by);
        if (place++ >= POOL_STAY && may_leave(waiter))
            next = deadline_earlier(next, waiter->leave_by);
    }
    unlock(pool);
    return next;
}

void pool_seal(struct pool *pool, const struct error *err)
{
    lock(pool);
    if (!pool->retired) {
        pool->retired = true;
        pool->why = *err;
        pool->slots += pool->idle_count; /* for closing them */
    }
    unlock(pool);
}

void pool_inherit(struct pool *heir, struct pool *former)
{
    const struct upstream *ours = heir->upstream, *theirs = former->upstream;
    if (ours->connector != theirs->connector || ours->url.port != theirs->url.port ||
        !str_eq(ours->url.host, theirs->url.host))
        return;
    lock(former);
    assert(former->retired && !former->heir);
    if (former->slots > 0) {
        former->heir = pool_ref(heir);
        lock(heir);
        heir->slots += former->slots;
        unlock(heir);
    }
    unlock(former);
}

void pool_retire(struct pool *pool, const struct error *err)
{
    struct error why = *err;
    pool_seal(pool, err);
    for (;;) {
        struct pool_waiter *waiter = NULL;
        lock(pool);
        if (!list_empty(&pool->waiters))
            waiter = take_waiter(pool, pool->waiters.head.next);
        unlock(pool);
        if (!waiter)
            break;
        waiter->expired(waiter, &why);
    }
    for (;;) {
        lock(pool);
        struct conn *conn = take_last_idle(pool);
        unlock(pool);
        if (!conn)
            return;
        close_with_slot(pool, conn);
    }
}

void pool_stats(struct pool *pool, struct pool_stats *out)
{
    lock(pool);
    *out = (struct pool_stats){
        .max = pool->upstream->settings.pool_max,
        .in_use = pool->slots,
        .idle = pool->idle_count,
        .waiting = pool->waiting,
        .opened = pool->opened,
        .closed = pool->closed,
    };
    unlock(pool);
}
