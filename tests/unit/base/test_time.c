/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, and instants as text. */
#include "unit.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/time.h"

static void formats_what_calendars_say(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { -1, "1969-12-31T23:59:59.999Z" },
        { INT64_C(951782399999999), "2000-02-28T23:59:59.999Z" },
        { INT64_C(951782400000000), "2000-02-29T00:00:00.000Z" },
        { INT64_C(1772366400123456), "2026-03-01T12:00:00.123Z" },
        { INT64_C(4107542400000000), "2100-03-01T00:00:00.000Z" },
        { INT64_MAX, "9999-12-31T23:59:59.999Z" },
        { INT64_MIN, "0000-01-01T00:00:00.000Z" },
    };
    char text[INSTANT_TEXT_SIZE];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str got = instant_format((struct instant){ rows[i].us }, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(got.len, strlen(text));
    }
}

static void agrees_with_the_c_library_on_every_day(void **state)
{
    (void)state;
    for (int64_t day = -800000; day < 2900000; day += 17) {
        time_t seconds = (time_t)(day * 86400);
        struct tm tm;
        char wanted[64], got[INSTANT_TEXT_SIZE];
        assert_non_null(gmtime_r(&seconds, &tm));
        if (tm.tm_year + 1900 < 0 || tm.tm_year + 1900 > 9999)
            continue;
        (void)snprintf(wanted, sizeof(wanted), "%04d-%02d-%02dT00:00:00.000Z", tm.tm_year + 1900,
                       tm.tm_mon + 1, tm.tm_mday);
        struct instant at = { (int64_t)seconds * 1000000 }, back = { 1 };
        struct str text = instant_format(at, got);
        assert_string_equal(got, wanted);
        assert_true(instant_parse(text, &back));
        assert_true(back.us == at.us);
    }
}

static void reads_iso_8601(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } rows[] = {
        { "2026-03-01T12:00:00Z", INT64_C(1772366400000000) },
        { "2026-03-01 12:00:00Z", INT64_C(1772366400000000) },
        { "2026-03-01T12:00:00.1Z", INT64_C(1772366400100000) },
        { "2026-03-01T12:00:00.123456Z", INT64_C(1772366400123456) },
        { "2026-03-01T13:30:00+01:30", INT64_C(1772366400000000) },
        { "2026-03-01 12:00:00+00", INT64_C(1772366400000000) },
        { "2026-03-01T04:00:00-0800", INT64_C(1772366400000000) },
        { "2000-02-29T00:00:00Z", INT64_C(951782400000000) },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct instant at = { 0 };
        assert_true(instant_parse(str_from(rows[i].text), &at));
        assert_true(at.us == rows[i].us);
    }
}

static void refuses_everything_else(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "2026-03-01",
        "2026-03-01T12:00Z",
        "2026-03-01T12:00:00",
        "2026-03-01T12:00:00.Z",
        "2026-03-01T12:00:00.1234567Z",
        "2026-03-01T12:00:00Z ",
        "2026-03-01T12:00:00+1",
        "2026-03-01T12:00:00+01:",
        "2026-03-01T12:00:00+01:60",
        "2026-03-01T24:00:00Z",
        "2026-03-01T12:60:00Z",
        "2026-03-01T12:00:60Z",
        "2026-00-01T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-03-00T12:00:00Z",
        "2026-04-31T12:00:00Z",
        "2026-02-29T12:00:00Z",
        "1900-02-29T12:00:00Z",
        "26-03-01T12:00:00Z",
        "2026-3-01T12:00:00Z",
        "2026-03-01x12:00:00Z",
    };
    struct instant at = { 5 };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_false(instant_parse(str_from(rows[i]), &at));
    assert_true(at.us == 5);
}

static void clocks_move_forwards(void **state)
{
    (void)state;
    int64_t before = clock_us();
    assert_true(clock_us() >= before);
    assert_true(instant_now().us > INT64_C(1700000000000000));
}

static void deadlines_shrink_and_saturate(void **state)
{
    (void)state;
    assert_true(deadline_passed(deadline_in_ms(0)));
    assert_true(deadline_passed(deadline_in_ms(-5)));
    assert_false(deadline_passed(deadline_in_ms(60000)));
    assert_false(deadline_passed(DEADLINE_NEVER));
    assert_false(deadline_passed(deadline_in_ms(INT64_MAX)));

    assert_int_equal(deadline_left_ms(deadline_in_ms(-5)), 0);
    int left = deadline_left_ms(deadline_in_ms(60000));
    assert_true(left > 59000 && left <= 60000);
    assert_int_equal(deadline_left_ms(DEADLINE_NEVER), INT_MAX);
    assert_int_equal(deadline_left_ms(deadline_in_ms(INT64_C(1) << 40)), INT_MAX);
    /* Rounded up: poll() must not wake before the deadline over and over. */
    assert_int_equal(deadline_left_ms((struct deadline){ clock_us() + 900000 }) > 890, 1);

    struct deadline soon = deadline_in_ms(10);
    assert_true(deadline_earlier(soon, DEADLINE_NEVER).at_us == soon.at_us);
    assert_true(deadline_earlier(DEADLINE_NEVER, soon).at_us == soon.at_us);
    struct timespec spec = deadline_timespec((struct deadline){ 1500000 });
    assert_int_equal(spec.tv_sec, 1);
    assert_int_equal(spec.tv_nsec, 500000000);
}

static void adding_never_wraps(void **state)
{
    (void)state;
    struct instant at = { 1000 };
    assert_true(instant_add_ms(at, 2).us == 3000);
    assert_true(instant_add_ms(at, -1).us == 0);
    assert_true(instant_add_ms(at, INT64_MAX).us == INT64_MAX);
    assert_true(instant_add_ms((struct instant){ INT64_MAX - 1 }, 1).us == INT64_MAX);
    assert_true(instant_add_ms((struct instant){ INT64_MIN + 1 }, -1).us == INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_what_calendars_say),
        cmocka_unit_test(agrees_with_the_c_library_on_every_day),
        cmocka_unit_test(reads_iso_8601),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(clocks_move_forwards),
        cmocka_unit_test(deadlines_shrink_and_saturate),
        cmocka_unit_test(adding_never_wraps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
