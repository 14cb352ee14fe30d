/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: the table tests/data/template.txt, and what a table cannot say. */
#include "template_sample.h"
#include "unit.h"

#include <stdio.h>

#include "base/file.h"
#include "base/map.h"
#include "component/template.h"
#include "json/read.h"

#define TABLE_BYTES_MAX (1024 * 1024)
#define OUTPUT_BYTES_MAX (1024 * 1024)
#define EXECUTION_ID STR("0195a1b2-0000-7000-8000-000000000001")

static const struct json *read_json(struct arena *arena, struct str text)
{
    struct error err = { 0 };
    const struct json *value = json_read(arena, text, JSON_DUPLICATES_REFUSED, &err);
    if (!value)
        fprintf(stderr, STR_FMT ": %s\n", STR_ARG(text), err.message);
    assert_non_null(value);
    return value;
}

/* The values of a map: "trigger" and the ids of nodes. */
static struct str value_of(const struct template_reference *reference, void *context)
{
    assert_true(reference->root != TEMPLATE_EXECUTION_ID);
    const struct map *values = context;
    const struct json *value =
        map_find(values, reference->root == TEMPLATE_NODE ? reference->node_id : STR("trigger"));
    return value ? value->raw : STR_NULL;
}

/* Runs one config; gives the sign and the text that the table must have. */
static struct str outcome(struct str config_text, struct map *values, struct arena *arena,
                          char *sign, struct error *err)
{
    /* Compiled from memory that is gone when it is applied. */
    AUTO(arena) aside = arena_new();
    const struct json *config = read_json(aside, arena_str(aside, config_text));
    struct template *template = NULL;
    if (!template_compile(config, &sample_shape, arena, &template, err)) {
        *sign = '?';
        return str_from(err->message);
    }
    arena_free(arena_take(&aside));

    *sign = '=';
    if (!template)
        return STR("as it is");
    const struct template_source source = { value_of, EXECUTION_ID, values };
    struct buf out;
    struct str text = STR_NULL;
    buf_init(&out, OUTPUT_BYTES_MAX);
    if (template_apply(template, &source, &out, err)) {
        assert_true(buf_finish(&out, &text, err));
        text = arena_str(arena, text);
        (void)read_json(arena, text);
    } else {
        *sign = '!';
        text = str_from(err->message);
    }
    buf_done(&out);
    return text;
}

static bool check_case(struct str config, struct map *values, char sign, struct str expected)
{
    AUTO(arena) arena = arena_new();
    struct error err = { 0 };
    char got_sign = 0;
    struct str got = outcome(config, values, arena, &got_sign, &err);
    bool as_said = got_sign == sign && str_eq(got, expected);
    if (got_sign != '=') {
        struct str field = str_from(err.field);
        as_said = as_said && err.code == ERR_TEMPLATE_PATH && field.len > 0 &&
                  str_starts(got, field) && got.ptr[field.len] == ':';
    }
    if (!as_said)
        fprintf(stderr, STR_FMT "\n  expected %c " STR_FMT "\n  got      %c " STR_FMT "\n",
                STR_ARG(config), sign, STR_ARG(expected), got_sign, STR_ARG(got));
    return as_said;
}

static void set_value(struct map *values, struct str text, struct arena *arena)
{
    size_t end = str_find_byte(text, ' ');
    struct str name = str_slice(text, 0, end);
    (void)map_remove(values, name);
    if (end == text.len)
        return;
    struct json *value = arena_alloc(arena, sizeof(*value));
    *value = *read_json(arena, str_slice(text, end + 1, text.len));
    (void)map_put(values, name, value);
}

static void does_what_the_table_says(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    AUTO(map) values = map_new();
    struct error err = { 0 };
    struct str rest, line, config = STR_NULL;
    assert_true(file_read(TEST_DATA "/template.txt", TABLE_BYTES_MAX, arena, &rest, &err));

    size_t cases = 0, failed = 0;
    while (str_split(&rest, '\n', &line)) {
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        struct str text = str_slice(line, 2, line.len);
        if (line.ptr[0] == '<') {
            set_value(values, text, arena);
        } else if (line.ptr[0] == '>') {
            assert_false(str_set(config));
            config = text;
        } else {
            assert_true(str_set(config));
            cases++;
            failed += !check_case(config, values, line.ptr[0], text);
            config = STR_NULL;
        }
    }
    assert_false(str_set(config));
    assert_int_equal(failed, 0);
    assert_true(cases > 75);
}

