/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool on a connector whose sessions are memory. It counts what the upstream would see, and
 * calls back into the pool wherever the pool must not hold its lock.
 */
#include "unit.h"

#include "base/mem.h"
#include "base/thread.h"
#include "connector/pool.h"

#include <pthread.h>
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

static struct conn *fake_open(const struct upstream *upstream, struct trial *trial,
                              struct deadline by, struct error *err)
{
    (void)trial;
    (void)by;
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

struct asker {
    struct pool_waiter waiter;
    int granted, expired;
    enum error_code code;
    int *order, turn; /* *order counts grants; turn = this one's place */
};

static void on_granted(struct pool_waiter *waiter)
{
    struct asker *asker = CONTAINER_OF(waiter, struct asker, waiter);
    look_at_pool();
    asker->granted++;
    if (asker->order)
        asker->turn = ++*asker->order;
}

static void on_expired(struct pool_waiter *waiter, const struct error *err)
{
    struct asker *asker = CONTAINER_OF(waiter, struct asker, waiter);
    look_at_pool();
    asker->expired++;
    asker->code = err->code;
}

static struct asker new_asker(void)
{
    return (struct asker){ .waiter = { .granted = on_granted, .expired = on_expired } };
}

static void take_slot(struct pool *pool)
{
    struct asker asker = new_asker();
    assert_true(pool_ask(pool, &asker.waiter, DEADLINE_NEVER));
}

/* A slot and a session on it. */
static struct conn *borrow(struct pool *pool)
{
    take_slot(pool);
    struct error err = { 0 };
    struct conn *conn = pool_open(pool, deadline_in_ms(1000), &err);
    assert_non_null(conn);
    return conn;
}

static int number(const struct conn *conn)
{
    return ((const struct fake_conn *)conn)->number;
}

static void slots_are_granted_up_to_the_cap_then_in_order(void **state)
{
    (void)state;
    struct pool *pool = make_pool(2, 0);
    take_slot(pool);
    take_slot(pool);
    int order = 0;
    struct asker askers[50];
    for (size_t i = 0; i < ARRAY_LEN(askers); i++) {
        askers[i] = new_asker();
        askers[i].order = &order;
        assert_false(pool_ask(pool, &askers[i].waiter, DEADLINE_NEVER));
    }
    struct pool_stats stats;
    pool_stats(pool, &stats);
    assert_int_equal(stats.max, 2);
    assert_int_equal(stats.in_use, 2);
    assert_int_equal(stats.waiting, 50);
    assert_true(pool_forget(pool, &askers[3].waiter));
    assert_false(pool_forget(pool, &askers[3].waiter));
    for (int i = 0; i < 51; i++)
        pool_release_slot(pool);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(askers[i].granted, i != 3);
        assert_int_equal(askers[i].turn, i < 3 ? i + 1 : i == 3 ? 0 : i);
        assert_int_equal(askers[i].expired, 0);
        assert_false(pool_forget(pool, &askers[i].waiter));
    }
    pool_stats(pool, &stats);
    assert_int_equal(stats.in_use, 0);
    assert_int_equal(stats.waiting, 0);
    end_pool(pool);
    assert_int_equal(fake.opened, 0);
}

static void the_session_used_last_is_lent_first(void **state)
{
    (void)state;
    struct pool *pool = make_pool(3, 0);
    struct conn *one = borrow(pool), *two = borrow(pool), *three = borrow(pool);
    pool_close(pool, two);
    pool_close(pool, three);
    pool_close(pool, one);
    struct conn *first = borrow(pool), *second = borrow(pool), *third = borrow(pool);
    assert_ptr_equal(first, one);
    assert_ptr_equal(second, three);
    assert_ptr_equal(third, two);
    assert_int_equal(fake.opened, 3);
    assert_int_equal(fake.resets, 3);
    assert_int_equal(fake.pings, 0);
    pool_close(pool, first);
    pool_close(pool, second);
    pool_close(pool, third);
    end_pool(pool);
}

