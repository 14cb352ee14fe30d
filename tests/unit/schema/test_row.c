/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: cells as SQLite and PostgreSQL give them, in any order, fitting or not. */
#include "unit.h"

#include <string.h>

#include "base/attr.h"
#include "sample.h"
#include "schema/row.h"

#define INTEGER(n) ((struct cell){ .kind = CELL_INT, .integer = (n) })
#define TEXT(s) ((struct cell){ .kind = CELL_TEXT, .text = STR(s) })
#define NOTHING ((struct cell){ .kind = CELL_NULL })

#define ID_TEXT "0191e0c0-1111-7abc-8def-0123456789ab"

static void columns_fill_the_members_of_their_names(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    const char *names[] = { "name", "force", "nobody", "project_id", "page_size" };
    const struct cell cells[] = { TEXT("a"), INTEGER(1), TEXT("x"), TEXT(ID_TEXT), INTEGER(7) };
    struct row_map map;
    struct sample out;
    struct error err = { 0 };
    row_map_init(&map, &sample_shape, names, ARRAY_LEN(names));
    assert_null(map.fields[2]);
    memset(&out, 0xA5, sizeof(out));
    assert_true(row_decode(&map, cells, arena, &out, &err));

    char id[ID_TEXT_SIZE];
    assert_true(str_eq(out.name, STR("a")));
    assert_true(out.force);
    assert_true(str_eq(id_format(out.project_id, id), STR(ID_TEXT)));
    assert_int_equal(out.page_size, 7);
    assert_false(str_set(out.query));
    assert_false(out.level.set);
    assert_null(out.tags.items);
}

static void sqlite_cells_are_read(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    const char *names[] = { "level", "active", "created_at", "color", "input" };
    const struct cell cells[] = { INTEGER(-3), INTEGER(0), INTEGER(1772366400123456), TEXT("green"),
                                  TEXT("{\"a\": 1}") };
    struct row_map map;
    struct sample out;
    struct error err = { 0 };
    row_map_init(&map, &sample_shape, names, ARRAY_LEN(names));
    assert_true(row_decode(&map, cells, arena, &out, &err));
    assert_true(out.level.set);
    assert_int_equal(out.level.value, -3);
    assert_true(out.active.set);
    assert_false(out.active.value);
    assert_int_equal(out.created_at.us, 1772366400123456);
    assert_int_equal(out.color, COLOR_GREEN);
    assert_true(str_eq(out.input.text, STR("{\"a\": 1}")));
}

static void postgresql_cells_are_read(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    const char *names[] = { "level", "page_size", "active", "force", "created_at" };
    const struct cell cells[] = { TEXT("-3"), TEXT("9223372036854775807"), TEXT("t"), TEXT("f"),
                                  TEXT("2026-03-01 12:00:00.123456+00") };
    struct row_map map;
    struct sample out;
    struct error err = { 0 };
    row_map_init(&map, &sample_shape, names, ARRAY_LEN(names));
    assert_true(row_decode(&map, cells, arena, &out, &err));
    assert_int_equal(out.level.value, -3);
    assert_int_equal(out.page_size, INT64_MAX);
    assert_true(out.active.set && out.active.value);
    assert_false(out.force);
    assert_int_equal(out.created_at.us, 1772366400123456);
}

static void nulls_are_absent_and_empty_texts_are_not(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    const char *names[] = { "name", "query", "level", "force", "config", "tags" };
    const struct cell cells[] = {
        { .kind = CELL_TEXT }, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING
    };
    struct row_map map;
    struct sample out;
    struct error err = { 0 };
    row_map_init(&map, &sample_shape, names, ARRAY_LEN(names));
    assert_true(row_decode(&map, cells, arena, &out, &err));
    assert_true(str_set(out.name));
    assert_int_equal(out.name.len, 0);
    assert_false(str_set(out.query));
    assert_false(out.level.set);
    assert_false(out.force);
    assert_null(out.config);
    assert_null(out.tags.items);
}