static struct template *compile(struct arena *arena, const char *config)
{
    struct template *template = NULL;
    struct error err = { 0 };
    bool ok =
        template_compile(read_json(arena, str_from(config)), &sample_shape, arena, &template, &err);
    assert_true(ok);
    return template;
}

static void references_are_told_in_the_order_of_the_text(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    const struct template *template =
        compile(arena, "{\"key\":\"a {{ nodes.load.rows[0] }} {{execution.id}}\","
                       "\"parameters\":[1,\"{{ trigger }}\"]}");
    size_t count = 0;
    const struct template_reference *references = template_references(template, &count);
    assert_int_equal(count, 3);

    assert_int_equal(references[0].root, TEMPLATE_NODE);
    assert_true(str_eq(references[0].node_id, STR("load")));
    assert_true(str_eq(references[0].text, STR("nodes.load.rows[0]")));
    assert_true(str_eq(references[0].field, STR("key")));
    assert_int_equal(references[1].root, TEMPLATE_EXECUTION_ID);
    assert_true(str_eq(references[1].text, STR("execution.id")));
    assert_int_equal(references[2].root, TEMPLATE_TRIGGER);
    assert_true(str_eq(references[2].field, STR("parameters[1]")));
}

static void a_literal_alone_has_no_reference(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    const struct template *template = compile(arena, "{\"key\":\"{{{{\"}");
    assert_non_null(template);
    size_t count = 1;
    (void)template_references(template, &count);
    assert_int_equal(count, 0);
}

static void what_is_no_object_or_has_no_shape_holds_none(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct template *template = (struct template *)arena;
    struct error err = { 0 };
    const struct json *list = read_json(arena, STR("[\"{{ trigger }}\"]"));
    assert_true(template_compile(list, &sample_shape, arena, &template, &err));
    assert_null(template);

    template = (struct template *)arena;
    const struct json *config = read_json(arena, STR("{\"key\":\"{{ trigger }}\"}"));
    assert_true(template_compile(config, NULL, arena, &template, &err));
    assert_null(template);
}

/* {"parameters":["{{ trigger }}", … `count` times]} */
static struct str many(struct arena *arena, size_t count)
{
    struct buf text;
    buf_init(&text, OUTPUT_BYTES_MAX);
    buf_add_c(&text, "{\"parameters\":[0");
    for (size_t i = 0; i < count; i++)
        buf_add_c(&text, ",\"{{ trigger }}\"");
    buf_add_c(&text, "]}");
    assert_false(text.failed);
    struct str kept = arena_str(arena, buf_str(&text));
    buf_done(&text);
    return kept;
}

static void a_config_holds_so_many_and_no_more(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct template *template = NULL;
    struct error err = { 0 };
    const struct json *most = read_json(arena, many(arena, TEMPLATES_MAX));
    assert_true(template_compile(most, &sample_shape, arena, &template, &err));
    size_t count = 0;
    const struct template_reference *references = template_references(template, &count);
    assert_int_equal(count, TEMPLATES_MAX);
    assert_true(str_eq(references[999].field, STR("parameters[1000]")));

    struct template *none = NULL;
    const struct json *more = read_json(arena, many(arena, TEMPLATES_MAX + 1));
    assert_false(template_compile(more, &sample_shape, arena, &none, &err));
    assert_null(none);
    assert_int_equal(err.code, ERR_TEMPLATE_PATH);
    assert_string_equal(err.message, "parameters[1001]: there are more than 1000 templates in this "
                                     "config");
}

static void a_path_has_so_many_steps_and_no_more(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct buf text;
    buf_init(&text, OUTPUT_BYTES_MAX);
    buf_add_c(&text, "{\"key\":\"{{ trigger");
    for (size_t i = 0; i < 200; i++)
        buf_add_c(&text, ".a");
    buf_add_c(&text, " }}\"}");
    struct template *template = NULL;
    struct error err = { 0 };
    const struct json *config = read_json(arena, arena_str(arena, buf_str(&text)));
    buf_done(&text);
    assert_false(template_compile(config, &sample_shape, arena, &template, &err));
    assert_int_equal(err.code, ERR_TEMPLATE_PATH);
    assert_string_equal(err.field, "key");
    assert_non_null(strstr(err.message, "more than 64 steps"));
}

