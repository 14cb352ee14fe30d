/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of PostgreSQL's types, as parameters and in results, against a real server (PGADMINURL). The
 * rows are in tests/data/postgresql.txt and in docs/postgresql.md; the former says how they read.
 */
#include "postgresql.h"

#include "base/file.h"
#include "json/read.h"
#include "json/write.h"

#include <stdio.h>

#define TABLE_BYTES_MAX ((size_t)1 << 20)
#define CELLS_MAX 6
#define ONE_WAY STR("one way")

/* --- rows ------------------------------------------------------------------------------------- */

struct row {
    struct str line;
    struct str cells[CELLS_MAX]; /* without backticks */
    size_t count;
    bool coded[CELLS_MAX]; /* it had them */
};

/* The next cell of the line behind "|"; "\|" is a bar within it. */
static struct str take_cell(struct arena *arena, struct str *rest)
{
    size_t end = 0;
    while (end < rest->len && (rest->ptr[end] != '|' || (end > 0 && rest->ptr[end - 1] == '\\')))
        end++;
    char *text = arena_alloc(arena, end + 1);
    size_t length = 0;
    for (size_t i = 0; i < end; i++)
        if (rest->ptr[i] != '\\' || i + 1 == rest->len || rest->ptr[i + 1] != '|')
            text[length++] = rest->ptr[i];
    *rest = str_slice(*rest, end + 1, rest->len);
    return (struct str){ text, length };
}

static bool split_row(struct arena *arena, struct str line, struct row *out)
{
    *out = (struct row){ .line = line };
    if (line.len < 2 || line.ptr[0] != '|' || line.ptr[1] == '-')
        return false;
    struct str rest = str_slice(line, 1, line.len);
    while (str_find_byte(rest, '|') < rest.len && out->count < CELLS_MAX) {
        /* One blank on each side is not the value's: some end with blanks of their own. */
        struct str cell = str_trim(take_cell(arena, &rest));
        bool coded = cell.len >= 2 && cell.ptr[0] == '`' && cell.ptr[cell.len - 1] == '`';
        out->coded[out->count] = coded;
        out->cells[out->count++] = coded ? str_slice(cell, 1, cell.len - 1) : cell;
    }
    return true;
}

/* Rows that are not what they say: all of them are told before the test fails. */
static unsigned wrong;

static void complain(struct str line, struct str what)
{
    wrong++;
    print_error(STR_FMT "\n    " STR_FMT "\n", STR_ARG(line), STR_ARG(what));
}

/* --- comparing -------------------------------------------------------------------------------- */

/* The same but for blanks and escapes: numbers digit by digit, members in their order. */
static bool same(const struct json *a, const struct json *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return a->boolean == b->boolean;
    case JSON_NUMBER:
    case JSON_STRING:
        return str_eq(a->text, b->text);
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        bool named = a->kind == JSON_OBJECT;
        if (named && !str_eq(a->members[i].name, b->members[i].name))
            return false;
        if (!same(named ? &a->members[i].value : &a->items[i],
                  named ? &b->members[i].value : &b->items[i]))
            return false;
    }
    return true;
}

static struct json *read_json(struct arena *arena, struct str text)
{
    struct error err;
    struct json *value = json_read(arena, text, JSON_DUPLICATES_LAST, &err);
    if (!value)
        fail_msg("%s: " STR_FMT, err.message, STR_ARG(text));
    return value;
}

static struct json *member(struct json *object, const char *name)
{
    for (size_t i = 0; i < object->count; i++)
        if (str_eq(object->members[i].name, str_from(name)))
            return &object->members[i].value;
    fail_msg("no %s in " STR_FMT, name, STR_ARG(object->raw));
    return NULL;
}

/* --- running ---------------------------------------------------------------------------------- */

