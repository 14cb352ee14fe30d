/* SPDX-License-Identifier: Apache-2.0 */
/* Input checking: the table tests/data/schema.txt, and what a table cannot say. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "json/read.h"
#include "sample.h"
#include "schema/decode.h"
#include "schema/encode.h"

#define TABLE_BYTES_MAX (1024 * 1024)

/* Checks one input of the table; false, with a line on stderr, when it does not give `expected`. */
static bool check_case(struct str input, char sign, struct str expected)
{
    AUTO(arena) arena = arena_new();
    struct sample sample;
    struct error err = { 0 };
    bool taken = schema_decode_text(&sample_shape, input, arena, &sample, &err);
    struct str got =
        taken ? schema_encode_text(&sample_shape, &sample, arena) : str_from(err.message);

    bool as_said = taken == (sign == '=') && str_eq(got, expected);
    if (!taken) {
        struct str field = str_from(err.field);
        as_said = as_said && err.code == ERR_BAD_REQUEST && str_starts(got, field);
        as_said = as_said && (field.len == 0 || got.ptr[field.len] == ':');
    }
    if (!as_said)
        fprintf(stderr, STR_FMT "\n  expected " STR_FMT "\n  got      " STR_FMT "\n",
                STR_ARG(input), STR_ARG(expected), STR_ARG(got));
    return as_said;
}

static void does_what_the_table_says(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct error err = { 0 };
    struct str rest, line, input = STR_NULL;
    assert_true(file_read(TEST_DATA "/schema.txt", TABLE_BYTES_MAX, arena, &rest, &err));

    size_t cases = 0, failed = 0;
    while (str_split(&rest, '\n', &line)) {
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        struct str text = str_slice(line, 2, line.len);
        if (line.ptr[0] == '>') {
            assert_false(str_set(input));
            input = text;
            continue;
        }
        assert_true(line.ptr[0] == '=' || line.ptr[0] == '!');
        assert_true(str_set(input));
        cases++;
        failed += !check_case(input, line.ptr[0], text);
        input = STR_NULL;
    }
    assert_int_equal(failed, 0);
    assert_true(cases > 80);
}

static void nothing_counts_as_an_empty_object(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct strict out;
    struct error err = { 0 };
    assert_false(schema_decode(&strict_shape, NULL, arena, &out, &err));
    assert_string_equal(err.message, "projectId: required");
    assert_string_equal(err.field, "projectId");
}

static void what_is_left_out_is_absent(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct sample out;
    struct error err = { 0 };
    memset(&out, 0xA5, sizeof(out));
    assert_true(schema_decode_text(&sample_shape, STR("{\"name\":\"a\"}"), arena, &out, &err));
    for (const struct field *field = sample_shape.fields; field->name; field++) {
        bool always = field->kind == FIELD_KIND_INT || field->kind == FIELD_KIND_BOOL;
        bool given = strcmp(field->name, "name") == 0;
        assert_int_equal(field_is_set(field, &out), always || given);
    }
}

static void an_empty_list_is_not_absent(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct strict out;
    struct error err = { 0 };
    assert_true(schema_decode_text(
        &strict_shape, STR("{\"projectId\":\"0191e0c0-1111-7abc-8def-0123456789ab\",\"tags\":[]}"),
        arena, &out, &err));
    assert_non_null(out.tags.items);
    assert_int_equal(out.tags.count, 0);
}

static struct str list_of(struct arena *arena, size_t count)
{
    struct buf buf;
    buf_init(&buf, TABLE_BYTES_MAX);
    buf_add_c(&buf, "{\"projectId\":\"0191e0c0-1111-7abc-8def-0123456789ab\",\"tags\":[\"a\"");
    for (size_t i = 1; i < count; i++)
        buf_add_c(&buf, ",\"a\"");
    buf_add_c(&buf, "]}");
    struct str text = arena_str(arena, buf_str(&buf));
    buf_done(&buf);
    return text;
}

static void a_list_without_a_max_has_one(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct strict out;
    struct error err = { 0 };
    struct str most = list_of(arena, DECODE_ITEMS_MAX);
    struct str more = list_of(arena, DECODE_ITEMS_MAX + 1);
    assert_true(schema_decode_text(&strict_shape, most, arena, &out, &err));
    assert_int_equal(out.tags.count, DECODE_ITEMS_MAX);
    assert_false(schema_decode_text(&strict_shape, more, arena, &out, &err));
    assert_string_equal(err.message, "tags: must have at most 10000 items, not 10001");
}

static void text_that_is_not_json_is_refused(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct sample out;
    struct error err = { 0 };
    assert_false(schema_decode_text(&sample_shape, STR("{\"name\""), arena, &out, &err));
    assert_int_equal(err.code, ERR_BAD_REQUEST);
    assert_false(schema_decode_text(&sample_shape, STR("{\"name\":\"a\",\"name\":\"b\"}"), arena,
                                    &out, &err));
    assert_int_equal(err.code, ERR_BAD_REQUEST);
}

