/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types: their names, and how their values look in JSON. Those that every server has under the same
 * number are in a table; the others (enums, domains, arrays of them, extensions) are looked up once
 * in a session.
 * Source: PostgreSQL 15's pg_type.dat.
 */
#include "connector/postgresql_internal.h"

#include <stdio.h>

#include "base/mem.h"

#define LOOKUP_ROUNDS 8 /* arrays of domains over domains …: more is text */
#define UNKNOWN_MAX ((size_t)64 << 10)

struct pg_known_type {
    struct list_node node;
    struct pg_type type;
    char *name;  /* as the server has it */
    char *shown; /* of an array: its element's with "[]"; NULL until that is known */
    Oid of;      /* what a domain is over; 0 otherwise */
};

/* A type, and arrays of it (0: there are none). Their delimiter is a comma, but for box, which is
 * looked up. */
#define TYPE(number, array_number, of_form, called)                                                \
    {                                                                                              \
        .type = { .oid = (number), .form = (of_form), .delimiter = ',', .name = (called) },        \
        .array = {                                                                                 \
            .oid = (array_number),                                                                 \
            .form = PG_FORM_ARRAY,                                                                 \
            .delimiter = ',',                                                                      \
            .element = (number),                                                                   \
            .name = called "[]"                                                                    \
        }                                                                                          \
    }

static const struct {
    struct pg_type type, array;
} builtin_types[] = {
    TYPE(16, 1000, PG_FORM_BOOL, "bool"),        TYPE(17, 1001, PG_FORM_BYTES, "bytea"),
    TYPE(18, 1002, PG_FORM_TEXT, "char"),        TYPE(19, 1003, PG_FORM_TEXT, "name"),
    TYPE(20, 1016, PG_FORM_INT8, "int8"),        TYPE(21, 1005, PG_FORM_NUMBER, "int2"),
    TYPE(23, 1007, PG_FORM_NUMBER, "int4"),      TYPE(25, 1009, PG_FORM_TEXT, "text"),
    TYPE(26, 1028, PG_FORM_NUMBER, "oid"),       TYPE(114, 199, PG_FORM_JSON, "json"),
    TYPE(142, 143, PG_FORM_TEXT, "xml"),         TYPE(650, 651, PG_FORM_TEXT, "cidr"),
    TYPE(700, 1021, PG_FORM_NUMBER, "float4"),   TYPE(701, 1022, PG_FORM_NUMBER, "float8"),
    TYPE(705, 0, PG_FORM_TEXT, "unknown"),       TYPE(790, 791, PG_FORM_TEXT, "money"),
    TYPE(829, 1040, PG_FORM_TEXT, "macaddr"),    TYPE(869, 1041, PG_FORM_TEXT, "inet"),
    TYPE(1042, 1014, PG_FORM_TEXT, "bpchar"),    TYPE(1043, 1015, PG_FORM_TEXT, "varchar"),
    TYPE(1082, 1182, PG_FORM_TEXT, "date"),      TYPE(1083, 1183, PG_FORM_TEXT, "time"),
    TYPE(1114, 1115, PG_FORM_TIME, "timestamp"), TYPE(1184, 1185, PG_FORM_TIME, "timestamptz"),
    TYPE(1186, 1187, PG_FORM_TEXT, "interval"),  TYPE(1266, 1270, PG_FORM_TIME, "timetz"),
    TYPE(1560, 1561, PG_FORM_TEXT, "bit"),       TYPE(1562, 1563, PG_FORM_TEXT, "varbit"),
    TYPE(1700, 1231, PG_FORM_TEXT, "numeric"),   TYPE(2249, 2287, PG_FORM_TEXT, "record"),
    TYPE(2278, 0, PG_FORM_TEXT, "void"),         TYPE(2950, 2951, PG_FORM_TEXT, "uuid"),
    TYPE(3802, 3807, PG_FORM_JSON, "jsonb"),     TYPE(3904, 3905, PG_FORM_TEXT, "int4range"),
    TYPE(3906, 3907, PG_FORM_TEXT, "numrange"),  TYPE(3908, 3909, PG_FORM_TEXT, "tsrange"),
    TYPE(3910, 3911, PG_FORM_TEXT, "tstzrange"), TYPE(3912, 3913, PG_FORM_TEXT, "daterange"),
    TYPE(3926, 3927, PG_FORM_TEXT, "int8range"),
};

static const struct pg_type nameless = { .form = PG_FORM_TEXT,
                                         .delimiter = ',',
                                         .name = "unknown" };

const struct pg_type *pg_builtin_type(Oid oid)
{
    for (size_t i = 0; oid != 0 && i < ARRAY_LEN(builtin_types); i++) {
        if (builtin_types[i].type.oid == oid)
            return &builtin_types[i].type;
        if (builtin_types[i].array.oid == oid)
            return &builtin_types[i].array;
    }
    return NULL;
}

static struct pg_known_type *find_known(const struct pg *pg, Oid oid)
{
    LIST_EACH(&pg->types, pg_known_type, node, known)
    if (known->type.oid == oid)
        return known;
    return NULL;
}

const struct pg_type *pg_type_of(const struct pg *pg, Oid oid)
{
    const struct pg_type *builtin = pg_builtin_type(oid);
    if (builtin)
        return builtin;
    const struct pg_known_type *known = find_known(pg, oid);
    return known ? &known->type : &nameless;
}

static bool is_known(const struct pg *pg, Oid oid)
{
    return oid == 0 || pg_builtin_type(oid) || find_known(pg, oid);
}

#define LOOKUP_COLUMNS 5

