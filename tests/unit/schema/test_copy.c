/* SPDX-License-Identifier: Apache-2.0 */
/* A copy says the same as its original, and nothing of it lies in the original's memory. */
#include "unit.h"

#include "sample.h"

#include "base/arena.h"
#include "schema/copy.h"
#include "schema/decode.h"
#include "schema/encode.h"

#include <string.h>

/* The sample's fields but its secrets, which are not copied. */
static struct field kept_fields[32], kept_config_fields[2];
static struct shape config_shape, copied_shape;

static int leave_secrets_out(void **state)
{
    (void)state;
    const struct field *config = shape_field(&sample_shape, STR("config"));
    size_t count = 0;
    kept_config_fields[0] = *shape_field(config->shape, STR("pool"));
    config_shape = *config->shape;
    config_shape.fields = kept_config_fields;
    for (const struct field *field = sample_shape.fields; field->name; field++)
        if (field->kind != FIELD_KIND_SECRET)
            kept_fields[count++] = *field;
    for (size_t i = 0; i < count; i++)
        if (str_eq(str_from(kept_fields[i].name), STR("config")))
            kept_fields[i].shape = &config_shape;
    copied_shape = sample_shape;
    copied_shape.fields = kept_fields;
    return 0;
}

static const char full[] =
    "{\"projectId\":\"0190a6c0-0000-7000-8000-000000000001\",\"name\":\"a name\",\"query\":\"q\","
    "\"pageSize\":7,\"level\":-3,\"force\":true,\"active\":false,\"color\":\"green\","
    "\"createdAt\":\"2026-03-01T12:00:00.123Z\","
    "\"input\":{\"a\":[1.10,null]},\"parameters\":[1e400],\"labels\":{},\"value\":\"x\","
    "\"tags\":[\"one\",\"\"],\"nodes\":[{\"id\":\"n1\",\"x\":1},{\"id\":\"n2\",\"x\":-1}],"
    "\"config\":{\"pool\":{\"max\":5}}}";

static void a_copy_outlives_its_original(void **state)
{
    (void)state;
    struct error err = { 0 };
    AUTO(arena) kept = arena_new();
    struct arena *lost = arena_new();
    struct sample original;
    if (!schema_decode_text(&copied_shape, arena_str(lost, str_from(full)), lost, &original, &err))
        fail_msg("%s", err.message);
    struct str before = schema_encode_text(&copied_shape, &original, kept);
    struct sample *copy = schema_copy(&copied_shape, &original, kept);
    assert_ptr_not_equal(copy->name.ptr, original.name.ptr);
    assert_ptr_not_equal(copy->config, original.config);
    assert_ptr_not_equal(copy->nodes.items, original.nodes.items);
    memset(&original, 0xA5, sizeof(original));
    arena_free(lost); /* the sanitizer sees whoever still looks there */
    struct str after = schema_encode_text(&copied_shape, copy, kept);
    if (!str_eq(before, after))
        fail_msg(STR_FMT, STR_ARG(after));
}

static void what_is_absent_stays_absent(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct sample nothing = { 0 };
    struct sample *copy = schema_copy(&copied_shape, &nothing, arena);
    for (const struct field *field = copied_shape.fields; field->name; field++)
        assert_int_equal(field_is_set(field, copy), field_is_set(field, &nothing));
    /* An empty list is not an absent one, nor an empty text. */
    nothing.tags.items = &nothing;
    nothing.name = STR("");
    copy = schema_copy(&copied_shape, &nothing, arena);
    assert_non_null(copy->tags.items);
    assert_int_equal(copy->tags.count, 0);
    assert_true(str_set(copy->name));
    assert_int_equal(copy->name.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_outlives_its_original),
        cmocka_unit_test(what_is_absent_stays_absent),
    };
    return cmocka_run_group_tests(tests, leave_secrets_out, NULL);
}
