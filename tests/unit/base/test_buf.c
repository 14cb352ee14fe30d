/* SPDX-License-Identifier: Apache-2.0 */
/* Growing text with a cap. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static void gathers_text_of_all_kinds(void **state)
{
    (void)state;
    struct buf b;
    struct str text;
    struct error err;
    buf_init(&b, 1000);
    buf_add(&b, STR("a\0b"));
    buf_add(&b, STR_NULL);
    buf_add_c(&b, "c");
    buf_add_byte(&b, ' ');
    buf_add_int(&b, INT64_MIN);
    buf_add_int(&b, 0);
    buf_printf(&b, "[%s]", "d");
    static const char wanted[] = "a\0bc -92233720368547758080[d]";
    assert_true(buf_finish(&b, &text, &err));
    assert_int_equal(text.len, sizeof(wanted) - 1);
    assert_memory_equal(text.ptr, wanted, sizeof(wanted)); /* and the NUL behind */
    buf_done(&b);
}

static void an_untouched_buf_is_empty_text(void **state)
{
    (void)state;
    struct buf b;
    struct str text;
    struct error err;
    size_t len = 7;
    buf_init(&b, 0);
    assert_true(buf_finish(&b, &text, &err));
    assert_true(str_set(text) && text.len == 0);
    char *taken = buf_take(&b, &len);
    assert_string_equal(taken, "");
    assert_int_equal(len, 0);
    free(taken);
    buf_done(&b);
}

static void holds_exactly_its_cap(void **state)
{
    (void)state;
    for (size_t max = 0; max < 600; max += 13) {
        struct buf b;
        struct str text;
        struct error err = { 0 };
        buf_init(&b, max);
        for (size_t i = 0; i < max; i++)
            buf_add_byte(&b, 'x');
        assert_true(buf_finish(&b, &text, &err));
        assert_int_equal(text.len, max);
        buf_add_byte(&b, 'y');
        assert_false(buf_finish(&b, &text, &err));
        assert_int_equal(err.code, ERR_RESULT_TOO_LARGE);
        buf_done(&b);
    }
}

static void failure_sticks_until_reset(void **state)
{
    (void)state;
    struct buf b;
    struct str text = STR("before");
    struct error err;
    buf_init(&b, 4);
    buf_add(&b, STR("abc"));
    buf_add(&b, STR("de"));
    buf_add(&b, STR("f")); /* would fit, but comes too late */
    buf_printf(&b, "%d", 1);
    assert_null(buf_reserve(&b, 1));
    assert_int_equal(buf_str(&b).len, 3);
    assert_false(buf_finish(&b, &text, &err));
    assert_string_equal(text.ptr, "before");
    assert_non_null(strstr(err.message, "4 bytes"));
    size_t len;
    buf_reset(&b);
    buf_add(&b, STR("fine"));
    char *taken = buf_take(&b, &len);
    assert_string_equal(taken, "fine");
    free(taken);
    buf_add(&b, STR("abcde"));
    assert_null(buf_take(&b, &len));
    buf_done(&b);
}

static void formats_around_the_edge_of_its_memory(void **state)
{
    (void)state;
    for (int width = 250; width < 262; width++) {
        struct buf b;
        buf_init(&b, 300);
        buf_printf(&b, "%*d", width, 5);
        assert_int_equal(b.len, width);
        assert_int_equal(b.ptr[width - 1], '5');
        assert_int_equal(b.ptr[width], '\0');
        buf_printf(&b, "%*d", 300 - width + 1, 5);
        assert_true(b.failed);
        assert_int_equal(strlen(b.ptr), width);
        buf_done(&b);
    }
}

static void reserved_room_is_filled_by_the_caller(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10000);
    buf_add(&b, STR("ab"));
    char *room = buf_reserve(&b, 5000);
    assert_non_null(room);
    memset(room, 'c', 5000);
    buf_added(&b, 3);
    assert_string_equal(b.ptr, "abccc");
    assert_null(buf_reserve(&b, 9996));
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathers_text_of_all_kinds),
        cmocka_unit_test(an_untouched_buf_is_empty_text),
        cmocka_unit_test(holds_exactly_its_cap),
        cmocka_unit_test(failure_sticks_until_reset),
        cmocka_unit_test(formats_around_the_edge_of_its_memory),
        cmocka_unit_test(reserved_room_is_filled_by_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