static void of_keys_given_twice_the_last_one_counts(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct sample out;
    struct error err = { 0 };
    const struct json *value =
        json_read(arena, STR("{\"name\":\"a\",\"name\":\"b\"}"), JSON_DUPLICATES_LAST, &err);
    assert_non_null(value);
    assert_true(schema_decode(&sample_shape, value, arena, &out, &err));
    assert_true(str_eq(out.name, STR("b")));
}

static bool is_open_sesame(struct str plain, void *context)
{
    (void)context;
    return str_eq(plain, STR("open sesame"));
}

static void a_secret_lives_as_long_as_the_arena(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct error err = { 0 };
    /* Twice: the first one must be given back by the reset, the second by the end. */
    for (int i = 0; i < 2; i++) {
        struct sample out;
        char text[] = "{\"name\":\"a\",\"password\":\"open sesame\"}";
        assert_true(schema_decode_text(&sample_shape, str_from(text), arena, &out, &err));
        memset(text, 'x', sizeof(text));
        assert_true(secret_use(out.password, is_open_sesame, NULL));
        arena_reset(arena);
    }
}

/* The linker leads calls of arena_wipe_on_reset() here: its effect cannot be seen from outside. */
static unsigned wipes;
void __real_arena_wipe_on_reset(struct arena *arena);
void __wrap_arena_wipe_on_reset(struct arena *arena);
void __wrap_arena_wipe_on_reset(struct arena *arena)
{
    wipes++;
    __real_arena_wipe_on_reset(arena);
}

static void an_arena_is_wiped_where_a_secret_may_have_been_sent(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct sample sample;
    struct strict strict;
    struct error err = { 0 };
    wipes = 0;
    assert_false(schema_decode_text(&strict_shape, STR("{\"foo\":1}"), arena, &strict, &err));
    assert_int_equal(wipes, 0);
    assert_false(schema_decode_text(&sample_shape, STR("{\"foo\":1,\"password\":\"hunter two\"}"),
                                    arena, &sample, &err));
    assert_int_equal(wipes, 1);
}

static void a_secret_within_is_found_too(void **state)
{
    (void)state;
    const struct shape *config = shape_field(&sample_shape, STR("config"))->shape;
    static struct field fields[] = {
        { .name = "config", .kind = FIELD_KIND_SHAPE, .need = OPTIONAL, .doc = "" },
        { 0 },
    };
    fields[0].shape = config;
    const struct shape outer = { .size = sizeof(void *), .fields = fields };
    AUTO(arena) arena = arena_new();
    void *out;
    struct error err = { 0 };
    wipes = 0;
    assert_true(schema_decode(&outer, NULL, arena, &out, &err));
    assert_int_equal(wipes, 1);
}

static void a_refused_secret_is_not_quoted(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct sample out;
    struct error err = { 0 };
    assert_false(schema_decode_text(&sample_shape,
                                    STR("{\"name\":\"a\",\"password\":\"hunter\\u0007two\"}"),
                                    arena, &out, &err));
    assert_string_equal(err.field, "password");
    assert_null(strstr(err.message, "hunter"));
    assert_null(strstr(err.detail, "hunter"));
}

static void a_deep_place_is_named_as_far_as_it_fits(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct sample out;
    struct error err = { 0 };
    assert_false(schema_decode_text(
        &sample_shape,
        STR("{\"name\":\"a\",\"config\":{\"pool\":{\"日本語日本語日本語日本語日本語日本語\":1}}}"),
        arena, &out, &err));
    assert_true(str_starts(str_from(err.message), STR("config.pool.日本語")));
    assert_true(str_ends(str_from(err.message), STR(": unknown field")));
    assert_true(str_is_utf8(str_from(err.field)));
}

static int prepare(void **state)
{
    (void)state;
    secret_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_what_the_table_says),
        cmocka_unit_test(nothing_counts_as_an_empty_object),
        cmocka_unit_test(what_is_left_out_is_absent),
        cmocka_unit_test(an_empty_list_is_not_absent),
        cmocka_unit_test(a_list_without_a_max_has_one),
        cmocka_unit_test(text_that_is_not_json_is_refused),
        cmocka_unit_test(of_keys_given_twice_the_last_one_counts),
        cmocka_unit_test(a_secret_lives_as_long_as_the_arena),
        cmocka_unit_test(an_arena_is_wiped_where_a_secret_may_have_been_sent),
        cmocka_unit_test(a_secret_within_is_found_too),
        cmocka_unit_test(a_refused_secret_is_not_quoted),
        cmocka_unit_test(a_deep_place_is_named_as_far_as_it_fits),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
