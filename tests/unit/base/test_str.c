/* SPDX-License-Identifier: Apache-2.0 */
/* Views of text. */
#include "unit.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/str.h"

static void assert_str(struct str got, const char *wanted)
{
    assert_non_null(got.ptr);
    assert_int_equal(got.len, strlen(wanted));
    assert_memory_equal(got.ptr, wanted, got.len);
}

static void absent_is_not_empty_but_equal_in_content(void **state)
{
    (void)state;
    assert_false(str_set(STR_NULL));
    assert_true(str_set(STR("")));
    assert_true(str_eq(STR_NULL, STR("")));
    assert_false(str_set(str_slice(STR_NULL, 0, 5)));
    assert_false(str_set(str_from(NULL)));
}

static void compares_bytes_then_lengths(void **state)
{
    (void)state;
    assert_true(str_compare(STR("a"), STR("b")) < 0);
    assert_true(str_compare(STR("ab"), STR("a")) > 0);
    assert_int_equal(str_compare(STR("a\0b"), STR("a\0b")), 0);
    assert_true(str_compare(STR("\x7F"), STR("\x80")) < 0);
    assert_true(str_compare(STR_NULL, STR("a")) < 0);
    assert_true(str_eq_nocase(STR("Content-TYPE"), STR("content-type")));
    assert_false(str_eq_nocase(STR("[a"), STR("{A"))); /* differ in the bit that letters do */
    assert_false(str_eq_nocase(STR("ab"), STR("abc")));
}

static void finds_starts_and_ends(void **state)
{
    (void)state;
    assert_true(str_starts(STR("abc"), STR("ab")));
    assert_true(str_starts(STR("abc"), STR("")));
    assert_false(str_starts(STR("a"), STR("ab")));
    assert_true(str_ends(STR("abc"), STR("bc")));
    assert_false(str_ends(STR("c"), STR("bc")));
    assert_int_equal(str_find_byte(STR("a=b"), '='), 1);
    assert_int_equal(str_find_byte(STR("ab"), '='), 2);
    assert_int_equal(str_find_byte(STR_NULL, '='), 0);
    assert_int_equal(str_find(STR("aab"), STR("ab")), 1);
    assert_int_equal(str_find(STR("aab"), STR("ba")), 3);
    assert_int_equal(str_find(STR("ab"), STR("abc")), 2);
    assert_int_equal(str_find(STR("ab"), STR("")), 0);
}

static void slices_stay_within(void **state)
{
    (void)state;
    assert_str(str_slice(STR("hello"), 1, 3), "el");
    assert_str(str_slice(STR("hello"), 3, 99), "lo");
    assert_str(str_slice(STR("hello"), 99, 3), "");
    assert_str(str_trim(STR(" \t\r\n a b \n")), "a b");
    assert_str(str_trim(STR("   ")), "");
}

static void cuts_at_code_points(void **state)
{
    (void)state;
    assert_str(str_cut(STR("a\xC3\xA4"), 3), "a\xC3\xA4");
    assert_str(str_cut(STR("a\xC3\xA4"), 2), "a");
    assert_str(str_cut(STR("\xF0\x9F\x98\x80z"), 3), "");
}

static void splits_into_every_part(void **state)
{
    (void)state;
    struct str rest = STR("a,,b,"), part;
    assert_true(str_split(&rest, ',', &part));
    assert_str(part, "a");
    assert_true(str_split(&rest, ',', &part));
    assert_str(part, "");
    assert_true(str_split(&rest, ',', &part));
    assert_str(part, "b");
    assert_true(str_split(&rest, ',', &part));
    assert_str(part, "");
    assert_false(str_split(&rest, ',', &part));
}

