/* SPDX-License-Identifier: Apache-2.0 */
/* The beginning of a long JSON text is JSON, whatever is cut. */
#include "unit.h"

#include <string.h>

#include "base/arena.h"
#include "json/beginning.h"
#include "json/read.h"

static struct buf out;

static bool begin(const char *json, size_t most)
{
    buf_reset(&out);
    bool cut = json_beginning(str_from(json), most, &out);
    return cut;
}

static void assert_begins(const char *json, size_t most, const char *wanted)
{
    bool cut = begin(json, most);
    if (!str_eq(buf_str(&out), str_from(wanted)))
        fail_msg("%s to %zu: " STR_FMT " instead of %s", json, most, STR_ARG(buf_str(&out)),
                 wanted);
    assert_int_equal(cut, strcmp(json, wanted) != 0);
}

static void what_is_short_stays(void **state)
{
    (void)state;
    assert_begins("{\"a\":[1,2,{\"b\":null}]}", 100, "{\"a\":[1,2,{\"b\":null}]}");
    assert_begins("12.50", 5, "12.50");
    assert_begins("\"\"", 2, "\"\"");
}

static void lists_keep_whole_items(void **state)
{
    (void)state;
    assert_begins("[1,22,333,4444]", 10, "[1,22,333]");
    assert_begins("[1,22,333,4444]", 8, "[1,22]");
    assert_begins("[{\"n\":1},{\"n\":22},{\"n\":333}]", 20, "[{\"n\":1},{\"n\":22}]");
    assert_begins("[{\"n\":1},{\"n\":22},{\"n\":333}]", 14, "[{\"n\":1}]");
    assert_begins("[[1,2,3,4,5,6,7,8],9]", 8, "[[1,2,3]]");
    assert_begins("[12345678901234567890]", 8, "[]");
}

static void text_is_cut_between_characters(void **state)
{
    (void)state;
    assert_begins("\"0123456789\"", 5, "\"0123\"");
    assert_begins("\"\xc3\xa4\xc3\xb6\xc3\xbc\"", 4, "\"\xc3\xa4\"");
    assert_begins("\"a\\n\\n\\n\"", 3, "\"a\"");
    assert_begins("\"a\\u00e4bcdef\"", 6, "\"a\"");
    assert_begins("\"a\\ud83d\\ude00bcdef\"", 12, "\"a\"");
    assert_begins("\"a\\ud83d\\ude00bcdef\"", 15, "\"a\\ud83d\\ude00b\"");
    /* Half a character is one, where there is no other half. */
    assert_begins("[\"a\\ud83d\",\"bcdefghijklmnopq\"]", 14, "[\"a\\ud83d\"]");
    assert_begins("12345678901234567890", 8, "null");
}

static void what_stands_behind_a_long_member_is_there(void **state)
{
    (void)state;
    assert_begins(
        "{\"rows\":[{\"n\":1},{\"n\":2},{\"n\":3}],\"rowCount\":3,\"command\":\"SELECT\"}", 15,
        "{\"rows\":[{\"n\":1}],\"rowCount\":3,\"command\":\"SELECT\"}");
    assert_begins("{ \"a\" : \"0123456789\" , \"b]}\" : true , \"c\":{\"d\":[1,2,3,4,5,6,7,8,9]}}",
                  10, "{\"a\":\"012345678\",\"b]}\":true,\"c\":{\"d\":[1,2]}}");
    /* But not without end. */
    assert_begins(
        "{\"a\":\"0123456789\",\"b\":\"0123456789\",\"c\":\"0123456789\",\"d\":\"0123456789\"}", 8,
        "{\"a\":\"0123456\",\"b\":\"0123456\"}");
}

static void every_beginning_is_json(void **state)
{
    static const char *const texts[] = {
        "{\"rows\":[{\"a\":\"x\\\"y\\\\\",\"b\":[1,[2,{\"c\":{}}]]},{\"a\":null,\"b\":-1.5e3}],"
        "\"z\":{\"k\":\"\\u0000\"}}",
        "[[],{},\"\\ud83d\\ude00\",[[[[[\"deep\"]]]]],{\"name\\n\":{\"other\":[true,false,null]}}]",
        "{\"\":\"\xf0\x9f\x98\x80\xe6\xbc\xa2\",\"]\":[\"}\",\"{\"],\":\":\",\"}",
        " [ 1 , { \"a\" : [ \"b\" , 2 ] } , \"c\" ] ",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        for (size_t most = 1; most <= strlen(texts[i]) + 1; most++) {
            AUTO(arena) arena = arena_new();
            struct error err = { 0 };
            begin(texts[i], most);
            if (!json_read(arena, buf_str(&out), JSON_DUPLICATES_REFUSED, &err))
                fail_msg("%s to %zu: " STR_FMT ": %s", texts[i], most, STR_ARG(buf_str(&out)),
                         err.message);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_short_stays),
        cmocka_unit_test(lists_keep_whole_items),
        cmocka_unit_test(text_is_cut_between_characters),
        cmocka_unit_test(what_stands_behind_a_long_member_is_there),
        cmocka_unit_test(every_beginning_is_json),
    };
    buf_init(&out, (size_t)1 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_done(&out);
    return failed;
}