static void what_lay_long_is_checked_and_the_dead_replaced(void **state)
{
    (void)state;
    struct pool *pool = make_pool(4, 0);
    struct conn *conns[4];
    for (size_t i = 0; i < 4; i++)
        conns[i] = borrow(pool);
    for (size_t i = 0; i < 4; i++)
        pool_close(pool, conns[i]);
    struct conn *lent[3];
    conns[3]->idle_since_us -= 31000000;
    lent[0] = borrow(pool);
    assert_int_equal(number(lent[0]), 4); /* asked, and well */
    assert_int_equal(fake.pings, 1);
    assert_int_equal(fake.closed, 0);

    conns[2]->idle_since_us -= 31000000;
    ((struct fake_conn *)conns[2])->silent = true;
    conns[1]->idle_since_us -= 31000000; /* as suspect as the one before: not asked, replaced */
    lent[1] = borrow(pool);
    assert_int_equal(number(lent[1]), 1); /* lay only for a moment */
    assert_int_equal(fake.pings, 2);
    assert_int_equal(fake.closed, 2);
    struct conn *fresh = borrow(pool);
    assert_int_equal(number(fresh), 5);
    pool_close(pool, fresh);
    ((struct fake_conn *)fresh)->hung_up = true;
    lent[2] = borrow(pool);
    assert_int_equal(number(lent[2]), 6);
    assert_int_equal(fake.pings, 2);
    assert_int_equal(fake.most, 4);

    struct pool_stats stats;
    pool_stats(pool, &stats);
    assert_int_equal(stats.opened, 6);
    assert_int_equal(stats.closed, 3);
    assert_int_equal(stats.in_use, 3);
    for (int i = 0; i < 3; i++)
        pool_close(pool, lent[i]);
    end_pool(pool);
}

static void broken_old_and_unresettable_ones_are_closed(void **state)
{
    (void)state;
    struct pool *pool = make_pool(1, 0);
    struct conn *conn = borrow(pool);
    conn->broken = true;
    pool_close(pool, conn);
    assert_int_equal(fake.closed, 1);
    assert_int_equal(fake.resets, 0);
    conn = borrow(pool);
    conn->expires_us = clock_us() - 1;
    pool_close(pool, conn);
    assert_int_equal(fake.closed, 2);
    conn = borrow(pool);
    ((struct fake_conn *)conn)->refuses_reset = true;
    pool_close(pool, conn);
    assert_int_equal(fake.closed, 3);
    conn = borrow(pool);
    pool_close(pool, conn);
    conn->expires_us = clock_us() - 1; /* became old while it lay */
    conn = borrow(pool);
    assert_int_equal(number(conn), 5);
    pool_close(pool, conn);
    assert_int_equal(fake.most, 1);
    end_pool(pool);
}

static void lifetimes_differ_by_a_tenth_at_most(void **state)
{
    (void)state;
    enum {
        COUNT = 100
    };
    struct pool *pool = make_pool(COUNT, 0);
    struct conn *conns[COUNT];
    int64_t least = INT64_MAX, most = 0;
    for (int i = 0; i < COUNT; i++) {
        conns[i] = borrow(pool);
        int64_t life = conns[i]->expires_us - conns[i]->opened_us;
        least = life < least ? life : least;
        most = life > most ? life : most;
    }
    assert_true(least >= INT64_C(1620000000) && most <= INT64_C(1980000000));
    assert_true(most - least > INT64_C(100000000));
    for (int i = 0; i < COUNT; i++)
        pool_close(pool, conns[i]);
    end_pool(pool);
}

static void idle_sessions_end_but_the_last_ones_stay(void **state)
{
    (void)state;
    struct pool *pool = make_pool(3, 1);
    struct conn *conns[3];
    for (int i = 0; i < 3; i++)
        conns[i] = borrow(pool);
    for (int i = 0; i < 3; i++)
        pool_close(pool, conns[i]);
    struct deadline next = pool_tick(pool);
    assert_true(next.at_us > clock_us() + 58000000 && next.at_us <= clock_us() + 60000000);
    assert_int_equal(fake.closed, 0);
    for (int i = 0; i < 3; i++)
        conns[i]->idle_since_us -= 60000000;
    next = pool_tick(pool);
    assert_int_equal(fake.closed, 2);
    assert_int_equal(next.at_us, conns[2]->expires_us);
    conns[2]->expires_us = clock_us();
    next = pool_tick(pool);
    assert_int_equal(fake.closed, 3);
    assert_int_equal(next.at_us, DEADLINE_NEVER.at_us);
    end_pool(pool);
}

/* While all slots are given away, an idle session may be somebody's in the next moment. */
static void closing_aside_needs_a_slot(void **state)
{
    (void)state;
    struct pool *pool = make_pool(1, 0);
    struct conn *conn = borrow(pool);
    pool_close(pool, conn);
    take_slot(pool);
    conn->idle_since_us -= 60000000;
    struct deadline next = pool_tick(pool);
    assert_int_equal(fake.closed, 0);
    assert_true(next.at_us > clock_us() && next.at_us <= clock_us() + 1000000);
    pool_release_slot(pool);
    struct asker asker = new_asker();
    fake.asks_while_closing = &asker.waiter;
    (void)pool_tick(pool);
    fake.asks_while_closing = NULL;
    assert_int_equal(fake.closed, 1);
    assert_false(fake.got_slot_while_closing);
    assert_int_equal(asker.granted, 1);
    pool_release_slot(pool);
    end_pool(pool);
}

