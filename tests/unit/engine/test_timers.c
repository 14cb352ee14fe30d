/* SPDX-License-Identifier: Apache-2.0 */
/* The heap of timers: whatever is set and unset, what is due comes in order. */
#include "unit.h"

#include "base/id.h"
#include "engine/timers.h"

static void fire(struct timer *timer)
{
    (void)timer;
}

static void test_takes_due_in_order(void **state)
{
    (void)state;
    struct timers timers = { 0 };
    struct timer all[500];
    for (size_t i = 0; i < 500; i++) {
        all[i] = (struct timer){ .fire = fire };
        timers_set(&timers, &all[i], (struct deadline){ (int64_t)random_below(1000) + 1 });
    }
    for (size_t i = 0; i < 500; i += 3)
        timers_unset(&timers, &all[i]);
    int64_t last = 0;
    size_t count = 0;
    for (struct timer *due; (due = timers_take_due(&timers)) != NULL; count++) {
        assert_true(due->at.at_us >= last);
        assert_int_equal(due->place, 0);
        assert_int_not_equal((due - all) % 3, 0);
        last = due->at.at_us;
    }
    assert_int_equal(count, 500 - 167);
    assert_int_equal(timers_next(&timers).at_us, DEADLINE_NEVER.at_us);
    timers_done(&timers);
}

static void test_leaves_the_future_alone(void **state)
{
    (void)state;
    struct timers timers = { 0 };
    struct timer later = { .fire = fire };
    timers_set(&timers, &later, deadline_in_ms(3600 * 1000));
    assert_null(timers_take_due(&timers));
    timers_unset(&timers, &later);
    timers_unset(&timers, &later); /* one that is not set */
    assert_int_equal(timers.count, 0);
    timers_done(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_due_in_order),
        cmocka_unit_test(test_leaves_the_future_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
