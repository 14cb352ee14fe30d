/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of a transaction: values to bind on their way in, rows to structs on their way out. */
#include <assert.h>
#include <string.h>

#include "schema/row.h"
#include "store/internal.h"

struct scope scope_system(void)
{
    return (struct scope){ .kind = SCOPE_SYSTEM };
}

struct scope scope_user(struct id user_id)
{
    return (struct scope){ .kind = SCOPE_USER, .id = user_id };
}

struct scope scope_project(struct id project_id)
{
    return (struct scope){ .kind = SCOPE_PROJECT, .id = project_id };
}

struct bind bind_int(int64_t value)
{
    return (struct bind){ .kind = BIND_INT, .integer = value };
}

struct bind bind_bool(bool value)
{
    return (struct bind){ .kind = BIND_BOOL, .integer = value };
}

struct bind bind_text(struct str text)
{
    return (struct bind){ .kind = BIND_TEXT, .text = text };
}

struct bind bind_json(struct json_text json)
{
    return bind_text(json.text);
}

struct bind bind_id(struct id id)
{
    return (struct bind){ .kind = BIND_ID, .id = id };
}

struct bind bind_instant(struct instant at)
{
    return (struct bind){ .kind = BIND_INSTANT, .integer = at.us };
}

/* --- statements --- */

void tx_rights_changed(struct tx *tx)
{
    tx->rights_changed = true;
}

bool tx_run(struct tx *tx, const struct sql *sql, const struct bind *binds, int64_t *changes,
            struct error *err)
{
    struct rows rows = { 0 };
    if (!tx->driver->run(tx->link, sql, binds, &rows, err))
        return false;
    if (changes)
        *changes = rows.changes;
    return true;
}

bool tx_later(struct tx *tx, const struct sql *sql, const struct bind *binds, struct error *err)
{
    return tx->driver->later ? tx->driver->later(tx->link, sql, binds, err)
                             : tx_run(tx, sql, binds, NULL, err);
}

/* Rows that become structs side by side. */
struct struct_rows {
    struct rows rows;
    struct row_map map;
    const struct shape *shape;
    struct arena *arena;
    char *items;
    size_t count, size;
};

static bool struct_rows_begin(struct rows *rows, const char *const *names, size_t count,
                              struct error *err)
{
    (void)err;
    struct struct_rows *into = CONTAINER_OF(rows, struct struct_rows, rows);
    row_map_init(&into->map, into->shape, names, count);
    return true;
}

static void make_room(struct struct_rows *into)
{
    size_t size = into->size ? into->size * 2 : 8;
    char *items = arena_array(into->arena, size, into->shape->size);
    if (into->count > 0)
        memcpy(items, into->items, into->count * into->shape->size);
    into->items = items;
    into->size = size;
}

static bool struct_rows_row(struct rows *rows, const struct cell *cells, struct error *err)
{
    struct struct_rows *into = CONTAINER_OF(rows, struct struct_rows, rows);
    if (into->count == into->size)
        make_room(into);
    if (!row_decode(&into->map, cells, into->arena, into->items + into->count * into->shape->size,
                    err))
        return false;
    into->count++;
    return true;
}

bool tx_all(struct tx *tx, const struct sql *sql, const struct bind *binds,
            const struct shape *shape, struct arena *arena, struct array *out, struct error *err)
{
    struct struct_rows into = {
        .rows = { .begin = struct_rows_begin, .row = struct_rows_row },
        .shape = shape,
        .arena = arena,
    };
    if (!tx->driver->run(tx->link, sql, binds, &into.rows, err))
        return false;
    if (into.size == 0)
        make_room(&into); /* an empty list is there, too */
    *out = (struct array){ .items = into.items, .count = into.count };
    return true;
}

/* At most one row that becomes a struct. */
struct struct_row {
    struct rows rows;
    struct row_map map;
    const struct shape *shape;
    struct arena *arena;
    void *out;
    bool found;
};

static bool struct_row_begin(struct rows *rows, const char *const *names, size_t count,
                             struct error *err)
{
    (void)err;
    struct struct_row *into = CONTAINER_OF(rows, struct struct_row, rows);
    row_map_init(&into->map, into->shape, names, count);
    return true;
}

static bool struct_row_row(struct rows *rows, const struct cell *cells, struct error *err)
{
    struct struct_row *into = CONTAINER_OF(rows, struct struct_row, rows);
    assert(!into->found); /* the statement promised at most one */
    into->found = true;
    return row_decode(&into->map, cells, into->arena, into->out, err);
}

/* NOLINTNEXTLINE(readability-function-size): what tx_all() takes, and one more */
bool tx_one(struct tx *tx, const struct sql *sql, const struct bind *binds,
            const struct shape *shape, struct arena *arena, void *out, bool *found,
            struct error *err)
{
    struct struct_row into = {
        .rows = { .begin = struct_row_begin, .row = struct_row_row },
        .shape = shape,
        .arena = arena,
        .out = out,
    };
    if (!tx->driver->run(tx->link, sql, binds, &into.rows, err))
        return false;
    if (found)
        *found = into.found;
    else if (!into.found)
        return fail(err, ERR_NOT_FOUND, "there is no such row");
    return true;
}

struct int_row {
    struct rows rows;
    int64_t value;
};

static bool int_row_begin(struct rows *rows, const char *const *names, size_t count,
                          struct error *err)
{
    (void)rows;
    (void)names;
    (void)err;
    assert(count == 1);
    return true;
}

static bool int_row_row(struct rows *rows, const struct cell *cells, struct error *err)
{
    struct int_row *into = CONTAINER_OF(rows, struct int_row, rows);
    if (cells[0].kind == CELL_INT)
        into->value = cells[0].integer;
    else if (cells[0].kind == CELL_TEXT && !str_to_int64(cells[0].text, &into->value))
        return fail(err, ERR_INTERNAL, "the store gave a text where an integer belongs");
    return true;
}

bool tx_int(struct tx *tx, const struct sql *sql, const struct bind *binds, int64_t *out,
            struct error *err)
{
    struct int_row into = { .rows = { .begin = int_row_begin, .row = int_row_row } };
    if (!tx->driver->run(tx->link, sql, binds, &into.rows, err))
        return false;
    *out = into.value;
    return true;
}

/* --- for table files --- */

bool fail_taken(struct error *err, const char *field, const char *what, struct str name)
{
    if (err->code == ERR_CONFLICT)
        (void)fail_field(err, ERR_CONFLICT, field, "there is %s \"" STR_FMT "\" already", what,
                         STR_ARG(name));
    return false;
}

bool changed_one(int64_t changes, const char *what, struct error *err)
{
    return changes > 0 || fail(err, ERR_NOT_FOUND, "there is no such %s", what);
}