static const char *config_of(struct arena *arena, struct str sql, struct str parameter)
{
    struct buf config;
    buf_init(&config, SIZE_MAX);
    buf_add_c(&config, "\"query\":");
    json_quote(&config, sql);
    if (str_set(parameter)) {
        buf_add_c(&config, ",\"parameters\":[");
        buf_add(&config, parameter);
        buf_add_byte(&config, ']');
    }
    const char *text = arena_c(arena, buf_str(&config));
    buf_done(&config);
    return text;
}

/* What the column of that type is called: without quotes and "(…)". */
static struct str shown_name(struct arena *arena, struct str type)
{
    char *name = arena_alloc(arena, type.len + 1);
    size_t length = 0;
    bool quoted = false;
    for (size_t i = 0; i < type.len; i++) {
        char c = type.ptr[i];
        if (c == '(' && !quoted)
            break;
        if (c == '"' && (!quoted || i + 1 == type.len || type.ptr[i + 1] != '"')) {
            quoted = !quoted;
            continue;
        }
        i += c == '"';
        name[length++] = c;
    }
    return (struct str){ name, length };
}

/* The output, or NULL after a complaint. */
static struct json *run_row(struct arena *arena, struct conn *conn, struct str line,
                            const char *config)
{
    struct outcome outcome;
    borrow(conn, config, &outcome);
    struct json *output = NULL;
    if (outcome.result == STEP_DONE)
        output = read_json(arena, arena_str(arena, buf_str(&outcome.output)));
    else
        complain(line,
                 arena_printf(arena, "%s %s: %s (%s)", error_code_row(outcome.err.code)->name,
                              outcome.err.server_code, outcome.err.message, outcome.err.detail));
    outcome_done(&outcome);
    return output;
}

static void check_output(struct arena *arena, struct str line, struct json *output, struct str type,
                         struct str result)
{
    struct str name = member(&member(output, "columns")->items[0], "type")->text;
    if (!str_eq(name, type))
        complain(line, arena_printf(arena, "the column's type is " STR_FMT, STR_ARG(name)));
    struct json *value = member(&member(output, "rows")->items[0], "v");
    if (!same(value, read_json(arena, result)))
        complain(line, arena_printf(arena, "the result is " STR_FMT, STR_ARG(value->raw)));
}

static void check_refused(struct arena *arena, struct conn *conn, const struct row *row,
                          struct str sql)
{
    struct outcome outcome;
    borrow(conn, config_of(arena, sql, row->cells[1]), &outcome);
    const char *state = outcome.err.server_code;
    struct str seen = arena_printf(arena, "%s%s%s", error_code_row(outcome.err.code)->name,
                                   state[0] ? " " : "", state);
    if (outcome.result != STEP_FAILED || !str_eq(seen, row->cells[3]))
        complain(row->line, arena_printf(arena, "ended with " STR_FMT ": %s", STR_ARG(seen),
                                         outcome.err.message));
    outcome_done(&outcome);
}

static void check_both_ways(struct arena *arena, struct conn *conn, const struct row *row)
{
    struct str type = row->cells[0], result = row->cells[3], note = STR("");
    struct str sql =
        arena_printf(arena, "SELECT $1::" STR_FMT " AS v, format('%%s', $1::" STR_FMT ") AS shown",
                     STR_ARG(type), STR_ARG(type));
    if (!row->coded[3]) {
        check_refused(arena, conn, row, sql);
        return;
    }
    struct str name = shown_name(arena, type);
    if (row->count > 4)
        note = row->cells[4];
    if (str_starts(note, STR("as ")))
        name = str_slice(note, 3, note.len);
    int rounds = str_find(note, ONE_WAY) < note.len ? 1 : 2;
    for (int round = 0; round < rounds; round++) {
        struct str parameter = round == 0 ? row->cells[1] : result;
        struct json *output = run_row(arena, conn, row->line, config_of(arena, sql, parameter));
        if (!output)
            return;
        check_output(arena, row->line, output, name, result);
        struct str shown = member(&member(output, "rows")->items[0], "shown")->text;
        if (row->coded[2] && !str_eq(shown, row->cells[2]))
            complain(row->line, arena_printf(arena, "the server has " STR_FMT, STR_ARG(shown)));
    }
}