static void reads_whole_numbers_in_range(void **state)
{
    (void)state;
    int64_t n = 77;
    assert_true(str_to_int64(STR("9223372036854775807"), &n));
    assert_true(n == INT64_MAX);
    assert_true(str_to_int64(STR("-9223372036854775808"), &n));
    assert_true(n == INT64_MIN);
    assert_true(str_to_int64(STR("-0"), &n));
    assert_true(n == 0);
    n = 77;
    static const char *const bad[] = { "",
                                       "-",
                                       "+1",
                                       "1 ",
                                       " 1",
                                       "1.0",
                                       "1e3",
                                       "0x1",
                                       "--1",
                                       "9223372036854775808",
                                       "-9223372036854775809",
                                       "99999999999999999999" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(str_to_int64(str_from(bad[i]), &n));
    assert_true(n == 77);
}

static void knows_valid_utf8(void **state)
{
    (void)state;
    static const char *const good[] = { "",
                                        "plain",
                                        "\xC2\x80",
                                        "\xDF\xBF",
                                        "\xE0\xA0\x80",
                                        "\xED\x9F\xBF",
                                        "\xEE\x80\x80",
                                        "\xEF\xBF\xBF",
                                        "\xF0\x90\x80\x80",
                                        "\xF4\x8F\xBF\xBF",
                                        "12345678\xC3\xA4" };
    static const char *const bad[] = { "\x80",
                                       "\xC0\xAF",         /* overlong / */
                                       "\xC1\xBF",         /* overlong */
                                       "\xE0\x9F\xBF",     /* overlong */
                                       "\xED\xA0\x80",     /* surrogate */
                                       "\xF0\x8F\xBF\xBF", /* overlong */
                                       "\xF4\x90\x80\x80", /* over U+10FFFF */
                                       "\xF5\x80\x80\x80",
                                       "\xC3",
                                       "\xE2\x82",
                                       "\xF0\x9F\x98",
                                       "\xC3z",
                                       "\xE2\x82z",
                                       "12345678\xFF" };
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(str_is_utf8(str_from(good[i])));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(str_is_utf8(str_from(bad[i])));
    assert_int_equal(str_utf8_count(STR("a\xC3\xA4\xF0\x9F\x98\x80")), 3);
}

static void never_reads_behind_a_sequence_cut_short(void **state)
{
    (void)state;
    /* Exactly as large as the text: a sanitizer sees the first byte too many. */
    for (size_t len = 1; len <= 3; len++) {
        char *text = malloc(len);
        assert_non_null(text);
        memcpy(text, "\xF0\x9F\x98", len);
        assert_false(str_is_utf8((struct str){ text, len }));
        free(text);
    }
}

static void reads_hexadecimal_digits_that_are_there(void **state)
{
    (void)state;
    struct str text = STR("%4aF09g\\u00e4");
    assert_int_equal(str_hex(text, 1, 2), 0x4a);
    assert_int_equal(str_hex(text, 1, 5), 0x4af09);
    assert_int_equal(str_hex(text, 9, 4), 0xe4);
    assert_int_equal(str_hex(text, 1, 0), 0);
    assert_int_equal(str_hex(text, 0, 2), -1);
    assert_int_equal(str_hex(text, 5, 2), -1);
    assert_int_equal(str_hex(text, text.len - 1, 2), -1);
    assert_int_equal(str_hex(text, text.len, 1), -1);
    assert_int_equal(str_hex(text, text.len + 1, 0), -1);
    assert_int_equal(str_hex(STR_NULL, 0, 2), -1);
}

static void writes_whole_numbers(void **state)
{
    static const struct {
        int64_t value;
        const char *text;
    } rows[] = { { 0, "0" },
                 { -1, "-1" },
                 { 10, "10" },
                 { INT64_MAX, "9223372036854775807" },
                 { INT64_MIN, "-9223372036854775808" } };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char room[STR_INT_SIZE];
        assert_true(str_eq(str_of_int(rows[i].value, room), str_from(rows[i].text)));
    }
}

static void hashes_bytes(void **state)
{
    (void)state;
    /* Published values of 64-bit FNV-1a. */
    assert_true(str_hash(STR("")) == UINT64_C(0xCBF29CE484222325));
    assert_true(str_hash(STR("a")) == UINT64_C(0xAF63DC4C8601EC8C));
    assert_true(str_hash(STR("foobar")) == UINT64_C(0x85944171F73967E8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_is_not_empty_but_equal_in_content),
        cmocka_unit_test(compares_bytes_then_lengths),
        cmocka_unit_test(finds_starts_and_ends),
        cmocka_unit_test(slices_stay_within),
        cmocka_unit_test(cuts_at_code_points),
        cmocka_unit_test(splits_into_every_part),
        cmocka_unit_test(reads_whole_numbers_in_range),
        cmocka_unit_test(knows_valid_utf8),
        cmocka_unit_test(never_reads_behind_a_sequence_cut_short),
        cmocka_unit_test(reads_hexadecimal_digits_that_are_there),
        cmocka_unit_test(writes_whole_numbers),
        cmocka_unit_test(hashes_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
