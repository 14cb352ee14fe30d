/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection test tells of a session that opened, and of one that did not. */
#include "unit.h"

#include "base/arena.h"
#include "connector/test.h"

#include <stdio.h>

/* A connector whose opening goes as a test says. */
static struct {
    enum stage fails_at; /* STAGE_COUNT: nowhere */
    enum error_code code;
    enum tls_state tls;
    bool without_tls;
    int64_t left_ms;
    int closed;
} script;

static struct conn *scripted_open(const struct upstream *upstream, const struct opening *how,
                                  struct error *err)
{
    static struct conn conn;
    (void)upstream;
    script.left_ms = deadline_left_ms(how->by);
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        if (stage == STAGE_TLS && script.without_tls)
            continue;
        trial_begin(how->trial, (enum stage)stage);
        bool fails = stage == (int)script.fails_at;
        trial_end(how->trial, (enum stage)stage, !fails);
        if (fails)
            return fail_null(err, script.code, "it went wrong");
        if (stage == STAGE_TLS)
            how->trial->tls = script.tls;
    }
    (void)snprintf(how->trial->server_version, sizeof(how->trial->server_version), "Fake 1.0");
    return &conn;
}

static void scripted_close(struct conn *conn)
{
    (void)conn;
    script.closed++;
}

static const struct connector fake = {
    .name = "postgresql", /* whose advice it gets */
    .open = scripted_open,
    .close = scripted_close,
};

static struct test_result run(struct arena *arena, int64_t connect_timeout_ms)
{
    struct test_result result;
    struct opened_upstream opened = { .upstream.connector = &fake };
    opened.upstream.settings.connect_timeout_ms = connect_timeout_ms;
    connection_test(&opened, NULL, arena, &result);
    assert_true(result.latency_ms >= 0);
    assert_true(result.tested_from.len > 0);
    return result;
}

static const struct test_stage *stages_of(const struct test_result *result)
{
    return result->stages.items;
}

static void success_tells_all_stages(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    memset(&script, 0, sizeof(script));
    script.fails_at = STAGE_COUNT;
    script.tls = TLS_STATE_VERIFIED;
    struct test_result result = run(arena, 60000);
    assert_true(result.success);
    assert_true(str_eq(result.message, STR("Connection successful")));
    assert_true(str_eq(result.server_version, STR("Fake 1.0")));
    assert_true(str_eq(result.tls, STR("verified")));
    assert_false(str_set(result.error));
    assert_false(str_set(result.advice));
    assert_int_equal(result.stages.count, STAGE_COUNT);
    for (size_t i = 0; i < result.stages.count; i++) {
        assert_true(stages_of(&result)[i].ok);
        assert_int_equal(stages_of(&result)[i].name, i + 1);
        assert_false(str_set(stages_of(&result)[i].error));
    }
    assert_int_equal(script.closed, 1);
    /* The test's own deadline, or the connection's when it is earlier. */
    assert_true(script.left_ms > 0 && script.left_ms <= CONNECTION_TEST_MS);
    (void)run(arena, 700);
    assert_true(script.left_ms > 0 && script.left_ms <= 700);
}

static void encryption_is_told_where_there_is_any(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    memset(&script, 0, sizeof(script));
    script.fails_at = STAGE_COUNT;
    script.tls = TLS_STATE_UNVERIFIED;
    assert_true(str_eq(run(arena, 5000).tls, STR("unverified")));
    script.without_tls = true;
    struct test_result result = run(arena, 5000);
    assert_false(str_set(result.tls));
    assert_int_equal(result.stages.count, STAGE_COUNT - 1);
}

static void failure_tells_the_stage_the_reason_and_advice(void **state)
{
    (void)state;
    static const struct {
        enum stage stage;
        enum error_code code;
        const char *reason, *advice;
    } rows[] = {
        { STAGE_RESOLVE, ERR_DNS_FAILED, "DNS_FAILED", "Check the host name." },
        { STAGE_CONNECT, ERR_REFUSED, "REFUSED", "Is the server running" },
        { STAGE_TLS, ERR_TLS_EXPIRED, "TLS_EXPIRED", "Renew the server's certificate" },
        { STAGE_SIGN_IN, ERR_AUTH_FAILED, "AUTH_FAILED", "Check user and password" },
        { STAGE_SIGN_IN, ERR_DEADLINE_PASSED, "TIMEOUT", "Something took the connection but" },
        { STAGE_QUERY, ERR_CONNECTION_LOST, "CONNECTION_LOST", "The server or something between" },
    };
    AUTO(arena) arena = arena_new();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        memset(&script, 0, sizeof(script));
        script.fails_at = rows[i].stage;
        script.code = rows[i].code;
        struct test_result result = run(arena, 5000);
        assert_false(result.success);
        assert_true(str_eq(result.message, STR("Connection failed: it went wrong")));
        assert_true(str_eq(result.error, str_from(rows[i].reason)));
        if (!str_starts(result.advice, str_from(rows[i].advice)))
            fail_msg("%s: " STR_FMT, rows[i].reason, STR_ARG(result.advice));
        assert_int_equal(result.stages.count, (size_t)rows[i].stage + 1);
        const struct test_stage *last = &stages_of(&result)[rows[i].stage];
        assert_false(last->ok);
        assert_true(str_eq(last->error, STR("it went wrong")));
        assert_int_equal(script.closed, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_tells_all_stages),
        cmocka_unit_test(encryption_is_told_where_there_is_any),
        cmocka_unit_test(failure_tells_the_stage_the_reason_and_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
