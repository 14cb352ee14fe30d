/* SPDX-License-Identifier: Apache-2.0 */
/* What a pool promises when many threads ask at once; worth most on the thread sanitizer's build. */
#include "fake_connector.h"

#include "base/thread.h"

#include <pthread.h>

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
            turn % 11 == 0 ? NULL : pool_open(worker->pool, deadline_in_ms(1000), NULL, &err);
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
        cmocka_unit_test(many_threads_never_exceed_the_cap_nor_leak),
        cmocka_unit_test(retiring_amid_many_threads_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
