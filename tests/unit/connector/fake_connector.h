/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connector whose sessions are memory, and a pool on it. It counts what the upstream would see, and
 * calls back into the pool wherever the pool must not hold its lock.
 */
#ifndef TESTS_UNIT_CONNECTOR_FAKE_CONNECTOR_H
#define TESTS_UNIT_CONNECTOR_FAKE_CONNECTOR_H

#include "unit.h"

#include "base/mem.h"
#include "connector/pool.h"

#include <stdatomic.h>
#include <string.h>

struct fake_conn {
    struct conn conn;
    bool hung_up, silent, refuses_reset;
    int number;
};

static struct {
    struct pool *pool;  /* asked for its stats from within each call */
    atomic_int present; /* sessions from the start of their opening to the end of their closing */
    atomic_int most;
    atomic_int opened, closed, pings, resets, released;
    atomic_bool unreachable;
    struct pool_waiter *asks_while_closing;
    bool got_slot_while_closing;
} fake;

/* Deadlocks when the pool's lock is held. */
static void look_at_pool(void)
{
    struct pool_stats stats;
    if (fake.pool)
        pool_stats(fake.pool, &stats);
}

static struct conn *fake_open(const struct upstream *upstream, const struct opening *how,
                              struct error *err)
{
    (void)how;
    look_at_pool();
    if (fake.unreachable)
        return fail_null(err, ERR_REFUSED, "connection refused by fake:1");
    int present = atomic_fetch_add(&fake.present, 1) + 1, most = fake.most;
    while (present > most && !atomic_compare_exchange_weak(&fake.most, &most, present)) {
    }
    struct fake_conn *made = NEW(fake_conn);
    made->conn.connector = upstream->connector;
    made->number = atomic_fetch_add(&fake.opened, 1) + 1;
    return &made->conn;
}

static bool fake_alive(struct conn *conn)
{
    look_at_pool();
    return !((struct fake_conn *)conn)->hung_up;
}

static bool fake_ping(struct conn *conn, struct deadline by)
{
    look_at_pool();
    assert_true(by.at_us <= clock_us() + 1000000);
    (void)atomic_fetch_add(&fake.pings, 1);
    return !((struct fake_conn *)conn)->silent;
}

static bool fake_reset(struct conn *conn)
{
    look_at_pool();
    (void)atomic_fetch_add(&fake.resets, 1);
    return !((struct fake_conn *)conn)->refuses_reset;
}

static void fake_close(struct conn *conn)
{
    look_at_pool();
    if (fake.asks_while_closing)
        fake.got_slot_while_closing = pool_ask(fake.pool, fake.asks_while_closing, DEADLINE_NEVER);
    (void)atomic_fetch_add(&fake.closed, 1);
    (void)atomic_fetch_sub(&fake.present, 1);
    free(conn);
}

static const struct connector fake_connector = {
    .name = "fake",
    .open = fake_open,
    .alive = fake_alive,
    .ping = fake_ping,
    .reset = fake_reset,
    .close = fake_close,
};

static struct upstream upstream;

static void count_release(void *owner)
{
    assert_ptr_equal(owner, &upstream);
    (void)atomic_fetch_add(&fake.released, 1);
    fake.pool = NULL;
}

static struct pool *make_pool(int64_t max, int64_t min)
{
    memset(&fake, 0, sizeof(fake));
    upstream = (struct upstream){ .connector = &fake_connector };
    upstream.settings = (struct connection_settings){
        .pool_max = max,
        .pool_min = min,
        .acquire_timeout_ms = 5000,
        .idle_timeout_ms = 60000,
        .max_lifetime_ms = 1800000,
        .connect_timeout_ms = 5000,
    };
    fake.pool = pool_new(&upstream, count_release, &upstream);
    return fake.pool;
}

static void end_pool(struct pool *pool)
{
    pool_unref(pool);
    assert_int_equal(fake.released, 1);
    assert_int_equal(fake.present, 0);
    assert_int_equal(fake.opened, fake.closed);
}

#endif