/* One row: number, name, kind (array, domain, other), element or base type, delimiter. */
static const char lookup_sql[] =
    "SELECT t.oid, t.typname,"
    " CASE WHEN t.typtype OPERATOR(pg_catalog.=) 'd' THEN 'd'"
    " WHEN t.typinput OPERATOR(pg_catalog.=) 'pg_catalog.array_in'::pg_catalog.regproc THEN 'a'"
    " ELSE 'o' END,"
    " CASE WHEN t.typtype OPERATOR(pg_catalog.=) 'd' THEN t.typbasetype ELSE t.typelem END,"
    " t.typdelim FROM pg_catalog.pg_type t"
    " WHERE t.oid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])";

static Oid to_oid(const char *text)
{
    int64_t value = 0;
    (void)str_to_int64(str_from(text), &value);
    return (Oid)value;
}

/* What parts the elements of an array literal; whatever would be read as something else is a comma. */
static char to_delimiter(const char *text)
{
    if (text[0] == '\0' || strchr("{}\"\\", text[0]))
        return ',';
    return text[0];
}

static void keep_type(struct pg *pg, const PGresult *rows, int row)
{
    struct pg_known_type *known = NEW(pg_known_type);
    char kind = PQgetvalue(rows, row, 2)[0];
    known->type = (struct pg_type){
        .oid = to_oid(PQgetvalue(rows, row, 0)),
        .form = kind == 'a' ? PG_FORM_ARRAY : PG_FORM_TEXT,
        .delimiter = to_delimiter(PQgetvalue(rows, row, 4)),
        .element = kind == 'a' ? to_oid(PQgetvalue(rows, row, 3)) : 0,
    };
    known->type.name = known->name = xstrdup(str_from(PQgetvalue(rows, row, 1)));
    known->of = kind == 'd' ? to_oid(PQgetvalue(rows, row, 3)) : 0;
    list_push(&pg->types, &known->node);
}

/* An array is called after its element, a domain behaves like what it is over. */
static void settle_types(struct pg *pg)
{
    LIST_EACH(&pg->types, pg_known_type, node, known)
    {
        if (known->of != 0 && is_known(pg, known->of)) {
            const struct pg_type *base = pg_type_of(pg, known->of);
            known->type.form = base->form;
            known->type.element = base->element;
            known->type.delimiter = base->delimiter;
        }
        if (known->type.form != PG_FORM_ARRAY || known->of != 0 || known->shown ||
            !is_known(pg, known->type.element))
            continue;
        struct buf name;
        buf_init(&name, SIZE_MAX);
        buf_printf(&name, "%s[]", pg_type_of(pg, known->type.element)->name);
        known->type.name = known->shown = buf_take(&name, &(size_t){ 0 });
    }
}

/* Appends those of `oids`, and what the known ones are made of, that are not known: "{1,2}". */
static size_t list_unknown(const struct pg *pg, const Oid *oids, size_t count, struct buf *out)
{
    size_t unknown = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_known(pg, oids[i]))
            buf_printf(out, "%c%u", unknown++ ? ',' : '{', oids[i]);
    LIST_EACH(&pg->types, pg_known_type, node, known)
    {
        Oid part = known->of != 0 ? known->of : known->type.element;
        if (!is_known(pg, part))
            buf_printf(out, "%c%u", unknown++ ? ',' : '{', part);
    }
    buf_add_byte(out, '}');
    return unknown;
}

bool pg_take_types(struct pg *pg, const PGresult *rows, int *learned, struct error *err)
{
    *learned = rows ? PQntuples(rows) : 0;
    /* A server may be anything: what it leaves out has no value at all. */
    if (*learned > 0 && PQnfields(rows) != LOOKUP_COLUMNS) {
        pg->conn.broken = true;
        return fail(err, ERR_SERVER_PROTOCOL, "the server answered with other columns than asked");
    }
    for (int row = 0; row < *learned; row++)
        keep_type(pg, rows, row);
    settle_types(pg);
    return true;
}

static bool ask(struct pg *pg, struct pg_wait *wait, const char *unknown, int *learned,
                struct error *err)
{
    AUTO(pg_result) rows = NULL;
    const char *const values[] = { unknown };
    if (!PQsendQueryParams(pg->link, lookup_sql, 1, NULL, values, NULL, NULL, 0))
        return pg_fail_lost(pg, err);
    return pg_send_sync(pg, err) && pg_read_flight(pg, wait, PGRES_TUPLES_OK, &rows, err) &&
           pg_take_types(pg, rows, learned, err);
}

bool pg_learn_types(struct pg *pg, struct pg_wait *wait, const Oid *oids, size_t count, bool *asked,
                    struct error *err)
{
    bool more = true;
    for (int round = 0; round < LOOKUP_ROUNDS && more; round++) {
        struct buf unknown;
        buf_init(&unknown, UNKNOWN_MAX);
        size_t missing = list_unknown(pg, oids, count, &unknown);
        struct str list;
        bool ok = buf_finish(&unknown, &list, err);
        int learned = 0;
        if (ok && missing > 0) {
            *asked = true;
            ok = ask(pg, wait, list.ptr, &learned, err);
        }
        buf_done(&unknown);
        if (!ok)
            return false;
        /* A type that was dropped meanwhile is in no row: no use in asking again. */
        more = learned > 0;
    }
    return true;
}

void pg_forget_types(struct pg *pg)
{
    LIST_EACH(&pg->types, pg_known_type, node, known)
    {
        list_remove(&known->node);
        free(known->name);
        free(known->shown);
        free(known);
    }
}