static void waiters_expire_at_their_time(void **state)
{
    (void)state;
    struct pool *pool = make_pool(1, 0);
    take_slot(pool);
    struct asker late = new_asker(), patient = new_asker();
    int64_t before = clock_us();
    assert_false(pool_ask(pool, &patient.waiter, DEADLINE_NEVER));
    assert_true(patient.waiter.by.at_us >= before + 5000000);
    assert_true(patient.waiter.by.at_us <= clock_us() + 5000000);
    assert_false(pool_ask(pool, &late.waiter, deadline_in_ms(0)));
    struct deadline next = pool_tick(pool);
    assert_int_equal(next.at_us, patient.waiter.by.at_us);
    assert_int_equal(late.expired, 1);
    assert_int_equal(late.code, ERR_POOL_TIMEOUT);
    assert_int_equal(patient.expired, 0);
    assert_false(pool_forget(pool, &late.waiter));
    pool_release_slot(pool);
    assert_int_equal(patient.granted, 1);
    pool_release_slot(pool);
    assert_int_equal(late.granted, 0);
    end_pool(pool);
}

static void a_failed_open_leaves_the_slot(void **state)
{
    (void)state;
    struct pool *pool = make_pool(1, 0);
    take_slot(pool);
    fake.unreachable = true;
    struct error err = { 0 };
    assert_null(pool_open(pool, deadline_in_ms(1000), &err));
    assert_int_equal(err.code, ERR_REFUSED);
    fake.unreachable = false;
    struct conn *conn = pool_open(pool, deadline_in_ms(1000), &err);
    assert_non_null(conn);
    pool_close(pool, conn);
    end_pool(pool);
}

static void retiring_ends_loans_and_waits(void **state)
{
    (void)state;
    struct pool *pool = make_pool(3, 1);
    struct conn *idle = borrow(pool), *used = borrow(pool);
    pool_close(pool, idle);
    take_slot(pool);
    take_slot(pool);
    struct asker waiting = new_asker(), later = new_asker();
    assert_false(pool_ask(pool, &waiting.waiter, DEADLINE_NEVER));

    struct error gone = { 0 }, err = { 0 };
    (void)fail(&gone, ERR_CONNECTION_DELETED, "this connection was deleted");
    pool_retire(pool, &gone);
    assert_int_equal(waiting.expired, 1);
    assert_int_equal(waiting.code, ERR_CONNECTION_DELETED);
    assert_int_equal(fake.closed, 1);
    assert_false(pool_ask(pool, &later.waiter, DEADLINE_NEVER));
    assert_int_equal(later.code, ERR_CONNECTION_DELETED);
    assert_null(pool_open(pool, deadline_in_ms(1000), &err));
    assert_int_equal(err.code, ERR_CONNECTION_DELETED);
    pool_release_slot(pool);
    pool_release_slot(pool);
    assert_int_equal(waiting.granted + later.granted, 0);

    struct pool *borrower = pool_ref(pool);
    pool_unref(pool);
    assert_int_equal(fake.released, 0);
    pool_close(borrower, used);
    assert_int_equal(fake.closed, 2);
    end_pool(borrower);
}

/* Threads that ask, wait, open, close, and sometimes lose patience. */
struct worker {
    struct pool_waiter waiter;
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool granted, expired;
    struct pool *pool;
    int cycles, done, refused;
};

static void worker_tell(struct pool_waiter *waiter, bool granted)
{
    struct worker *worker = CONTAINER_OF(waiter, struct worker, waiter);
    (void)pthread_mutex_lock(&worker->lock);
    worker->granted = granted;
    worker->expired = !granted;
    (void)pthread_cond_signal(&worker->told);
    (void)pthread_mutex_unlock(&worker->lock);
}

static void worker_granted(struct pool_waiter *waiter)
{
    worker_tell(waiter, true);
}

static void worker_expired(struct pool_waiter *waiter, const struct error *err)
{
    (void)err;
    worker_tell(waiter, false);
}