static void texts_are_copied(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    const char *names[] = { "name", "input", "tags" };
    char name[] = "abc", input[] = "[1]", tags[] = "[\"x\"]";
    const struct cell cells[] = {
        { .kind = CELL_TEXT, .text = str_from(name) },
        { .kind = CELL_TEXT, .text = str_from(input) },
        { .kind = CELL_TEXT, .text = str_from(tags) },
    };
    struct row_map map;
    struct sample out;
    struct error err = { 0 };
    row_map_init(&map, &sample_shape, names, ARRAY_LEN(names));
    assert_true(row_decode(&map, cells, arena, &out, &err));
    memset(name, '-', sizeof(name));
    memset(input, '-', sizeof(input));
    memset(tags, '-', sizeof(tags));
    assert_true(str_eq(out.name, STR("abc")));
    assert_true(str_eq(out.input.text, STR("[1]")));
    assert_true(str_eq(*(struct str *)out.tags.items, STR("x")));
}

static void lists_and_structs_are_kept_as_json(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    const char *names[] = { "nodes", "config" };
    const struct cell cells[] = { TEXT("[{\"id\": \"a\", \"x\": 5}, {\"id\": \"b\"}]"),
                                  TEXT("{\"pool\": {\"max\": 9}}") };
    struct row_map map;
    struct sample out;
    struct error err = { 0 };
    row_map_init(&map, &sample_shape, names, ARRAY_LEN(names));
    assert_true(row_decode(&map, cells, arena, &out, &err));
    const struct sample_node *nodes = out.nodes.items;
    assert_int_equal(out.nodes.count, 2);
    assert_int_equal(nodes[0].x, 5);
    assert_true(str_eq(nodes[1].id, STR("b")));
    assert_int_equal(out.config->pool->max.value, 9);
}

static void a_cell_that_does_not_fit_names_its_column(void **state)
{
    (void)state;
    const struct {
        const char *column;
        struct cell cell;
        const char *message;
    } cases[] = {
        { "name", INTEGER(5), "column \"name\": must be text, not 5" },
        { "page_size", TEXT("5x"), "column \"page_size\": must be an integer, not \"5x\"" },
        { "level", TEXT(""), "column \"level\": must be an integer, not \"\"" },
        { "force", TEXT("true"), "column \"force\": must be a boolean, not \"true\"" },
        { "active", TEXT(""), "column \"active\": must be a boolean, not \"\"" },
        { "project_id", TEXT("abc"), "column \"project_id\": must be an id, not \"abc\"" },
        { "project_id", INTEGER(5), "column \"project_id\": must be an id, not 5" },
        { "created_at", TEXT("soon"), "column \"created_at\": must be a time, not \"soon\"" },
        { "color", TEXT("blue"), "column \"color\": must be a word of its list, not \"blue\"" },
        { "color", INTEGER(1), "column \"color\": must be a word of its list, not 1" },
        { "input", INTEGER(1), "column \"input\": must be JSON text, not 1" },
        { "config", INTEGER(1), "column \"config\": must be JSON text, not 1" },
        { "config", TEXT("{\"pool\":{\"max\":0}}"),
          "column \"config\": pool.max: must be between 1 and 100, not 0" },
        { "tags", TEXT("[1]"), "column \"tags\": [0]: must be a string, not a number" },
        { "password", TEXT("x"), "column \"password\": secrets are not read from rows" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(arena) arena = arena_new();
        struct row_map map;
        struct sample out;
        struct error err = { 0 };
        row_map_init(&map, &sample_shape, &cases[i].column, 1);
        assert_false(row_decode(&map, &cases[i].cell, arena, &out, &err));
        assert_int_equal(err.code, ERR_INTERNAL);
        assert_string_equal(err.message, cases[i].message);
    }
}

static void stored_json_that_is_broken_names_its_column(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    const char *names[] = { "config" };
    const struct cell cells[] = { TEXT("{") };
    struct row_map map;
    struct sample out;
    struct error err = { 0 };
    row_map_init(&map, &sample_shape, names, 1);
    assert_false(row_decode(&map, cells, arena, &out, &err));
    assert_int_equal(err.code, ERR_INTERNAL);
    assert_true(str_starts(str_from(err.message), STR("column \"config\": not JSON")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_fill_the_members_of_their_names),
        cmocka_unit_test(sqlite_cells_are_read),
        cmocka_unit_test(postgresql_cells_are_read),
        cmocka_unit_test(nulls_are_absent_and_empty_texts_are_not),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(lists_and_structs_are_kept_as_json),
        cmocka_unit_test(a_cell_that_does_not_fit_names_its_column),
        cmocka_unit_test(stored_json_that_is_broken_names_its_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
