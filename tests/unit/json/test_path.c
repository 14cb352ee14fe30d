/* SPDX-License-Identifier: Apache-2.0 */
/* Paths into JSON. */
#include "unit.h"

#include <string.h>

#include "json/path.h"
#include "json/read.h"

static struct error err;

static const char document[] =
    "{\"customer\":{\"id\":7,\"a-b\":8,\"_x1\":9},\"rows\":[{\"email\":\"e0\"},{\"email\":\"e1\"}],"
    "\"any key\":{\"\":1,\"q\\\"]\":2,\"\xC3\xA4\":3},\"grid\":[[1,2],[3,4]],\"none\":null}";

static void follows_names_indexes_and_keys(void **state)
{
    (void)state;
    static const struct {
        const char *path, *raw;
        size_t steps;
    } rows[] = {
        { "customer.id", "7", 2 },
        { ".customer.id", "7", 2 },
        { "customer.a-b", "8", 2 },
        { "customer._x1", "9", 2 },
        { "[\"customer\"][\"id\"]", "7", 2 },
        { "rows[1].email", "\"e1\"", 3 },
        { "rows[0]", "{\"email\":\"e0\"}", 2 },
        { "grid[1][0]", "3", 3 },
        { "[\"any key\"][\"\"]", "1", 2 },
        { "[\"any key\"][\"q\\\"]\"]", "2", 2 },
        { "[\"any key\"][\"\\u00e4\"]", "3", 2 },
        { "[\"any key\"][\"\xC3\xA4\"]", "3", 2 },
        { "none", "null", 1 },
    };
    AUTO(arena) arena = arena_new();
    struct json_finder finder;
    json_finder_init(&finder, str_from(document));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_path *path = arena_alloc(arena, sizeof(*path));
        struct str found;
        size_t stopped;
        char copy[64]; /* gone before the path is used */
        (void)strncpy(copy, rows[i].path, sizeof(copy) - 1);
        copy[sizeof(copy) - 1] = '\0';
        assert_true(json_path_parse(str_from(copy), arena, path, &err));
        memset(copy, 'x', sizeof(copy));
        assert_int_equal(path->count, rows[i].steps);
        assert_true(json_find(&finder, path, &found, &stopped));
        assert_true(str_eq(found, str_from(rows[i].raw)));
        assert_int_equal(stopped, rows[i].steps);
    }
}

static void dead_ends_say_how_far_it_went(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        size_t stopped;
        const char *last;
    } rows[] = {
        { "nobody.id", 0, document },
        { "customer.name", 1, "{\"id\":7,\"a-b\":8,\"_x1\":9}" },
        { "customer.id.deeper", 2, "7" },
        { "rows[2].email", 1, "[{\"email\":\"e0\"},{\"email\":\"e1\"}]" },
        { "rows.email", 1, "[{\"email\":\"e0\"},{\"email\":\"e1\"}]" },
        { "customer[0]", 1, "{\"id\":7,\"a-b\":8,\"_x1\":9}" },
        { "rows[999999999]", 1, "[{\"email\":\"e0\"},{\"email\":\"e1\"}]" },
        { "rows[0].email[0]", 3, "\"e0\"" },
        { "none.x", 1, "null" },
        { "grid[1][\"0\"]", 2, "[3,4]" },
        { "[0]", 0, document },
    };
    AUTO(arena) arena = arena_new();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_path path;
        struct json_finder finder;
        struct str last;
        size_t stopped;
        assert_true(json_path_parse(str_from(rows[i].path), arena, &path, &err));
        json_finder_init(&finder, str_from(document));
        assert_false(json_find(&finder, &path, &last, &stopped));
        assert_int_equal(stopped, rows[i].stopped);
        assert_true(str_eq(last, str_from(rows[i].last)));
    }
}

static struct str look_up(struct arena *arena, const char *text, const char *path_text)
{
    struct json_path path;
    struct json_finder finder;
    struct str found;
    size_t stopped;
    assert_true(json_path_parse(str_from(path_text), arena, &path, &err));
    json_finder_init(&finder, str_from(text));
    return json_find(&finder, &path, &found, &stopped) ? found : STR_NULL;
}

static void finds_in_any_valid_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *path, *raw; /* NULL: nowhere */
    } rows[] = {
        { " { \"a\" : [ 1 , { \"b\" : \"]}\\\"\" } ] } ", "a[1].b", "\"]}\\\"\"" },
        { " { \"a\" : [ 1 , 2 ] } ", "a", "[ 1 , 2 ]" },
        { "{\"a\":1,\"a\":{\"b\":2}}", "a.b", "2" }, /* the last one counts */
        { "{\"a\":{\"b\":2},\"a\":1}", "a.b", NULL },
        { "{\"\\u0061\\n\":1}", "[\"a\\n\"]", "1" },
        { "{\"\\\"\":1}", "[\"\\\"\"]", "1" },
        { "{\"\\u0061\":1}", "ab", NULL },
        { "{\"a\\u0000\":1}", "a", NULL },
        { "[]", "[0]", NULL },
        { "{}", "a", NULL },
        { "[[],[[]]]", "[1][0]", "[]" },
        { "\"[1]\"", "[0]", NULL },
    };
    AUTO(arena) arena = arena_new();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str found = look_up(arena, rows[i].text, rows[i].path);
        assert_int_equal(str_set(found), rows[i].raw != NULL);
        if (rows[i].raw)
            assert_true(str_eq(found, str_from(rows[i].raw)));
    }
}