static void check_expression(struct arena *arena, struct conn *conn, const struct row *row)
{
    struct str sql = arena_printf(arena, "SELECT " STR_FMT " AS v", STR_ARG(row->cells[0]));
    struct json *output = run_row(arena, conn, row->line, config_of(arena, sql, STR_NULL));
    if (output)
        check_output(arena, row->line, output, row->cells[1], row->cells[2]);
}

/* True when the line is a row. Those without code in them are the headings of a table. */
static bool check_line(struct conn *conn, struct str line)
{
    AUTO(arena) arena = arena_new();
    struct row row;
    if (str_starts(line, STR("> ")))
        (void)run_row(arena, conn, line, config_of(arena, str_slice(line, 2, line.len), STR_NULL));
    if (!split_row(arena, line, &row) || (!row.coded[1] && !row.coded[2]))
        return false;
    if (row.count == 3)
        check_expression(arena, conn, &row);
    else if (row.count == 4 || row.count == 5)
        check_both_ways(arena, conn, &row);
    else
        complain(line, STR("has too many cells, or too few"));
    return true;
}

static size_t check_lines(struct conn *conn, struct str text)
{
    size_t rows = 0;
    while (text.len > 0) {
        size_t end = str_find_byte(text, '\n');
        rows += check_line(conn, str_slice(text, 0, end));
        text = str_slice(text, end + 1, text.len);
    }
    return rows;
}

static struct str read_text(struct arena *arena, const char *path)
{
    struct str text;
    struct error err;
    if (!file_read(path, TABLE_BYTES_MAX, arena, &text, &err))
        fail_msg("%s", err.message);
    return text;
}

/* What stands from `begin` on, up to `end`. */
static struct str section(struct str text, const char *begin, const char *end)
{
    text = str_slice(text, str_find(text, str_from(begin)), text.len);
    return str_slice(text, 0, str_find(text, str_from(end)));
}

static void values_keep_what_they_are_both_ways(void **state)
{
    AUTO(arena) arena = arena_new();
    wrong = 0;
    size_t rows = check_lines(conn_of(state), read_text(arena, TEST_DATA "/postgresql.txt"));
    assert_true(rows > 150);
    assert_int_equal(wrong, 0);
}

static void the_documentation_says_the_same(void **state)
{
    AUTO(arena) arena = arena_new();
    struct str types = section(read_text(arena, DOCS "/postgresql.md"), "## Types\n", "\n## ");
    wrong = 0;
    assert_true(check_lines(conn_of(state), types) > 30);
    assert_int_equal(wrong, 0);
}

/* Arrays and the types that the table makes itself need no word of their own. */
static void the_documentation_leaves_no_type_out(void **state)
{
    AUTO(arena) arena = arena_new();
    struct str types = section(read_text(arena, DOCS "/postgresql.md"), "## Types\n", "\n## ");
    struct str text =
        section(read_text(arena, TEST_DATA "/postgresql.txt"), "# --- yes", "# --- arr");
    (void)state;
    wrong = 0;
    while (text.len > 0) {
        struct row row;
        struct str line = str_slice(text, 0, str_find_byte(text, '\n'));
        text = str_slice(text, line.len + 1, text.len);
        if (!split_row(arena, line, &row) || row.count < 4)
            continue;
        struct str type = str_slice(row.cells[0], 0, str_find_byte(row.cells[0], '('));
        struct str word = arena_printf(arena, "`" STR_FMT, STR_ARG(type));
        if (str_find(types, word) == types.len)
            complain(line, STR("docs/postgresql.md has no word of this type"));
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_keep_what_they_are_both_ways),
        cmocka_unit_test(the_documentation_says_the_same),
        cmocka_unit_test(the_documentation_leaves_no_type_out),
    };
    prepare_process("PGADMINURL");
    return cmocka_run_group_tests(tests, open_admin_fixture, close_fixture);
}
