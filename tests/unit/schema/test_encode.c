/* SPDX-License-Identifier: Apache-2.0 */
/* Output: every kind, and what is left out of it. */
#include "unit.h"

#include "sample.h"
#include "schema/encode.h"

static void check(const struct shape *shape, const void *object, const char *expected)
{
    AUTO(arena) arena = arena_new();
    struct str text = schema_encode_text(shape, object, arena);
    assert_string_equal(text.ptr, expected);
    assert_int_equal(text.len, strlen(expected));
}

static void writes_every_kind(void **state)
{
    (void)state;
    struct str tags[] = { STR("x"), STR("\"y\"") };
    struct sample_node nodes[] = { { STR("a"), 1 }, { STR("b"), -1 } };
    struct sample_pool pool = { .max = { true, 0 } };
    struct sample_config config = { .pool = &pool };
    struct sample sample = {
        .project_id = { { 0x01, [15] = 0xAB } },
        .name = STR("a\nb"),
        .query = STR(""),
        .page_size = INT64_MIN,
        .level = { true, 0 },
        .force = true,
        .active = { true, false },
        .created_at = { 1772366400123456 },
        .color = COLOR_DARK_BLUE,
        .input = { STR("[1.10,null]") },
        .tags = { tags, 2 },
        .nodes = { nodes, 2 },
        .config = &config,
    };
    check(
        &sample_shape, &sample,
        "{\"projectId\":\"01000000-0000-0000-0000-0000000000ab\",\"name\":\"a\\nb\",\"query\":\"\","
        "\"pageSize\":-9223372036854775808,\"level\":0,\"force\":true,\"active\":false,"
        "\"createdAt\":\"2026-03-01T12:00:00.123Z\",\"color\":\"dark-blue\",\"input\":[1.10,null],"
        "\"tags\":[\"x\",\"\\\"y\\\"\"],\"nodes\":[{\"id\":\"a\",\"x\":1},{\"id\":\"b\",\"x\":-1}],"
        "\"config\":{\"pool\":{\"max\":0}}}");
}

static void leaves_absent_optional_fields_out(void **state)
{
    (void)state;
    struct sample sample = { .name = STR("") };
    check(&sample_shape, &sample, "{\"name\":\"\",\"pageSize\":0,\"force\":false}");
}

static void an_empty_list_is_written(void **state)
{
    (void)state;
    struct str none;
    struct sample sample = { .name = STR("a"), .tags = { &none, 0 }, .nodes = { &none, 0 } };
    check(&sample_shape, &sample,
          "{\"name\":\"a\",\"pageSize\":0,\"force\":false,\"tags\":[],\"nodes\":[]}");
}

static void never_writes_a_secret(void **state)
{
    (void)state;
    AUTO(secret) secret = secret_new(STR("open sesame"));
    struct sample_config config = { .client_key = secret };
    struct sample sample = { .name = STR("a"), .password = secret, .config = &config };
    check(&sample_shape, &sample, "{\"name\":\"a\",\"pageSize\":0,\"force\":false,\"config\":{}}");
}

static void absent_required_fields_show(void **state)
{
    (void)state;
    struct strict strict = { 0 };
    check(&strict_shape, &strict, "{\"projectId\":null,\"tags\":[]}");
}

static void goes_on_in_a_writer(void **state)
{
    (void)state;
    struct buf buf;
    struct json_writer w;
    struct sample sample = { .name = STR("a") };
    buf_init(&buf, 1000);
    json_writer_init(&w, &buf);
    json_begin_array(&w);
    schema_encode(&sample_shape, &sample, &w);
    schema_encode(&sample_shape, &sample, &w);
    json_end_array(&w);
    assert_string_equal(buf_str(&buf).ptr, "[{\"name\":\"a\",\"pageSize\":0,\"force\":false},"
                                           "{\"name\":\"a\",\"pageSize\":0,\"force\":false}]");
    buf_done(&buf);
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
        cmocka_unit_test(writes_every_kind),
        cmocka_unit_test(leaves_absent_optional_fields_out),
        cmocka_unit_test(an_empty_list_is_written),
        cmocka_unit_test(never_writes_a_secret),
        cmocka_unit_test(absent_required_fields_show),
        cmocka_unit_test(goes_on_in_a_writer),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