/* A slot, by grant or at once; false when expired or forgotten. */
static bool worker_ask(struct worker *worker, int turn)
{
    worker->granted = worker->expired = false;
    if (pool_ask(worker->pool, &worker->waiter, deadline_in_ms(turn % 7 == 0 ? 0 : 60000)))
        return true;
    if (turn % 5 == 0 && pool_forget(worker->pool, &worker->waiter))
        return false;
    (void)pthread_mutex_lock(&worker->lock);
    while (!worker->granted && !worker->expired)
        (void)pthread_cond_wait(&worker->told, &worker->lock);
    bool granted = worker->granted;
    (void)pthread_mutex_unlock(&worker->lock);
    return granted;
}

static void *worker_main(void *context)
{
    struct worker *worker = context;
    for (int turn = 1; turn <= worker->cycles; turn++) {
        if (!worker_ask(worker, turn)) {
            worker->refused++;
            continue;
        }
        struct error err = { 0 };
        struct conn *conn =
            turn % 11 == 0 ? NULL : pool_open(worker->pool, deadline_in_ms(1000), &err);
        if (!conn) {
            worker->refused++;
            pool_release_slot(worker->pool);
            continue;
        }
        conn->broken = turn % 13 == 0;
        if (turn % 17 == 0)
            conn->expires_us = clock_us();
        ((struct fake_conn *)conn)->hung_up = turn % 19 == 0;
        worker->done++;
        pool_close(worker->pool, conn);
    }
    pool_unref(worker->pool);
    return NULL;
}

static atomic_bool ticking;

static void *ticker_main(void *context)
{
    struct pool *pool = context;
    while (ticking)
        (void)pool_tick(pool);
    return NULL;
}

enum {
    WORKERS = 6,
    CYCLES = 2000,
    CAP = 3
};

/* Retires the pool after that many loans; 0: never. */
static void run_stress(int retire_after)
{
    struct pool *pool = make_pool(CAP, 0);
    upstream.settings.idle_timeout_ms = 0;
    struct worker workers[WORKERS] = { 0 };
    pthread_t threads[WORKERS];
    ticking = true;
    pthread_t ticker = thread_start("ticker", ticker_main, pool);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){ .pool = pool_ref(pool), .cycles = CYCLES };
        workers[i].waiter.granted = worker_granted;
        workers[i].waiter.expired = worker_expired;
        (void)pthread_mutex_init(&workers[i].lock, NULL);
        (void)pthread_cond_init(&workers[i].told, NULL);
        threads[i] = thread_start("worker", worker_main, &workers[i]);
    }
    struct pool_stats stats;
    while (retire_after > 0 && fake.resets < retire_after)
        pool_stats(pool, &stats);
    if (retire_after > 0) {
        struct error gone;
        (void)fail(&gone, ERR_CONNECTION_DELETED, "this connection was deleted");
        pool_retire(pool, &gone);
    }
    int done = 0, refused = 0;
    for (int i = 0; i < WORKERS; i++) {
        (void)pthread_join(threads[i], NULL);
        done += workers[i].done;
        refused += workers[i].refused;
        (void)pthread_mutex_destroy(&workers[i].lock);
        (void)pthread_cond_destroy(&workers[i].told);
    }
    ticking = false;
    (void)pthread_join(ticker, NULL);
    assert_int_equal(done + refused, WORKERS * CYCLES);
    assert_true(done > 0);
    assert_true(fake.most <= CAP);
    pool_stats(pool, &stats);
    assert_int_equal(stats.in_use, 0);
    assert_int_equal(stats.waiting, 0);
    assert_int_equal(stats.opened - stats.closed, fake.present);
    assert_true(retire_after == 0 || fake.present == 0);
    end_pool(pool);
}

static void many_threads_never_exceed_the_cap_nor_leak(void **state)
{
    (void)state;
    run_stress(0);
}

static void retiring_amid_many_threads_leaves_nothing(void **state)
{
    (void)state;
    run_stress(500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_granted_up_to_the_cap_then_in_order),
        cmocka_unit_test(the_session_used_last_is_lent_first),
        cmocka_unit_test(what_lay_long_is_checked_and_the_dead_replaced),
        cmocka_unit_test(broken_old_and_unresettable_ones_are_closed),
        cmocka_unit_test(lifetimes_differ_by_a_tenth_at_most),
        cmocka_unit_test(idle_sessions_end_but_the_last_ones_stay),
        cmocka_unit_test(closing_aside_needs_a_slot),
        cmocka_unit_test(waiters_expire_at_their_time),
        cmocka_unit_test(a_failed_open_leaves_the_slot),
        cmocka_unit_test(retiring_ends_loans_and_waits),
        cmocka_unit_test(many_threads_never_exceed_the_cap_nor_leak),
        cmocka_unit_test(retiring_amid_many_threads_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
