/* SPDX-License-Identifier: Apache-2.0 */
/* Who waits for a slot: for how long, and what becomes of long lines. */
#include "asker.h"

#define LONG_MS (INT64_C(3600) * 1000)

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

static void without_a_limit_they_wait_as_long_as_they_may(void **state)
{
    (void)state;
    struct pool *pool = make_pool(1, 0);
    upstream.settings.acquire_timeout_ms = 0;
    take_slot(pool);
    struct asker patient = new_asker(), bound = new_asker();
    struct deadline by = deadline_in_ms(LONG_MS);
    assert_false(pool_ask(pool, &patient.waiter, DEADLINE_NEVER));
    assert_int_equal(patient.waiter.by.at_us, DEADLINE_NEVER.at_us);
    assert_false(pool_ask(pool, &bound.waiter, by));
    assert_int_equal(bound.waiter.by.at_us, by.at_us);
    for (int i = 0; i < 3; i++)
        pool_release_slot(pool);
    assert_int_equal(patient.granted + bound.granted, 2);
    end_pool(pool);
}

/* Those at the front stay, however long; those behind them make room; who comes meanwhile turns away. */
static void a_long_line_gets_shorter(void **state)
{
    (void)state;
    struct pool *pool = make_pool(1, 0);
    struct asker line[POOL_STAY + 100];
    upstream.settings.acquire_timeout_ms = 0;
    take_slot(pool);
    for (size_t i = 0; i < ARRAY_LEN(line); i++) {
        line[i] = new_asker();
        line[i].waiter.leave_by = deadline_in_ms(i == POOL_STAY + 5 ? LONG_MS : 0);
        assert_false(pool_ask(pool, &line[i].waiter, DEADLINE_NEVER));
        assert_int_equal(line[i].expired, 0);
    }
    struct deadline next = pool_tick(pool);
    assert_false(deadline_passed(next));
    for (size_t i = 0; i < ARRAY_LEN(line); i++) {
        assert_int_equal(line[i].expired, i >= POOL_STAY && i != POOL_STAY + 5);
        if (line[i].expired > 0)
            assert_int_equal(line[i].code, ERR_POOL_TIMEOUT);
    }
    struct asker comes = new_asker(), stays = new_asker();
    comes.waiter.leave_by = deadline_in_ms(LONG_MS);
    assert_false(pool_ask(pool, &comes.waiter, DEADLINE_NEVER));
    assert_int_equal(comes.expired, 1);
    assert_false(pool_ask(pool, &stays.waiter, DEADLINE_NEVER)); /* it has no time to leave by */
    assert_int_equal(stays.expired, 0);

    for (size_t i = 0; i < POOL_STAY + 2; i++)
        pool_release_slot(pool); /* to the next, each time */
    assert_int_equal(line[0].granted + line[POOL_STAY - 1].granted, 2);
    assert_int_equal(line[POOL_STAY + 5].granted + stays.granted, 2);
    pool_release_slot(pool);
    /* The line was empty: others may wait as before. */
    take_slot(pool);
    struct asker again[POOL_STAY + 2];
    for (size_t i = 0; i < ARRAY_LEN(again); i++) {
        again[i] = new_asker();
        again[i].waiter.leave_by = deadline_in_ms(LONG_MS);
        assert_false(pool_ask(pool, &again[i].waiter, DEADLINE_NEVER));
        assert_int_equal(again[i].expired, 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(again) + 1; i++)
        pool_release_slot(pool);
    end_pool(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiters_expire_at_their_time),
        cmocka_unit_test(without_a_limit_they_wait_as_long_as_they_may),
        cmocka_unit_test(a_long_line_gets_shorter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
