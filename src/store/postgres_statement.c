/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements of the PostgreSQL driver: prepared once a session, found by the address of their struct
 * sql and the role that they are planned for; values and rows travel in binary, each kind of value
 * under its own type, so that the server guesses nothing.
 */
#define _DEFAULT_SOURCE /* htobe64 */
#include "store/postgres_internal.h"

#include <assert.h>
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define STATEMENTS_FIRST 64
/* From 1970 to 2000, where PostgreSQL's time begins. */
#define EPOCH_US INT64_C(946684800000000)

/* Types of PostgreSQL: src/include/catalog/pg_type.dat. They never change. */
enum {
    TYPE_BOOL = 16,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
    TYPE_NAME = 19,
    TYPE_VARCHAR = 1043,
    TYPE_TIMESTAMPTZ = 1184,
    TYPE_UUID = 2950,
};

/* --- prepared ones --- */

static size_t place_of(const struct sql *sql, enum pg_role role, size_t size)
{
    uint64_t hash = ((uint64_t)(uintptr_t)sql + role) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(hash >> 40) & (size - 1);
}

/* The statement's place, or the empty one where it belongs. */
static struct pg_statement *find_place(struct pg_statement *places, size_t size,
                                       const struct sql *sql, enum pg_role role)
{
    size_t at = place_of(sql, role, size);
    while (places[at].sql && (places[at].sql != sql || places[at].role != role))
        at = (at + 1) & (size - 1);
    return &places[at];
}

static void grow(struct link *link)
{
    size_t size = link->statement_size ? link->statement_size * 2 : STATEMENTS_FIRST;
    struct pg_statement *places = xcalloc(size, sizeof(*places));
    for (size_t i = 0; i < link->statement_size; i++) {
        const struct pg_statement *old = &link->statements[i];
        if (old->sql)
            *find_place(places, size, old->sql, old->role) = *old;
    }
    free(link->statements);
    link->statements = places;
    link->statement_size = size;
}

static struct pg_statement *statement_of(struct link *link, const struct sql *sql,
                                         enum pg_role role)
{
    if (link->statement_count * 2 >= link->statement_size)
        grow(link);
    struct pg_statement *place = find_place(link->statements, link->statement_size, sql, role);
    if (!place->sql)
        *place = (struct pg_statement){ sql, role, (unsigned)++link->statement_count, false };
    return place;
}

void postgres_note_prepared(struct link *link, const struct sql *sql, enum pg_role role)
{
    statement_of(link, sql, role)->prepared = true;
}

void postgres_forget_statements(struct link *link)
{
    free(link->statements);
    link->statements = NULL;
    link->statement_count = link->statement_size = 0;
}

/* --- values --- */

struct values {
    int count;
    Oid types[PG_PARAMS_MAX];
    const char *values[PG_PARAMS_MAX];
    int lengths[PG_PARAMS_MAX], formats[PG_PARAMS_MAX];
    uint64_t integers[PG_PARAMS_MAX]; /* as they travel */
    char bools[PG_PARAMS_MAX];
};

static void put(struct values *values, Oid type, const void *value, size_t length)
{
    int at = values->count++;
    values->types[at] = type;
    values->values[at] = value;
    values->lengths[at] = (int)length;
    values->formats[at] = 1;
}

static void put_one(struct values *values, const struct bind *bind)
{
    uint64_t *integer = &values->integers[values->count];
    char *yes = &values->bools[values->count];
    switch (bind->kind) {
    case BIND_INT:
        *integer = htobe64((uint64_t)bind->integer);
        put(values, TYPE_INT8, integer, sizeof(*integer));
        return;
    case BIND_BOOL:
        *yes = bind->integer != 0 ? 1 : 0;
        put(values, TYPE_BOOL, yes, 1);
        return;
    case BIND_INSTANT:
        *integer = htobe64((uint64_t)(bind->integer - EPOCH_US));
        put(values, TYPE_TIMESTAMPTZ, bind->integer == 0 ? NULL : integer, sizeof(*integer));
        return;
    case BIND_ID:
        put(values, TYPE_UUID, id_set(bind->id) ? bind->id.bytes : NULL, sizeof(bind->id.bytes));
        return;
    case BIND_TEXT:
    case BIND_END:
        break;
    }
    /* An empty text may have no address; NULL would be no text at all. */
    put(values, TYPE_TEXT, str_set(bind->text) && bind->text.len == 0 ? "" : bind->text.ptr,
        bind->text.len);
}

