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

#define SCALAR(oid, form, name)                                                                    \
    {                                                                                              \
        oid, form, ',', 0, name                                                                    \
    }
#define ARRAY(oid, element, name)                                                                  \
    {                                                                                              \
        oid, PG_FORM_ARRAY, ',', element, name "[]"                                                \
    }

static const struct pg_type builtin_types[] = {
    SCALAR(16, PG_FORM_BOOL, "bool"),
    SCALAR(17, PG_FORM_BYTES, "bytea"),
    SCALAR(18, PG_FORM_TEXT, "char"),
    SCALAR(19, PG_FORM_TEXT, "name"),
    SCALAR(20, PG_FORM_INT8, "int8"),
    SCALAR(21, PG_FORM_NUMBER, "int2"),
    SCALAR(23, PG_FORM_NUMBER, "int4"),
    SCALAR(25, PG_FORM_TEXT, "text"),
    SCALAR(26, PG_FORM_NUMBER, "oid"),
    SCALAR(114, PG_FORM_JSON, "json"),
    SCALAR(142, PG_FORM_TEXT, "xml"),
    ARRAY(199, 114, "json"),
    SCALAR(650, PG_FORM_TEXT, "cidr"),
    ARRAY(651, 650, "cidr"),
    SCALAR(700, PG_FORM_NUMBER, "float4"),
    SCALAR(701, PG_FORM_NUMBER, "float8"),
    SCALAR(705, PG_FORM_TEXT, "unknown"),
    SCALAR(790, PG_FORM_TEXT, "money"),
    ARRAY(791, 790, "money"),
    SCALAR(829, PG_FORM_TEXT, "macaddr"),
    SCALAR(869, PG_FORM_TEXT, "inet"),
    ARRAY(1000, 16, "bool"),
    ARRAY(1001, 17, "bytea"),
    ARRAY(1002, 18, "char"),
    ARRAY(1003, 19, "name"),
    ARRAY(1005, 21, "int2"),
    ARRAY(1007, 23, "int4"),
    ARRAY(1009, 25, "text"),
    ARRAY(1014, 1042, "bpchar"),
    ARRAY(1015, 1043, "varchar"),
    ARRAY(1016, 20, "int8"),
    ARRAY(1021, 700, "float4"),
    ARRAY(1022, 701, "float8"),
    ARRAY(1028, 26, "oid"),
    ARRAY(1041, 869, "inet"),
    SCALAR(1042, PG_FORM_TEXT, "bpchar"),
    SCALAR(1043, PG_FORM_TEXT, "varchar"),
    SCALAR(1082, PG_FORM_TEXT, "date"),
    SCALAR(1083, PG_FORM_TEXT, "time"),
    SCALAR(1114, PG_FORM_TIME, "timestamp"),
    ARRAY(1115, 1114, "timestamp"),
    ARRAY(1182, 1082, "date"),
    ARRAY(1183, 1083, "time"),
    SCALAR(1184, PG_FORM_TIME, "timestamptz"),
    ARRAY(1185, 1184, "timestamptz"),
    SCALAR(1186, PG_FORM_TEXT, "interval"),
    ARRAY(1187, 1186, "interval"),
    ARRAY(1231, 1700, "numeric"),
    SCALAR(1266, PG_FORM_TIME, "timetz"),
    ARRAY(1270, 1266, "timetz"),
    SCALAR(1700, PG_FORM_TEXT, "numeric"),
    SCALAR(2249, PG_FORM_TEXT, "record"),
    SCALAR(2278, PG_FORM_TEXT, "void"),
    SCALAR(2950, PG_FORM_TEXT, "uuid"),
    ARRAY(2951, 2950, "uuid"),
    SCALAR(3802, PG_FORM_JSON, "jsonb"),
    ARRAY(3807, 3802, "jsonb"),
};

static const struct pg_type nameless = SCALAR(0, PG_FORM_TEXT, "unknown");

const struct pg_type *pg_builtin_type(Oid oid)
{
    size_t low = 0, high = ARRAY_LEN(builtin_types);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (builtin_types[middle].oid < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < ARRAY_LEN(builtin_types) && builtin_types[low].oid == oid ? &builtin_types[low]
                                                                           : NULL;
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

static void keep_type(struct pg *pg, const PGresult *rows, int row)
{
    struct pg_known_type *known = NEW(pg_known_type);
    char kind = PQgetvalue(rows, row, 2)[0];
    known->type = (struct pg_type){
        .oid = to_oid(PQgetvalue(rows, row, 0)),
        .form = kind == 'a' ? PG_FORM_ARRAY : PG_FORM_TEXT,
        .delimiter = PQgetvalue(rows, row, 4)[0],
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

static bool ask(struct pg *pg, struct pg_wait *wait, const char *unknown, int *learned,
                struct error *err)
{
    AUTO(pg_result) rows = NULL;
    const char *const values[] = { unknown };
    if (!PQsendQueryParams(pg->link, lookup_sql, 1, NULL, values, NULL, NULL, 0))
        return pg_fail_send(pg, err);
    if (!pg_send_sync(pg, err) || !pg_finish_flight(pg, wait, &rows, err))
        return false;
    *learned = rows ? PQntuples(rows) : 0;
    for (int row = 0; row < *learned; row++)
        keep_type(pg, rows, row);
    settle_types(pg);
    return true;
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
