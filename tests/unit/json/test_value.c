/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into JSON values. */
#include "unit.h"

#include <float.h>

#include "json/read.h"
#include "json/value.h"

static const struct json *value_of(struct arena *arena, const char *text)
{
    struct error err;
    const struct json *value = json_read(arena, str_from(text), JSON_DUPLICATES_REFUSED, &err);
    assert_non_null(value);
    return value;
}

static void members_are_found_by_whole_name(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    const struct json *value = value_of(arena, "{\"ab\":1,\"a\":2,\"\":3,\"__proto__\":4}");
    assert_true(str_eq(json_member(value, STR("a"))->text, STR("2")));
    assert_true(str_eq(json_member(value, STR(""))->text, STR("3")));
    assert_true(str_eq(json_member(value, STR("__proto__"))->text, STR("4")));
    assert_null(json_member(value, STR("abc")));
    assert_null(json_member(value_of(arena, "[1]"), STR("a")));
    assert_null(json_member(value_of(arena, "{}"), STR("a")));
    assert_null(json_member(NULL, STR("a")));
}

static void integers_are_exact_or_refused(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    int64_t n = 5;
    assert_true(json_to_int64(value_of(arena, "-9223372036854775808"), &n));
    assert_true(n == INT64_MIN);
    n = 5;
    static const char *const rows[] = { "9223372036854775808", "12.0", "1e3", "\"12\"", "null" };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_false(json_to_int64(value_of(arena, rows[i]), &n));
    assert_true(n == 5);
}

static void doubles_are_what_was_written_or_refused(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    double d = 5;
    assert_true(json_to_double(value_of(arena, "1.5"), &d));
    assert_true(d == 1.5);
    assert_true(json_to_double(value_of(arena, "-0.0"), &d));
    assert_true(d == 0);
    assert_true(json_to_double(value_of(arena, "0e-999"), &d));
    assert_true(json_to_double(value_of(arena, "1.7976931348623157e308"), &d));
    assert_true(d == DBL_MAX);
    assert_true(json_to_double(value_of(arena, "5e-324"), &d));
    assert_true(d > 0);
    assert_true(json_to_double(
        value_of(arena, "0.1000000000000000000000000000000000000000000000000000000000000000000000"),
        &d));
    assert_true(d == 0.1);
    d = 5;
    static const char *const rows[] = { "1e400", "-1e400", "1e-400", "\"1\"", "true" };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_false(json_to_double(value_of(arena, rows[i]), &d));
    assert_true(d == 5);
}

static void kinds_have_names(void **state)
{
    (void)state;
    static const char *const names[] = { "null", "boolean", "number", "string", "array", "object" };
    for (int kind = JSON_NULL; kind <= JSON_OBJECT; kind++)
        assert_string_equal(json_kind_name((enum json_kind)kind), names[kind]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_by_whole_name),
        cmocka_unit_test(integers_are_exact_or_refused),
        cmocka_unit_test(doubles_are_what_was_written_or_refused),
        cmocka_unit_test(kinds_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