/* A value of a million bytes, a thousand times: the cap is met early, and nothing else happens. */
static void the_cap_of_the_output_is_the_caller_s_to_check(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    AUTO(map) values = map_new();
    char *big = arena_alloc(arena, 1000 * 1000);
    memset(big, 'x', 1000 * 1000);
    big[0] = big[1000 * 1000 - 1] = '"';
    struct json *value = arena_alloc(arena, sizeof(*value));
    *value = *read_json(arena, (struct str){ big, 1000 * 1000 });
    (void)map_put(values, STR("trigger"), value);

    struct template *template = NULL;
    struct error err = { 0 };
    const struct json *config = read_json(arena, many(arena, TEMPLATES_MAX));
    assert_true(template_compile(config, &sample_shape, arena, &template, &err));
    const struct template_source source = { value_of, EXECUTION_ID, values };
    struct buf out;
    struct str text = STR_NULL;
    buf_init(&out, 2500 * 1000);
    assert_true(template_apply(template, &source, &out, &err));
    assert_false(buf_finish(&out, &text, &err));
    assert_int_equal(err.code, ERR_RESULT_TOO_LARGE);
    buf_done(&out);
}

static size_t asked;

static struct str count_asked(const struct template_reference *reference, void *context)
{
    asked++;
    return value_of(reference, context);
}

static void a_value_is_asked_for_once_however_often_it_is_used(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    AUTO(map) values = map_new();
    set_value(values, STR("trigger {\"a\":1}"), arena);
    set_value(values, STR("load [2]"), arena);
    set_value(values, STR("other [3]"), arena);
    const struct template *template =
        compile(arena, "{\"parameters\":[\"{{ nodes.load[0] }}\",\"{{ execution.id }}\","
                       "\"{{ trigger.a }}\",\"{{ nodes.other[0] }}\"],"
                       "\"key\":\"{{ trigger.a }}{{ nodes.other[0] }}{{ nodes.load[0] }}\"}");
    const struct template_source source = { count_asked, STR("id"), values };
    struct error err = { 0 };
    struct buf out;
    struct str text = STR_NULL;
    buf_init(&out, OUTPUT_BYTES_MAX);
    asked = 0;
    assert_true(template_apply(template, &source, &out, &err));
    assert_true(buf_finish(&out, &text, &err));
    assert_true(str_eq(text, STR("{\"parameters\":[2,\"id\",1,3],\"key\":\"132\"}")));
    assert_int_equal(asked, 3);
    buf_done(&out);
}

static void a_field_with_a_long_name_is_cut_at_a_code_point(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct buf text;
    buf_init(&text, OUTPUT_BYTES_MAX);
    buf_add_c(&text, "{\"parameters\":[{\"");
    for (size_t i = 0; i < 100; i++)
        buf_add_c(&text, "é");
    buf_add_c(&text, "\":{\"b\":[\"{{ nowhere }}\"]}}]}");
    struct template *template = NULL;
    struct error err = { 0 };
    const struct json *config = read_json(arena, arena_str(arena, buf_str(&text)));
    buf_done(&text);
    assert_false(template_compile(config, &sample_shape, arena, &template, &err));
    assert_true(str_is_utf8(str_from(err.field)));
    assert_true(strlen(err.field) > 90);
    assert_true(str_is_utf8(str_from(err.message)));
    assert_non_null(strstr(err.message, "must begin with trigger"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_what_the_table_says),
        cmocka_unit_test(references_are_told_in_the_order_of_the_text),
        cmocka_unit_test(a_literal_alone_has_no_reference),
        cmocka_unit_test(what_is_no_object_or_has_no_shape_holds_none),
        cmocka_unit_test(a_config_holds_so_many_and_no_more),
        cmocka_unit_test(a_path_has_so_many_steps_and_no_more),
        cmocka_unit_test(the_cap_of_the_output_is_the_caller_s_to_check),
        cmocka_unit_test(a_value_is_asked_for_once_however_often_it_is_used),
        cmocka_unit_test(a_field_with_a_long_name_is_cut_at_a_code_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
