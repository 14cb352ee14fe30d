/* SPDX-License-Identifier: Apache-2.0 */
/* The reader agrees with a public suite, and says what it decides where the suite leaves it open. */
#include "unit.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "json/read.h"

#define CASES_MAX ((size_t)1 << 20)

enum decision {
    ACCEPTED,
    REFUSED,
};

static const struct {
    const char *name;
    enum decision decision;
} decisions[] = {
    /* Numbers keep their digits: none is too large or too small to be passed on. */
    { "i_number_double_huge_neg_exp", ACCEPTED },
    { "i_number_huge_exp", ACCEPTED },
    { "i_number_neg_int_huge_exp", ACCEPTED },
    { "i_number_pos_double_huge_exp", ACCEPTED },
    { "i_number_real_neg_overflow", ACCEPTED },
    { "i_number_real_pos_overflow", ACCEPTED },
    { "i_number_real_underflow", ACCEPTED },
    { "i_number_too_big_neg_int", ACCEPTED },
    { "i_number_too_big_pos_int", ACCEPTED },
    { "i_number_very_big_negative_int", ACCEPTED },
    /* Half a surrogate pair has no UTF-8, which is what a string is once it is read. */
    { "i_object_key_lone_2nd_surrogate", REFUSED },
    { "i_string_1st_surrogate_but_2nd_missing", REFUSED },
    { "i_string_1st_valid_surrogate_2nd_invalid", REFUSED },
    { "i_string_incomplete_surrogate_and_escape_valid", REFUSED },
    { "i_string_incomplete_surrogate_pair", REFUSED },
    { "i_string_incomplete_surrogates_escape_valid", REFUSED },
    { "i_string_invalid_lonely_surrogate", REFUSED },
    { "i_string_invalid_surrogate", REFUSED },
    { "i_string_inverted_surrogates_U+1D11E", REFUSED },
    { "i_string_lone_second_surrogate", REFUSED },
    /* UTF-8 by RFC 3629, and nothing else. */
    { "i_string_UTF-16LE_with_BOM", REFUSED },
    { "i_string_UTF-8_invalid_sequence", REFUSED },
    { "i_string_UTF8_surrogate_U+D800", REFUSED },
    { "i_string_invalid_utf-8", REFUSED },
    { "i_string_iso_latin_1", REFUSED },
    { "i_string_lone_utf8_continuation_byte", REFUSED },
    { "i_string_not_in_unicode_range", REFUSED },
    { "i_string_overlong_sequence_2_bytes", REFUSED },
    { "i_string_overlong_sequence_6_bytes", REFUSED },
    { "i_string_overlong_sequence_6_bytes_null", REFUSED },
    { "i_string_truncated-utf-8", REFUSED },
    { "i_string_utf16BE_no_BOM", REFUSED },
    { "i_string_utf16LE_no_BOM", REFUSED },
    /* Depth is capped; a byte order mark is the caller's to skip (rpc/input.c does). */
    { "i_structure_500_nested_arrays", REFUSED },
    { "i_structure_UTF-8_BOM_empty_object", REFUSED },
};

/* Accepted as JSON.parse does; in our own inputs a name comes once. */
static const char *const duplicates[] = { "y_object_duplicated_key",
                                          "y_object_duplicated_key_and_value" };

static size_t failed, seen[3]; /* of y, n, i */

static bool accepts(struct str text, enum json_duplicates rule)
{
    AUTO(arena) arena = arena_new();
    struct error err = { 0 };
    const struct json *value = json_read(arena, text, rule, &err);

    if (!value) {
        assert_int_equal(err.code, ERR_BAD_REQUEST);
        assert_true(str_starts(str_from(err.message), STR("not JSON")));
    }
    return value != NULL;
}

static bool decided(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(decisions); i++)
        if (str_eq(name, str_from(decisions[i].name)))
            return decisions[i].decision == ACCEPTED;
    fail_msg(STR_FMT ": nothing was decided", STR_ARG(name));
    return false;
}

static bool is_duplicate(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(duplicates); i++)
        if (str_eq(name, str_from(duplicates[i])))
            return true;
    return false;
}

static void check_case(struct str name, struct str text)
{
    size_t kind = str_find_byte(STR("yni"), name.ptr[0]);

    assert_true(kind < 3 && name.ptr[1] == '_');
    seen[kind]++;
    bool expected = kind == 0 || (kind == 2 && decided(name));
    bool strict = expected && !is_duplicate(name);
    if (accepts(text, JSON_DUPLICATES_LAST) == expected &&
        accepts(text, JSON_DUPLICATES_REFUSED) == strict)
        return;
    print_error(STR_FMT " was %s\n", STR_ARG(name), expected ? "refused" : "accepted");
    failed++;
}

/* Memory of the exact size, so that one byte too far is seen. */
static void check_line(struct str line)
{
    size_t tab = str_find_byte(line, '\t');
    struct str written = str_slice(line, tab + 1, line.len);
    struct buf text;

    assert_true(tab < line.len);
    buf_init(&text, CASES_MAX);
    for (size_t i = 0; i < written.len; i++) {
        if (written.ptr[i] != '\\') {
            buf_add_byte(&text, written.ptr[i]);
            continue;
        }
        char digits[3] = { written.ptr[i + 2], written.ptr[i + 3], '\0' };
        buf_add_byte(&text, (char)strtol(digits, NULL, 16));
        i += 3;
    }
    AUTO(arena) arena = arena_new();
    struct str copy = { arena_copy(arena, buf_str(&text).ptr, text.len), text.len };
    check_case(str_slice(line, 0, tab), copy);
    buf_done(&text);
}

static void check_deep(const char *name, struct str opening, struct str closing, size_t times)
{
    struct buf text;

    buf_init(&text, CASES_MAX);
    for (size_t i = 0; i < times; i++)
        buf_add(&text, opening);
    for (size_t i = 0; i < times; i++)
        buf_add(&text, closing);
    check_case(str_from(name), buf_str(&text));
    buf_done(&text);
}

static void agrees_with_the_suite(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct str rest, line;
    struct error err;

    assert_true(file_read(SUITE "/cases.txt", CASES_MAX, arena, &rest, &err));
    while (str_split(&rest, '\n', &line))
        if (line.len > 0 && line.ptr[0] != '#')
            check_line(line);
    check_deep("n_structure_100000_opening_arrays", STR("["), STR(""), 100000);
    check_deep("n_structure_open_array_object", STR("[{\"\":"), STR(""), 50000);
    check_deep("i_structure_500_nested_arrays", STR("["), STR("]"), 500);
    assert_int_equal(failed, 0);
    assert_int_equal(seen[0], 95);
    assert_int_equal(seen[1], 188);
    assert_int_equal(seen[2], ARRAY_LEN(decisions));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_suite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
