/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, in a fixed size. */
#include "unit.h"

#include <string.h>

#include "base/error.h"

static void failing_fills_everything(void **state)
{
    (void)state;
    struct error err;
    memset(&err, 0x5A, sizeof(err));
    assert_false(fail(&err, ERR_REFUSED, "could not reach \"%s\"", "db1"));
    assert_int_equal(err.code, ERR_REFUSED);
    assert_string_equal(err.message, "could not reach \"db1\"");
    assert_false(err.maybe_done);
    assert_string_equal(err.field, "");
    assert_string_equal(err.detail, "");
    assert_string_equal(err.server_code, "");
    assert_null(err.hint);
    assert_null(fail_null(&err, ERR_NOT_FOUND, "gone"));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void arguments_may_come_from_the_error_itself(void **state)
{
    (void)state;
    struct error err;
    (void)fail(&err, ERR_INTERNAL, "inner");
    (void)fail(&err, ERR_UNAVAILABLE, "outer: %s", err.message);
    assert_string_equal(err.message, "outer: inner");
}

static void messages_are_one_line_of_whole_code_points(void **state)
{
    (void)state;
    struct error err;
    (void)fail(&err, ERR_INTERNAL, "a\nb\x1b[31m\x7F");
    assert_string_equal(err.message, "a b [31m ");

    (void)fail(&err, ERR_INTERNAL, "a\xFF\xC3z\xED\xA0\x80\xC3\xA4");
    assert_string_equal(err.message, "a??z???\xC3\xA4");

    char text[600];
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xC3\xA4", 3);
    (void)fail(&err, ERR_INTERNAL, "%s", text);
    assert_int_equal(strlen(err.message), 254); /* 255 would halve one */
    assert_true(str_is_utf8(str_from(err.message)));
    error_prefix(&err, "x");
    assert_int_equal(strlen(err.message), 255);
    assert_int_equal(err.message[0], 'x');
    assert_true(str_is_utf8(str_from(err.message)));
}

static void fields_grow_upwards(void **state)
{
    (void)state;
    struct error err;
    assert_false(fail_field(&err, ERR_BAD_REQUEST, "max", "must be %d to %d", 1, 9));
    assert_string_equal(err.field, "max");
    assert_string_equal(err.message, "max: must be 1 to 9");
    error_in_field(&err, "pool");
    error_in_field(&err, "config");
    assert_string_equal(err.field, "config.pool.max");
    assert_string_equal(err.message, "config.pool.max: must be 1 to 9");
    error_prefix(&err, "connection \"%s\": ", "main");
    assert_string_equal(err.message, "connection \"main\": config.pool.max: must be 1 to 9");

    (void)fail_field(&err, ERR_BAD_REQUEST, "[3].id", "missing");
    error_in_field(&err, "rows");
    assert_string_equal(err.field, "rows[3].id");
    assert_string_equal(err.message, "rows[3].id: missing");

    (void)fail(&err, ERR_BAD_REQUEST, "must be an object");
    error_in_field(&err, "config");
    assert_string_equal(err.field, "config");
    assert_string_equal(err.message, "config: must be an object");

    (void)fail_field(&err, ERR_BAD_REQUEST, "", "must be an object");
    assert_string_equal(err.message, "must be an object");
}

static void endless_fields_are_cut(void **state)
{
    (void)state;
    struct error err;
    (void)fail_field(&err, ERR_BAD_REQUEST, "leaf", "bad");
    for (int i = 0; i < 100; i++)
        error_in_field(&err, "branch");
    assert_int_equal(strlen(err.field), sizeof(err.field) - 1);
    assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
}

static void refusals_for_a_while_say_how_long(void **state)
{
    (void)state;
    struct error err;
    assert_false(fail_for_now(&err, ERR_TOO_MANY_REQUESTS, 41000001, "%d tries", 20));
    assert_int_equal(err.code, ERR_TOO_MANY_REQUESTS);
    assert_int_equal(err.retry_after_s, 42);
    assert_string_equal(err.message, "20 tries: try again in 42 s");
    assert_false(fail_for_now(&err, ERR_TOO_MANY_REQUESTS, -5, "busy"));
    assert_int_equal(err.retry_after_s, 1);
    assert_string_equal(err.message, "busy: try again in 1 s");
    (void)fail(&err, ERR_BAD_REQUEST, "no");
    assert_int_equal(err.retry_after_s, 0);
}

static void details_are_kept_in_one_line(void **state)
{
    (void)state;
    struct error err;
    (void)fail(&err, ERR_SERVER_ERROR, "refused");
    error_set_detail(&err, STR("ERROR: no\n\tLINE 1\n"));
    assert_string_equal(err.detail, "ERROR: no  LINE 1");
    assert_string_equal(err.message, "refused");
}

static void every_code_has_its_row(void **state)
{
    (void)state;
    for (int code = ERR_NONE; code <= ERR_INTERNAL; code++) {
        const struct error_code_row *row = error_code_row((enum error_code)code);
        assert_int_equal(row->code, code);
        assert_non_null(error_status_row(row->status)->key);
        if (row->reason[0])
            assert_int_equal(error_code_of_reason(str_from(row->reason)), code);
    }
    assert_string_equal(error_code_row(ERR_DEADLINE_PASSED)->name, "DEADLINE_PASSED");
    assert_int_equal(error_code_of_reason(STR("TIMEOUT")), ERR_DEADLINE_PASSED);
    assert_int_equal(error_code_of_reason(STR("")), ERR_NONE);
    assert_int_equal(error_code_of_reason(STR("NO_SUCH")), ERR_NONE);
    const struct error_status_row *status = error_status_row(STATUS_CONFLICT);
    assert_string_equal(status->key, "CONFLICT");
    assert_int_equal(status->number, -32009);
    assert_int_equal(status->http, 409);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_fills_everything),
        cmocka_unit_test(arguments_may_come_from_the_error_itself),
        cmocka_unit_test(messages_are_one_line_of_whole_code_points),
        cmocka_unit_test(fields_grow_upwards),
        cmocka_unit_test(endless_fields_are_cut),
        cmocka_unit_test(refusals_for_a_while_say_how_long),
        cmocka_unit_test(details_are_kept_in_one_line),
        cmocka_unit_test(every_code_has_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