bool postgres_queue(struct link *link, const struct sql *sql, enum pg_role role,
                    const struct bind *binds, enum pg_awaited_kind kind, struct error *err)
{
    struct values values;
    values.count = 0;
    for (; binds->kind != BIND_END; binds++) {
        assert(values.count < PG_PARAMS_MAX);
        put_one(&values, binds);
    }
    if (!link->session)
        return fail(err, ERR_UNAVAILABLE, "the store's server went away");
    bool full = link->awaited_count + 2 > PG_QUEUE_MAX || link->awaited_bytes > PG_QUEUE_BYTES_MAX;
    if (full && !postgres_round_without_rows(link, err))
        return false;
    for (int i = 0; i < values.count; i++)
        link->awaited_bytes += (size_t)values.lengths[i];
    const struct pg_statement *statement = statement_of(link, sql, role);
    char name[16];
    (void)snprintf(name, sizeof(name), "t%u", statement->number);
    if (!statement->prepared) {
        struct pg_awaited preparing = { PG_PREPARING, sql, role };
        int sent = PQsendPrepare(link->session, name, sql->postgres, values.count, values.types);
        if (!postgres_expect(link, preparing, sent, err))
            return false;
    }
    int sent = PQsendQueryPrepared(link->session, name, values.count, values.values, values.lengths,
                                   values.formats, 1);
    return postgres_expect(link, (struct pg_awaited){ .kind = kind }, sent, err);
}

/* --- rows --- */

static int64_t read_integer(const char *value, int length)
{
    uint64_t eight = 0;
    uint32_t four = 0;
    uint16_t two = 0;
    switch (length) {
    case 8:
        memcpy(&eight, value, 8);
        return (int64_t)be64toh(eight);
    case 4:
        memcpy(&four, value, 4);
        return (int32_t)be32toh(four);
    case 2:
        memcpy(&two, value, 2);
        return (int16_t)be16toh(two);
    default:
        return *value != 0; /* a boolean */
    }
}

/* `id_text` is room for an id's text, which the cell then points to. */
static bool read_cell(const PGresult *result, int row, int column, char *id_text, struct cell *out,
                      struct error *err)
{
    const char *value = PQgetvalue(result, row, column);
    int length = PQgetlength(result, row, column);
    struct id id;
    *out = (struct cell){ .kind = CELL_NULL };
    if (PQgetisnull(result, row, column))
        return true;
    switch ((int)PQftype(result, column)) {
    case TYPE_BOOL:
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
        *out = (struct cell){ .kind = CELL_INT, .integer = read_integer(value, length) };
        return true;
    case TYPE_TIMESTAMPTZ:
        *out = (struct cell){ .kind = CELL_INT, .integer = read_integer(value, length) + EPOCH_US };
        return true;
    case TYPE_UUID:
        memcpy(id.bytes, value, sizeof(id.bytes));
        *out = (struct cell){ .kind = CELL_TEXT, .text = id_format(id, id_text) };
        return true;
    case TYPE_TEXT:
    case TYPE_VARCHAR:
    case TYPE_NAME:
        *out = (struct cell){ .kind = CELL_TEXT, .text = { value, (size_t)length } };
        return true;
    default:
        return fail(err, ERR_INTERNAL, "the store gave the column \"%s\" a type of its own: %u",
                    PQfname(result, column), PQftype(result, column));
    }
}

bool postgres_deliver(const PGresult *result, struct rows *rows, struct error *err)
{
    struct cell cells[ROW_COLUMNS_MAX];
    char ids[ROW_COLUMNS_MAX][ID_TEXT_SIZE];
    const char *names[ROW_COLUMNS_MAX];
    int columns = PQnfields(result), count = PQntuples(result);
    if (!rows->row || columns == 0)
        return true;
    assert(columns <= ROW_COLUMNS_MAX);
    for (int i = 0; i < columns; i++)
        names[i] = PQfname(result, i);
    if (!rows->begin(rows, names, (size_t)columns, err))
        return false;
    for (int row = 0; row < count; row++) {
        for (int i = 0; i < columns; i++)
            if (!read_cell(result, row, i, ids[i], &cells[i], err))
                return false;
        if (!rows->row(rows, cells, err))
            return false;
    }
    return true;
}

bool postgres_ask(struct link *link, const struct sql *sql, const struct bind *binds,
                  PGresult **out, struct error *err)
{
    return postgres_queue(link, sql, PG_SELF, binds, PG_ROWS, err) &&
           postgres_round(link, out, err);
}