static void counts_and_kinds_come_from_the_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum json_kind kind;
        size_t count;
    } rows[] = {
        { "[]", JSON_ARRAY, 0 },
        { "[ ]", JSON_ARRAY, 0 },
        { "[[1,2],{},\"a,b\" , null]", JSON_ARRAY, 4 },
        { "{\"a\":[1,2],\"b\":{}}", JSON_OBJECT, 2 },
        { "{ }", JSON_OBJECT, 0 },
        { "-1", JSON_NUMBER, 0 },
        { "true", JSON_BOOL, 0 },
        { "false", JSON_BOOL, 0 },
        { "null", JSON_NULL, 0 },
        { "\"x\"", JSON_STRING, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = str_from(rows[i].text);
        assert_int_equal(json_kind_of(text), rows[i].kind);
        if (rows[i].kind == JSON_ARRAY || rows[i].kind == JSON_OBJECT)
            assert_int_equal(json_count(text), rows[i].count);
    }
}

static void refuses_other_text_and_says_where(void **state)
{
    (void)state;
    static const struct {
        const char *path, *says;
    } rows[] = {
        { "", "expected a name at byte 0, where it ends" },
        { "a.", "expected a name at byte 2, where it ends" },
        { "a..b", "expected a name at byte 2" },
        { "1a", "expected a name at byte 0" },
        { "-a", "expected a name at byte 0" },
        { "a.1", "expected a name at byte 2" },
        { " a", "expected a name at byte 0" },
        { "a b", "expected \".\" or \"[\" at byte 1" },
        { "a(b)", "expected \".\" or \"[\" at byte 1" },
        { "a[0]b", "expected \".\" or \"[\" at byte 4" },
        { "\xC3\xA4", "expected a name at byte 0" },
        { "a[", "expected an index or a key in quotes at byte 2, where it ends" },
        { "a[]", "expected an index or a key in quotes at byte 2" },
        { "a[-1]", "expected an index or a key in quotes at byte 2" },
        { "a[ 1]", "expected an index or a key in quotes at byte 2" },
        { "a[b]", "expected an index or a key in quotes at byte 2" },
        { "a['b']", "expected an index or a key in quotes at byte 2" },
        { "a[1", "expected \"]\" at byte 3, where it ends" },
        { "a[1.5]", "expected \"]\" at byte 3" },
        { "a[01]", "expected an index without a leading 0 at byte 2" },
        { "a[1234567890]", "expected an index of at most 9 digits at byte 2" },
        { "a[\"b]", "expected \"\\\"\" to end a key at byte 5, where it ends" },
        { "a[\"b\\", "expected \"\\\"\" to end a key at byte 5, where it ends" },
        { "a[\"b\"", "expected \"]\" at byte 5, where it ends" },
        { "a[\"\\x\"]", "expected a key that is a JSON string at byte 2" },
        { "a[\"\\uD800\"]", "expected a key that is a JSON string at byte 2" },
        { "a[\"\xFF\"]", "expected a key that is a JSON string at byte 2" },
    };
    AUTO(arena) arena = arena_new();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_path path = { .count = 77 };
        assert_false(json_path_parse(str_from(rows[i].path), arena, &path, &err));
        assert_int_equal(err.code, ERR_TEMPLATE_PATH);
        if (!strstr(err.message, rows[i].says))
            fail_msg("%s\n   wanted: %s", err.message, rows[i].says);
        assert_int_equal(path.count, 77);
    }
    struct json_path path;
    assert_false(json_path_parse(STR("a\0b"), arena, &path, &err));
    assert_false(json_path_parse(STR("a[\"b\0\"]"), arena, &path, &err));
    assert_true(json_path_parse(STR("a[\"b\\u0000\"]"), arena, &path, &err));
    assert_int_equal(path.steps[1].name.len, 2);
}

static void steps_end_at_64(void **state)
{
    (void)state;
    char text[3 * (JSON_PATH_STEPS_MAX + 1)];
    for (size_t i = 0; i < sizeof(text); i += 3)
        memcpy(text + i, "[1]", 3);
    AUTO(arena) arena = arena_new();
    struct json_path path;
    assert_true(json_path_parse((struct str){ text, sizeof(text) - 3 }, arena, &path, &err));
    assert_int_equal(path.count, JSON_PATH_STEPS_MAX);
    assert_int_equal(path.steps[63].index, 1);
    assert_false(str_set(path.steps[63].name));
    assert_false(json_path_parse((struct str){ text, sizeof(text) }, arena, &path, &err));
    assert_non_null(strstr(err.message, "more than 64 steps"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_names_indexes_and_keys),
        cmocka_unit_test(dead_ends_say_how_far_it_went),
        cmocka_unit_test(finds_in_any_valid_text),
        cmocka_unit_test(counts_and_kinds_come_from_the_text),
        cmocka_unit_test(refuses_other_text_and_says_where),
        cmocka_unit_test(steps_end_at_64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
