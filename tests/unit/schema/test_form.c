/* SPDX-License-Identifier: Apache-2.0 */
/* Form descriptions, as the JSON that a page gets. */
#include "unit.h"

#include <string.h>

#include "json/read.h"
#include "sample.h"
#include "schema/encode.h"
#include "schema/form.h"

/* The description of one of the sample's fields, as JSON. */
static struct str described(const char *name, struct arena *arena)
{
    struct array form = schema_form(&sample_shape, arena);
    const char *item = form.items;
    for (size_t i = 0; i < form.count; i++, item += form_field_shape.size) {
        if (strcmp(sample_shape.fields[i].name, name) == 0)
            return schema_encode_text(&form_field_shape, item, arena);
    }
    return STR_NULL;
}

static void describes_each_field(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *json;
    } cases[] = {
        { "projectId",
          "{\"name\":\"projectId\",\"title\":\"Project id\",\"kind\":\"id\","
          "\"doc\":\"Project it belongs to.\",\"required\":false,\"look\":\"connection\","
          "\"connector\":\"redis\",\"templates\":false}" },
        { "name", "{\"name\":\"name\",\"title\":\"Name\",\"kind\":\"text\","
                  "\"doc\":\"What people call it.\",\"required\":true,\"min\":1,\"max\":10,"
                  "\"look\":\"plain\",\"templates\":false}" },
        { "query", "{\"name\":\"query\",\"title\":\"SQL\",\"kind\":\"text\","
                   "\"doc\":\"A */ in a comment.\",\"required\":false,\"look\":\"sql\","
                   "\"templates\":true}" },
        { "pageSize", "{\"name\":\"pageSize\",\"title\":\"Page size\",\"kind\":\"integer\","
                      "\"doc\":\"Page size.\",\"required\":false,\"min\":1,\"max\":100,"
                      "\"default\":\"50\",\"look\":\"plain\",\"templates\":false}" },
        { "level", "{\"name\":\"level\",\"title\":\"Level\",\"kind\":\"integer\","
                   "\"doc\":\"From below zero.\",\"required\":false,\"min\":-5,\"max\":5,"
                   "\"look\":\"plain\",\"templates\":false}" },
        { "color", "{\"name\":\"color\",\"title\":\"Color\",\"kind\":\"choice\","
                   "\"doc\":\"Its colour.\",\"required\":false,"
                   "\"options\":[\"red\",\"green\",\"dark-blue\"],\"look\":\"plain\","
                   "\"templates\":false}" },
        { "value", "{\"name\":\"value\",\"title\":\"Value\",\"kind\":\"json\","
                   "\"doc\":\"To store.\",\"required\":false,\"look\":\"scalar\","
                   "\"templates\":false,\"when\":\"color=red\"}" },
        { "tags", "{\"name\":\"tags\",\"title\":\"Tags\",\"kind\":\"list\",\"doc\":\"Words.\","
                  "\"required\":false,\"min\":1,\"max\":3,\"look\":\"plain\","
                  "\"templates\":false}" },
        { "nodes",
          "{\"name\":\"nodes\",\"title\":\"Nodes\",\"kind\":\"list\",\"doc\":\"What it holds.\","
          "\"required\":false,\"look\":\"plain\",\"templates\":false,\"fields\":["
          "{\"name\":\"id\",\"title\":\"Id\",\"kind\":\"text\",\"doc\":\"Id within the workflow.\","
          "\"required\":true,\"min\":1,\"max\":5,\"look\":\"plain\",\"templates\":false},"
          "{\"name\":\"x\",\"title\":\"X\",\"kind\":\"integer\",\"doc\":\"Place.\","
          "\"required\":false,\"look\":\"plain\",\"templates\":false}]}" },
    };
    AUTO(arena) arena = arena_new();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(described(cases[i].name, arena).ptr, cases[i].json);
}

static void describes_fields_within_fields(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct error err = { 0 };
    struct json *config =
        json_read(arena, described("config", arena), JSON_DUPLICATES_REFUSED, &err);
    const struct json *pool = &json_member(config, STR("fields"))->items[0];
    const struct json *max = &json_member(pool, STR("fields"))->items[0];
    assert_true(str_eq(json_member(config, STR("kind"))->text, STR("group")));
    assert_true(str_eq(json_member(max, STR("name"))->text, STR("max")));
}

static void a_number_may_be_bounded_by_zero(void **state)
{
    (void)state;
    static const struct field fields[] = {
        { .name = "a", .kind = FIELD_KIND_INT, .max = 9, .doc = "" },
        { .name = "b", .kind = FIELD_KIND_STR, .max = 9, .doc = "" },
        { .name = "c", .kind = FIELD_KIND_INT, .doc = "" },
        { 0 },
    };
    static const struct shape shape = { .fields = fields };
    AUTO(arena) arena = arena_new();
    struct array form = schema_form(&shape, arena);
    static const char *const bounds[] = { "\"min\":0,\"max\":9", "false,\"max\":9",
                                          "false,\"look\"" };
    const char *item = form.items;
    for (size_t i = 0; i < form.count; i++, item += form_field_shape.size) {
        struct str json = schema_encode_text(&form_field_shape, item, arena);
        assert_true(str_find(json, str_from(bounds[i])) < json.len);
    }
}

/* The form's own shape holds itself: describing it must end. */
static void a_shape_that_holds_itself_ends(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct array form = schema_form(&form_field_shape, arena);
    assert_int_equal(form.count, 14);
}

static void every_kind_and_look_has_a_word(void **state)
{
    (void)state;
    for (int look = LOOK_PLAIN; look <= LOOK_PASSWORD; look++) {
        for (int kind = FIELD_KIND_STR; kind <= FIELD_KIND_LIST; kind++) {
            static const char *const words[] = { NULL, "word", NULL };
            const struct field fields[] = {
                { .name = "a",
                  .kind = (enum field_kind)kind,
                  .look = (enum field_look)look,
                  .names = words,
                  .doc = "" },
                { 0 },
            };
            const struct shape shape = { .fields = fields };
            AUTO(arena) arena = arena_new();
            struct array form = schema_form(&shape, arena);
            struct str json = schema_encode_text(&form_field_shape, form.items, arena);
            assert_int_equal(str_find(json, STR("null")), json.len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describes_each_field),
        cmocka_unit_test(describes_fields_within_fields),
        cmocka_unit_test(a_number_may_be_bounded_by_zero),
        cmocka_unit_test(a_shape_that_holds_itself_ends),
        cmocka_unit_test(every_kind_and_look_has_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
