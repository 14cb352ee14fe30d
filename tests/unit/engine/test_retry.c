/* SPDX-License-Identifier: Apache-2.0 */
/* Retry policies: what may be tried again, and when. */
#include "unit.h"

#include <stdio.h>

#include "engine/retry.h"

static struct error error_of(enum error_code code, bool maybe_done, const char *server_code)
{
    struct error err = { 0 };
    (void)fail(&err, code, "x");
    err.maybe_done = maybe_done;
    snprintf(err.server_code, sizeof(err.server_code), "%s", server_code);
    return err;
}

static void test_classes(void **state)
{
    (void)state;
    static const struct {
        enum error_code code;
        bool maybe_done;
        const char *server_code;
        enum effect effect;
        bool allows;
    } rows[] = {
        { ERR_REFUSED, false, "", EFFECT_ONCE, true },
        { ERR_DNS_FAILED, false, "", EFFECT_ONCE, true },
        { ERR_TOO_MANY_CONNECTIONS, false, "", EFFECT_ONCE, true },
        { ERR_POOL_TIMEOUT, false, "", EFFECT_ONCE, true },
        { ERR_TLS_UNTRUSTED, false, "", EFFECT_READS, false },
        { ERR_AUTH_FAILED, false, "", EFFECT_READS, false },
        { ERR_EGRESS_DENIED, false, "", EFFECT_READS, false },
        { ERR_CONNECTION_LOST, false, "", EFFECT_ONCE, true },
        { ERR_CONNECTION_LOST, true, "", EFFECT_ONCE, false },
        { ERR_CONNECTION_LOST, true, "", EFFECT_READS, true },
        { ERR_CONNECTION_LOST, true, "", EFFECT_IDEMPOTENT, true },
        { ERR_DEADLINE_PASSED, true, "", EFFECT_ONCE, false },
        { ERR_DEADLINE_PASSED, false, "57014", EFFECT_ONCE, true },
        { ERR_SERVER_ERROR, false, "40001", EFFECT_ONCE, true },
        { ERR_SERVER_ERROR, false, "40P01", EFFECT_ONCE, true },
        { ERR_SERVER_ERROR, false, "08006", EFFECT_ONCE, true },
        { ERR_SERVER_ERROR, false, "53300", EFFECT_ONCE, true },
        { ERR_SERVER_ERROR, false, "25006", EFFECT_ONCE, true },
        { ERR_SERVER_ERROR, false, "55P03", EFFECT_ONCE, true },
        { ERR_SERVER_ERROR, false, "57P01", EFFECT_ONCE, true },
        { ERR_SERVER_ERROR, false, "57P05", EFFECT_ONCE, true },
        { ERR_SERVER_ERROR, false, "23505", EFFECT_READS, false },
        { ERR_SERVER_ERROR, false, "42601", EFFECT_READS, false },
        { ERR_SERVER_ERROR, false, "22P02", EFFECT_READS, false },
        { ERR_SERVER_ERROR, false, "LOADING", EFFECT_ONCE, true },
        { ERR_SERVER_ERROR, false, "READONLY", EFFECT_ONCE, true },
        { ERR_SERVER_ERROR, false, "WRONGTYPE", EFFECT_READS, false },
        { ERR_INTERNAL, false, "", EFFECT_READS, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error err = error_of(rows[i].code, rows[i].maybe_done, rows[i].server_code);
        if (retry_class_allows(&err, rows[i].effect) != rows[i].allows)
            fail_msg("row %zu (%s %s)", i, error_code_row(rows[i].code)->name, rows[i].server_code);
    }
}

static struct opt_int given(int64_t value)
{
    return (struct opt_int){ true, value };
}

static void test_defaults(void **state)
{
    (void)state;
    struct error err;
    struct retry_policy policy;
    assert_true(retry_policy_make(NULL, &policy, &err));
    assert_int_equal(policy.max_attempts, 1);
    struct retry_config config = { .strategy = RETRY_STRATEGY_EXPONENTIAL };
    assert_true(retry_policy_make(&config, &policy, &err));
    assert_int_equal(policy.max_attempts, 3);
    assert_int_equal(policy.delay_ms, 1000);
    assert_int_equal(policy.max_delay_ms, 30000);
    config.strategy = RETRY_STRATEGY_KEEP_TRYING;
    assert_true(retry_policy_make(&config, &policy, &err));
    assert_true(policy.max_attempts == INT64_MAX);
}

static void test_foreign_members_are_refused_by_name(void **state)
{
    (void)state;
    struct retry_policy policy;
    struct error err;
    struct retry_config keep = { .strategy = RETRY_STRATEGY_KEEP_TRYING, .max_attempts = given(3) };
    assert_false(retry_policy_make(&keep, &policy, &err));
    assert_string_equal(err.field, "maxAttempts");
    struct retry_config none = { .strategy = RETRY_STRATEGY_NONE, .delay_ms = given(3) };
    assert_false(retry_policy_make(&none, &policy, &err));
    assert_string_equal(err.field, "delayMs");
    struct retry_config fixed = { .strategy = RETRY_STRATEGY_FIXED, .max_delay_ms = given(3) };
    assert_false(retry_policy_make(&fixed, &policy, &err));
    assert_string_equal(err.field, "maxDelayMs");
}

static void test_delays(void **state)
{
    (void)state;
    struct error err;
    struct retry_policy policy;
    struct retry_config config = { .strategy = RETRY_STRATEGY_EXPONENTIAL,
                                   .delay_ms = given(100),
                                   .max_delay_ms = given(1000) };
    assert_true(retry_policy_make(&config, &policy, &err));
    static const int64_t limits[] = { 100, 200, 400, 800, 1000, 1000 };
    for (int64_t attempts = 1; attempts <= 6; attempts++) {
        int64_t longest = 0;
        for (uint64_t random = 0; random < 5000; random++) {
            int64_t delay = retry_delay_ms(&policy, attempts, random);
            assert_in_range(delay, 0, limits[attempts - 1]);
            longest = delay > longest ? delay : longest;
        }
        assert_int_equal(longest, limits[attempts - 1]);
    }
    assert_in_range(retry_delay_ms(&policy, INT64_MAX, UINT64_MAX), 0, 1000);
    config = (struct retry_config){ .strategy = RETRY_STRATEGY_FIXED, .delay_ms = given(70) };
    assert_true(retry_policy_make(&config, &policy, &err));
    assert_int_equal(retry_delay_ms(&policy, 9, 12345), 70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_foreign_members_are_refused_by_name),
        cmocka_unit_test(test_delays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
