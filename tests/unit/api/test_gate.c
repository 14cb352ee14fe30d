/* SPDX-License-Identifier: Apache-2.0 */
/* How many connection tests may run: one of a connection, so many a minute for a person. */
#include "unit.h"

#include "api/test_gate.h"
#include "base/id.h"

#define SECOND INT64_C(1000000)
#define NOW (100 * SECOND)

static int wait_s; /* what the last refusal says */

static bool enters(struct test_gate *gate, struct id user, struct id connection, int64_t now_us)
{
    struct error err = { 0 };
    if (test_gate_enter(gate, user, connection, now_us, &err))
        return true;
    assert_int_equal(err.code, ERR_TOO_MANY_REQUESTS);
    wait_s = err.retry_after_s;
    return false;
}

static void a_connection_is_tested_once_at_a_time(void **state)
{
    (void)state;
    struct test_gate *gate = test_gate_new();
    struct id ann = id_new(), bob = id_new(), connection = id_new(), other = id_new(), none = { 0 };
    assert_true(enters(gate, ann, connection, NOW));
    assert_false(enters(gate, ann, connection, NOW));
    assert_false(enters(gate, bob, connection, NOW));
    assert_true(enters(gate, bob, other, NOW));
    /* Unsaved ones are nobody's: any number at once. */
    assert_true(enters(gate, ann, none, NOW));
    assert_true(enters(gate, ann, none, NOW));
    test_gate_leave(gate, none);
    assert_false(enters(gate, ann, connection, NOW));
    test_gate_leave(gate, connection);
    assert_true(enters(gate, bob, connection, NOW));
    test_gate_free(gate);
}

static void a_person_has_so_many_a_minute(void **state)
{
    (void)state;
    struct test_gate *gate = test_gate_new();
    struct id ann = id_new(), bob = id_new(), none = { 0 };
    for (int i = 0; i < TESTS_PER_MINUTE; i++)
        assert_true(enters(gate, ann, none, NOW + i * SECOND));
    assert_false(enters(gate, ann, none, NOW + 30 * SECOND));
    assert_true(enters(gate, bob, none, NOW + 30 * SECOND));
    assert_int_equal(wait_s, 30);
    assert_false(enters(gate, ann, none, NOW + 60 * SECOND - 1));
    assert_int_equal(wait_s, 1);
    /* A minute after each, one more; what was refused does not count. */
    assert_true(enters(gate, ann, none, NOW + 60 * SECOND));
    assert_false(enters(gate, ann, none, NOW + 60 * SECOND));
    assert_true(enters(gate, ann, none, NOW + 61 * SECOND));
    test_gate_free(gate);
}

static void a_refused_one_does_not_hold_the_connection(void **state)
{
    (void)state;
    struct test_gate *gate = test_gate_new();
    struct id ann = id_new(), bob = id_new(), none = { 0 }, connection = id_new();
    for (int i = 0; i < TESTS_PER_MINUTE; i++)
        assert_true(enters(gate, ann, none, NOW));
    assert_false(enters(gate, ann, connection, NOW));
    assert_true(enters(gate, bob, connection, NOW));
    test_gate_free(gate);
}

/* Many people come and go; those of the last minute are still known. */
static void quiet_people_are_forgotten_busy_ones_are_not(void **state)
{
    (void)state;
    struct test_gate *gate = test_gate_new();
    struct id ann = id_new(), none = { 0 };
    for (int i = 0; i < 1500; i++)
        assert_true(enters(gate, id_new(), none, NOW));
    for (int i = 0; i < TESTS_PER_MINUTE; i++)
        assert_true(enters(gate, ann, none, NOW + 120 * SECOND));
    for (int i = 0; i < 3000; i++)
        assert_true(enters(gate, id_new(), none, NOW + 130 * SECOND));
    assert_false(enters(gate, ann, none, NOW + 131 * SECOND));
    test_gate_free(gate);
    test_gate_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_tested_once_at_a_time),
        cmocka_unit_test(a_person_has_so_many_a_minute),
        cmocka_unit_test(a_refused_one_does_not_hold_the_connection),
        cmocka_unit_test(quiet_people_are_forgotten_busy_ones_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
