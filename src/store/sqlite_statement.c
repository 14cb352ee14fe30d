/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements of the SQLite driver: prepared once a link, found by the address of their struct sql,
 * bound by number, stepped to the end, and always left reset.
 */
#include "store/sqlite_internal.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define STATEMENTS_FIRST 64

static size_t place_of(const struct sql *sql, size_t size)
{
    uint64_t hash = (uint64_t)(uintptr_t)sql * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(hash >> 40) & (size - 1);
}

/* The statement's place, or the empty one where it belongs. */
static struct sqlite_statement *find_place(struct sqlite_statement *places, size_t size,
                                           const struct sql *sql)
{
    size_t at = place_of(sql, size);
    while (places[at].sql && places[at].sql != sql)
        at = (at + 1) & (size - 1);
    return &places[at];
}

static void grow(struct link *link)
{
    size_t size = link->statement_size ? link->statement_size * 2 : STATEMENTS_FIRST;
    struct sqlite_statement *places = xcalloc(size, sizeof(*places));
    for (size_t i = 0; i < link->statement_size; i++) {
        const struct sqlite_statement *old = &link->statements[i];
        if (old->sql)
            *find_place(places, size, old->sql) = *old;
    }
    free(link->statements);
    link->statements = places;
    link->statement_size = size;
}

/* SQLite numbers "$7" by where it first stands in the text; find out once which is which. */
static void resolve_params(struct sqlite_statement *statement)
{
    int count = sqlite3_bind_parameter_count(statement->handle);
    int resolved = 0;
    for (unsigned n = 1; n <= SQLITE_PARAMS_MAX && resolved < count; n++) {
        char name[8];
        (void)snprintf(name, sizeof(name), "$%u", n);
        int index = sqlite3_bind_parameter_index(statement->handle, name);
        if (index == 0)
            continue;
        statement->indexes[n - 1] = (unsigned char)index;
        statement->params = n;
        resolved++;
    }
    assert(resolved == count); /* every parameter is a $n, and not too many */
}

static struct sqlite_statement *statement_of(struct link *link, const struct sql *sql,
                                             struct error *err)
{
    if (link->statement_size > 0) {
        struct sqlite_statement *known = find_place(link->statements, link->statement_size, sql);
        if (known->sql)
            return known;
    }
    struct sqlite_statement fresh = { .sql = sql };
    if (sqlite3_prepare_v3(link->db, sql->sqlite, -1, SQLITE_PREPARE_PERSISTENT, &fresh.handle,
                           NULL) != SQLITE_OK) {
        (void)sqlite_fail(link, err, "prepare a statement");
        return NULL;
    }
    fresh.writes = !sqlite3_stmt_readonly(fresh.handle);
    resolve_params(&fresh);
    if (link->statement_count * 2 >= link->statement_size)
        grow(link);
    link->statement_count++;
    struct sqlite_statement *place = find_place(link->statements, link->statement_size, sql);
    *place = fresh;
    return place;
}

/* Texts are not copied: they live until the statement was reset. */
static int bind_one(sqlite3_stmt *handle, int index, const struct bind *bind, char *id_text)
{
    struct str text = bind->text;
    switch (bind->kind) {
    case BIND_INT:
    case BIND_BOOL:
        return sqlite3_bind_int64(handle, index, bind->integer);
    case BIND_INSTANT:
        if (bind->integer == 0)
            return sqlite3_bind_null(handle, index);
        return sqlite3_bind_int64(handle, index, bind->integer);
    case BIND_ID:
        if (!id_set(bind->id))
            return sqlite3_bind_null(handle, index);
        text = id_format(bind->id, id_text);
        break;
    case BIND_TEXT:
        if (!str_set(text))
            return sqlite3_bind_null(handle, index);
        break;
    case BIND_END:
        return sqlite3_bind_null(handle, index);
    }
    return sqlite3_bind_text64(handle, index, text.ptr, text.len, SQLITE_STATIC, SQLITE_UTF8);
}

/*
 * Reading the value itself spares the locking of each sqlite3_column_…() call, a quarter of a list's
 * time. It is safe because a link belongs to one thread.
 */
static struct cell cell_of(sqlite3_value *value)
{
    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
        return (struct cell){ .kind = CELL_NULL };
    case SQLITE_INTEGER:
        return (struct cell){ .kind = CELL_INT, .integer = sqlite3_value_int64(value) };
    default:
        break;
    }
    struct cell cell = { .kind = CELL_TEXT };
    cell.text.ptr = (const char *)sqlite3_value_text(value);
    cell.text.len = (size_t)sqlite3_value_bytes(value);
    return cell;
}

static int step_cells(sqlite3_stmt *handle, struct rows *rows, int count, struct error *err,
                      bool *refused)
{
    struct cell cells[ROW_COLUMNS_MAX];
    int result;
    while ((result = sqlite3_step(handle)) == SQLITE_ROW) {
        for (int i = 0; i < count; i++)
            cells[i] = cell_of(sqlite3_column_value(handle, i));
        if (!rows->row(rows, cells, err)) {
            *refused = true;
            return SQLITE_OK;
        }
    }
    return result;
}

/* Steps to the end. False with *err filled when the receiver refused, or when SQLite failed. */
static bool step_all(struct link *link, struct sqlite_statement *statement, struct rows *rows,
                     struct error *err)
{
    sqlite3_stmt *handle = statement->handle;
    int count = sqlite3_column_count(handle);
    if (!rows || !rows->row || count == 0) {
        int result;
        while ((result = sqlite3_step(handle)) == SQLITE_ROW)
            ;
        return result == SQLITE_DONE || sqlite_fail(link, err, "run a statement");
    }
    const char *names[ROW_COLUMNS_MAX];
    assert(count <= ROW_COLUMNS_MAX);
    for (int i = 0; i < count; i++)
        names[i] = sqlite3_column_name(handle, i);
    if (!rows->begin(rows, names, (size_t)count, err))
        return false;
    bool refused = false;
    int result = step_cells(handle, rows, count, err, &refused);
    if (refused)
        return false;
    return result == SQLITE_DONE || sqlite_fail(link, err, "run a statement");
}

bool sqlite_run(struct link *link, const struct sql *sql, const struct bind *binds,
                struct rows *rows, struct error *err)
{
    struct sqlite_statement *statement = statement_of(link, sql, err);
    if (!statement)
        return false;
    char ids[SQLITE_PARAMS_MAX][ID_TEXT_SIZE];
    unsigned given = 0;
    for (; binds[given].kind != BIND_END; given++) {
        assert(given < SQLITE_PARAMS_MAX);
        int index = statement->indexes[given];
        if (index != 0 &&
            bind_one(statement->handle, index, &binds[given], ids[given]) != SQLITE_OK)
            return sqlite_fail(link, err, "bind a value");
    }
    assert(given >= statement->params); /* a parameter without a value would be a silent NULL */

    bool ok = step_all(link, statement, rows, err);
    if (ok && rows)
        rows->changes = statement->writes ? sqlite3_changes64(link->db) : 0;
    (void)sqlite3_reset(statement->handle); /* tells the step's failure again */
    return ok;
}

void sqlite_statements_free(struct link *link)
{
    for (size_t i = 0; i < link->statement_size; i++)
        (void)sqlite3_finalize(link->statements[i].handle);
    free(link->statements);
    link->statements = NULL;
    link->statement_size = link->statement_count = 0;
}
