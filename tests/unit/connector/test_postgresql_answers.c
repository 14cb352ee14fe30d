/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to our own questions, from a server that may be anything. */
#include "unit.h"

#include "base/mem.h"
#include "connector/postgresql_internal.h"
#include "json/read.h"

#define COLUMNS_MAX 8

/* Rows of texts, as libpq would have read them. */
static PGresult *answer(int columns, int rows, const char *const *texts)
{
    PGresult *made = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc names[COLUMNS_MAX];
    char name[] = "c";
    for (int i = 0; i < columns; i++)
        names[i] = (PGresAttDesc){ .name = name };
    assert_true(columns == 0 || PQsetResultAttrs(made, columns, names));
    for (int row = 0; row < rows; row++)
        for (int i = 0; i < columns; i++) {
            char *text = xstrdup(str_from(texts[i]));
            assert_true(PQsetvalue(made, row, i, text, (int)strlen(text)));
            free(text);
        }
    return made;
}

static void a_reset_that_tells_nothing_left_something(void **state)
{
    static const char *const no[] = { "0", "f" }, *const yes[] = { "0", "t" };
    static const struct {
        int columns, rows;
        const char *const *texts;
        bool left_over;
    } rows[] = { { 2, 1, no, false }, { 2, 1, yes, true }, { 2, 0, no, true }, { 0, 0, no, true } };
    static const struct pg_limits limits = { 0 };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pg pg = { .used = true };
        AUTO(pg_result) said = answer(rows[i].columns, rows[i].rows, rows[i].texts);
        pg_session_done(&pg, &limits, said);
        assert_int_equal(pg.left_over, rows[i].left_over);
    }
}

static void types_need_all_of_their_columns(void **state)
{
    static const char *const texts[] = { "70000", "mood", "o", "0", ",", "more" };
    (void)state;
    for (int columns = 0; columns <= 6; columns++) {
        struct pg pg = { 0 };
        struct error err = { 0 };
        int learned = 0;
        list_init(&pg.types);
        AUTO(pg_result) said = answer(columns, columns ? 1 : 0, texts);
        bool ok = pg_take_types(&pg, said, &learned, &err);
        assert_int_equal(ok, columns == 5 || columns == 0);
        assert_int_equal(pg.conn.broken, !ok);
        if (columns == 5)
            assert_string_equal(pg_type_of(&pg, 70000)->name, "mood");
        else
            assert_int_equal(err.code, ok ? ERR_NONE : ERR_SERVER_PROTOCOL);
        pg_forget_types(&pg);
    }
}

/* The text of an array ends where it ends, whatever is said to part its elements. */
static void elements_are_parted_by_something(void **state)
{
    static const char *const delimiters[] = { "", "{", "}", "\"", "\\", ";" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(delimiters); i++) {
        const char *const element[] = { "70000", "box", "o", "0", delimiters[i] };
        const char *const array[] = { "70001", "_box", "a", "70000", "," };
        struct pg pg = { 0 };
        struct error err = { 0 };
        struct json_writer w;
        struct buf out;
        int learned;
        list_init(&pg.types);
        buf_init(&out, 4096);
        AUTO(pg_result) first = answer(5, 1, element);
        AUTO(pg_result) second = answer(5, 1, array);
        assert_true(pg_take_types(&pg, first, &learned, &err));
        assert_true(pg_take_types(&pg, second, &learned, &err));
        char *text = xstrdup(STR("{1")); /* its own memory: what is read behind it is seen */
        json_writer_init(&w, &out);
        assert_false(pg_write_array(&w, &pg, pg_type_of(&pg, 70001), str_from(text)));
        free(text);
        assert_true(pg_write_array(&w, &pg, pg_type_of(&pg, 70001),
                                   delimiters[i][0] == ';' ? STR("{1;2}") : STR("{1,2}")));
        assert_string_equal(buf_str(&out).ptr, "[\"1\",\"2\"]");
        buf_done(&out);
        pg_forget_types(&pg);
    }
}

/* `text` in quotes within six dimensions of an array. */
static struct str nest(struct arena *arena, struct str text)
{
    struct buf out;
    buf_init(&out, SIZE_MAX);
    buf_add_c(&out, "{{{{{{\"");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            buf_add_byte(&out, '\\');
        buf_add_byte(&out, text.ptr[i]);
    }
    buf_add_c(&out, "\"}}}}}}");
    struct str nested = arena_str(arena, buf_str(&out));
    buf_done(&out);
    return nested;
}

/* A domain over an array of itself: there may be such types, or a server says so. */
static void arrays_in_arrays_have_an_end(void **state)
{
    static const char *const array[] = { "70000", "_deep", "a", "70001", "," };
    static const char *const domain[] = { "70001", "deep", "d", "70000", "," };
    (void)state;
    struct pg pg = { 0 };
    struct error err = { 0 };
    int learned;
    list_init(&pg.types);
    AUTO(arena) arena = arena_new();
    AUTO(pg_result) first = answer(5, 1, array);
    AUTO(pg_result) second = answer(5, 1, domain);
    assert_true(pg_take_types(&pg, first, &learned, &err));
    assert_true(pg_take_types(&pg, second, &learned, &err));
    struct str text = STR("{1}");
    for (int levels = 0; levels < 14; levels++, text = nest(arena, text)) {
        struct json_writer w;
        struct buf out;
        buf_init(&out, (size_t)64 << 20);
        json_writer_init(&w, &out);
        json_begin_array(&w);
        pg_write_value(&w, &pg, pg_type_of(&pg, 70000), text);
        json_end_array(&w);
        assert_non_null(json_read(arena, buf_str(&out), JSON_DUPLICATES_REFUSED, &err));
        buf_done(&out);
    }
    pg_forget_types(&pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reset_that_tells_nothing_left_something),
        cmocka_unit_test(types_need_all_of_their_columns),
        cmocka_unit_test(elements_are_parted_by_something),
        cmocka_unit_test(arrays_in_arrays_have_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
