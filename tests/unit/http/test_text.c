/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "http/text.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void assert_path(struct str raw, struct str wanted)
{
    struct str got = STR_NULL;

    assert_true(http_decode_path(arena, raw, &got));
    assert_int_equal(got.len, wanted.len);
    assert_memory_equal(got.ptr, wanted.ptr, wanted.len);
}

static void paths_are_decoded_once(void **state)
{
    (void)state;
    assert_path(STR("a.b"), STR("a.b"));
    assert_path(STR("a%2Eb%2c+c"), STR("a.b,+c"));
    assert_path(STR("%2541"), STR("%41"));
    assert_path(STR("x%00y"), STR("x\0y"));
    assert_path(STR("%C3%A9"), STR("é"));
    assert_path(STR(""), STR(""));
}

static void malformed_paths_are_refused(void **state)
{
    static const char *const bad[] = { "%", "%4", "a%zz", "%FF", "%C3", "%ED%A0%80", "a%4" };
    struct str out;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(http_decode_path(arena, str_from(bad[i]), &out));
    assert_false(http_decode_path(arena, STR("\xff"), &out));
}

static void assert_param(struct str query, struct str name, struct str wanted)
{
    bool utf8 = false;
    struct str got = http_query_param(arena, query, name, &utf8);

    assert_true(utf8);
    assert_int_equal(str_set(got), str_set(wanted));
    assert_true(str_eq(got, wanted));
}

static void parameters_follow_form_rules(void **state)
{
    (void)state;
    assert_param(STR("a=1&b=2"), STR("b"), STR("2"));
    assert_param(STR("a=1&a=2"), STR("a"), STR("1"));
    assert_param(STR("a=x+y%2Bz"), STR("a"), STR("x y+z"));
    assert_param(STR("a=%zz%4"), STR("a"), STR("%zz%4"));
    assert_param(STR("a={\"n\":[1,2]}"), STR("a"), STR("{\"n\":[1,2]}"));
    assert_param(STR("%61=1"), STR("a"), STR("1"));
    assert_param(STR("a=b=c"), STR("a"), STR("b=c"));
    assert_param(STR("a"), STR("a"), STR(""));
    assert_param(STR("&&a="), STR("a"), STR(""));
    assert_param(STR("ab=1"), STR("a"), STR_NULL);
    assert_param(STR(""), STR("a"), STR_NULL);
    assert_param(STR_NULL, STR("a"), STR_NULL);
}

static void parameters_that_are_no_utf8_are_told(void **state)
{
    bool utf8 = true;

    (void)state;
    assert_int_equal(http_query_param(arena, STR("a=%ff"), STR("a"), &utf8).len, 1);
    assert_false(utf8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_decoded_once),
        cmocka_unit_test(malformed_paths_are_refused),
        cmocka_unit_test(parameters_follow_form_rules),
        cmocka_unit_test(parameters_that_are_no_utf8_are_told),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
