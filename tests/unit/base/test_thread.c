/* SPDX-License-Identifier: Apache-2.0 */
/* Thin names over POSIX threads. */
#include "unit.h"

#include <signal.h>

#include "base/thread.h"

struct shared {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ready;
    bool term_blocked, fault_blocked;
};

static void *announce(void *context)
{
    struct shared *shared = context;
    sigset_t mask;
    (void)pthread_sigmask(SIG_BLOCK, NULL, &mask);
    (void)pthread_mutex_lock(&shared->lock);
    shared->term_blocked = sigismember(&mask, SIGTERM) == 1;
    shared->fault_blocked = sigismember(&mask, SIGSEGV) == 1;
    shared->ready = true;
    (void)pthread_cond_signal(&shared->changed);
    (void)pthread_mutex_unlock(&shared->lock);
    return context;
}

static void shared_init(struct shared *shared)
{
    *shared = (struct shared){ .fault_blocked = true };
    (void)pthread_mutex_init(&shared->lock, NULL);
    cond_init(&shared->changed);
}

static void shared_done(struct shared *shared)
{
    (void)pthread_cond_destroy(&shared->changed);
    (void)pthread_mutex_destroy(&shared->lock);
}

static void a_thread_runs_wakes_and_ends(void **state)
{
    (void)state;
    struct shared shared;
    shared_init(&shared);
    pthread_t thread = thread_start("a-name-that-is-too-long", announce, &shared);
    struct deadline by = deadline_in_ms(30000);
    (void)pthread_mutex_lock(&shared.lock);
    while (!shared.ready)
        assert_true(cond_wait_until(&shared.changed, &shared.lock, by));
    (void)pthread_mutex_unlock(&shared.lock);
    void *result = NULL;
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, &shared);
    assert_true(shared.term_blocked);
    assert_false(shared.fault_blocked);
    shared_done(&shared);

    sigset_t mask;
    (void)pthread_sigmask(SIG_BLOCK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGTERM), 0); /* the starter's own mask is as before */
}

static void waiting_without_limit_ends_by_a_signal(void **state)
{
    (void)state;
    struct shared shared;
    shared_init(&shared);
    (void)pthread_mutex_lock(&shared.lock);
    pthread_t thread = thread_start("announcer", announce, &shared);
    while (!shared.ready)
        assert_true(cond_wait_until(&shared.changed, &shared.lock, DEADLINE_NEVER));
    (void)pthread_mutex_unlock(&shared.lock);
    assert_int_equal(pthread_join(thread, NULL), 0);
    shared_done(&shared);
}

static void waiting_ends_at_the_deadline(void **state)
{
    (void)state;
    struct shared shared;
    shared_init(&shared);
    (void)pthread_mutex_lock(&shared.lock);
    struct deadline by = deadline_in_ms(5);
    while (cond_wait_until(&shared.changed, &shared.lock, by))
        continue;
    assert_true(deadline_passed(by));
    assert_false(cond_wait_until(&shared.changed, &shared.lock, deadline_in_ms(-10)));
    (void)pthread_mutex_unlock(&shared.lock);
    shared_done(&shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_runs_wakes_and_ends),
        cmocka_unit_test(waiting_without_limit_ends_by_a_signal),
        cmocka_unit_test(waiting_ends_at_the_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
