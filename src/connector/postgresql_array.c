/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Array literals, both ways: {1,2,NULL,"a \"b\""}, nested for more dimensions.
 * Source: PostgreSQL 15 documentation, 8.15.6 "Array Input and Output Syntax".
 */
#include "connector/postgresql_internal.h"

#include <stdio.h>
#include <strings.h>

#include "base/mem.h"
#include "connector/base64.h"

#define DIMENSIONS_MAX 6
/*
 * Arrays may lie in arrays without end, by way of domains. So many levels, those of the result around
 * them included, leave room for a cell of JSON within what our own reader takes.
 */
#define LEVELS_MAX 16

/* --- to JSON ---------------------------------------------------------------------------------- */

struct reader {
    struct str text;
    size_t at;
    const struct pg *pg;
    const struct pg_type *element;
    struct json_writer *w; /* NULL: only look whether it is an array */
    int outside;           /* levels that are open around it */
    struct buf item;       /* an element without its quotes and escapes */
};

static char peek(const struct reader *r)
{
    if (r->at >= r->text.len)
        return '\0';
    return r->text.ptr[r->at];
}

static bool take_quoted(struct reader *r)
{
    for (r->at++; r->at < r->text.len && peek(r) != '"'; r->at++) {
        if (peek(r) == '\\' && r->at + 1 < r->text.len)
            r->at++;
        buf_add_byte(&r->item, peek(r));
    }
    return r->at++ < r->text.len;
}

static bool take_bare(struct reader *r)
{
    size_t from = r->at;
    while (r->at < r->text.len && peek(r) != r->element->delimiter && peek(r) != '}')
        r->at++;
    buf_add(&r->item, str_slice(r->text, from, r->at));
    return r->at > from;
}

static bool read_element(struct reader *r)
{
    bool quoted = peek(r) == '"';
    buf_reset(&r->item);
    if (!(quoted ? take_quoted(r) : take_bare(r)))
        return false;
    struct str item = buf_str(&r->item);
    if (!r->w)
        return true;
    if (!quoted && str_eq(item, STR("NULL")))
        json_null(r->w);
    else
        pg_write_value(r->w, r->pg, r->element, item);
    return true;
}

static bool read_list(struct reader *r, int depth)
{
    if (depth > DIMENSIONS_MAX || r->outside + depth > LEVELS_MAX || peek(r) != '{')
        return false;
    r->at++;
    if (r->w)
        json_begin_array(r->w);
    while (peek(r) != '}') {
        if (!(peek(r) == '{' ? read_list(r, depth + 1) : read_element(r)))
            return false;
        if (peek(r) == r->element->delimiter)
            r->at++;
        else if (peek(r) != '}')
            return false;
    }
    r->at++;
    if (r->w)
        json_end_array(r->w);
    return true;
}

bool pg_write_array(struct json_writer *w, const struct pg *pg, const struct pg_type *type,
                    struct str text)
{
    /* Bounds that do not begin at 1 stand in front: [0:2]={…}. JSON has no place for them. */
    size_t from = text.len > 0 && text.ptr[0] == '[' ? str_find(text, STR("={")) + 1 : 0;
    struct reader r = { .text = str_slice(text, from, text.len), .pg = pg };
    r.outside = (int)w->depth;
    r.element = pg_type_of(pg, type->element);
    buf_init(&r.item, w->buf->max);
    bool is_array = read_list(&r, 1) && r.at == r.text.len;
    if (is_array) {
        r.at = 0;
        r.w = w;
        (void)read_list(&r, 1);
    }
    buf_done(&r.item);
    return is_array;
}

/* --- from JSON -------------------------------------------------------------------------------- */

static void add_quoted(struct buf *out, struct str text)
{
    buf_add_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            buf_add_byte(out, '\\');
        buf_add_byte(out, text.ptr[i]);
    }
    buf_add_byte(out, '"');
}

static bool add_bytes(struct buf *out, const struct json *value, const char *place,
                      struct error *err)
{
    static const char digits[] = "0123456789abcdef";
    struct str encoded = base64_find(value), bytes;
    AUTO(arena) arena = arena_new();
    if (!str_set(encoded) || !base64_decode(arena, encoded, &bytes))
        return fail_field(err, ERR_PARAM_NOT_EXACT, place,
                          "bytes are written {\"base64\": \"…\"}, or as text");
    buf_add_c(out, "\"\\\\x");
    for (size_t i = 0; i < bytes.len; i++) {
        buf_add_byte(out, digits[(unsigned char)bytes.ptr[i] >> 4]);
        buf_add_byte(out, digits[bytes.ptr[i] & 15]);
    }
    buf_add_byte(out, '"');
    return true;
}

/* An element that is an array itself, as one of a domain over arrays is: a literal in a literal. */
static bool add_literal(const struct pg *pg, const struct pg_type *type, const struct json *array,
                        const char *place, struct buf *out, struct error *err)
{
    struct buf literal;
    struct str text;
    buf_init(&literal, out->max);
    bool ok =
        pg_array_literal(pg, type, array, place, &literal, err) && buf_finish(&literal, &text, err);
    if (ok)
        add_quoted(out, text);
    buf_done(&literal);
    return ok;
}

static bool add_element(const struct pg *pg, const struct pg_type *type, const struct json *value,
                        const char *place, struct buf *out, struct error *err)
{
    const struct pg_type *element = pg_type_of(pg, type->element);
    switch (value->kind) {
    case JSON_NULL:
        buf_add_c(out, "NULL");
        return true;
    case JSON_BOOL:
        buf_add_c(out, value->boolean ? "true" : "false");
        return true;
    case JSON_NUMBER:
        buf_add(out, value->text);
        return true;
    case JSON_STRING:
        if (str_find_byte(value->text, '\0') < value->text.len)
            return fail_field(err, ERR_PARAM_NOT_EXACT, place,
                              "PostgreSQL has no text with the character U+0000");
        add_quoted(out, value->text);
        return true;
    case JSON_ARRAY:
        if (element->form == PG_FORM_ARRAY)
            return add_literal(pg, element, value, place, out, err);
        if (element->form != PG_FORM_JSON)
            return pg_array_literal(pg, type, value, place, out, err);
        add_quoted(out, value->raw);
        return true;
    case JSON_OBJECT:
        if (element->form == PG_FORM_BYTES)
            return add_bytes(out, value, place, err);
        add_quoted(out, value->raw);
        return true;
    }
    return true;
}

bool pg_array_literal(const struct pg *pg, const struct pg_type *type, const struct json *array,
                      const char *place, struct buf *out, struct error *err)
{
    buf_add_byte(out, '{');
    for (size_t i = 0; i < array->count; i++) {
        char inner[96];
        (void)snprintf(inner, sizeof(inner), "%s[%zu]", place, i);
        if (i > 0)
            buf_add_byte(out, pg_type_of(pg, type->element)->delimiter);
        if (!add_element(pg, type, &array->items[i], inner, out, err))
            return false;
    }
    buf_add_byte(out, '}');
    return true;
}
