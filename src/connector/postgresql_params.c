/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters: a JSON value goes as the text that means it, by the type the server asks for. They
 * are bound, never spliced, and never changed on the way: what cannot arrive as it is, is refused.
 */
#include "connector/postgresql_internal.h"

#include <stdio.h>

#include "connector/base64.h"

#define PARAMS_MAX 65535
#define LITERAL_MAX ((size_t)256 << 20)

enum {
    FORMAT_TEXT,
    FORMAT_BINARY,
};

struct value {
    const char *text; /* NUL-terminated when it is text; NULL = NULL */
    size_t len;
    int format;
};

/* Texts are C strings in libpq, so a NUL would cut them. */
static bool plain_text(struct arena *arena, struct str text, const char *place, struct value *out,
                       struct error *err)
{
    if (str_find_byte(text, '\0') < text.len)
        return fail_field(err, ERR_PARAM_NOT_EXACT, place,
                          "PostgreSQL has no text with the character U+0000");
    out->text = arena_c(arena, text);
    return true;
}

static bool bytes(struct arena *arena, const struct json *value, const char *place,
                  struct value *out, struct error *err)
{
    struct str encoded = base64_find(value), plain;
    if (!str_set(encoded) || !base64_decode(arena, encoded, &plain))
        return fail_field(err, ERR_PARAM_NOT_EXACT, place,
                          "bytes are written {\"base64\": \"…\"}, or as text");
    *out = (struct value){ plain.ptr, plain.len, FORMAT_BINARY };
    return true;
}

static bool array(const struct pg *pg, struct arena *arena, const struct pg_type *type,
                  const struct json *value, const char *place, struct value *out, struct error *err)
{
    struct buf literal;
    struct str text;
    buf_init(&literal, LITERAL_MAX);
    bool ok =
        pg_array_literal(pg, type, value, place, &literal, err) && buf_finish(&literal, &text, err);
    if (ok)
        out->text = arena_c(arena, text);
    buf_done(&literal);
    return ok;
}

static bool convert(const struct pg *pg, struct arena *arena, const struct pg_type *type,
                    const struct json *json, const char *place, struct value *out,
                    struct error *err)
{
    *out = (struct value){ 0 };
    switch (json->kind) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        out->text = json->boolean ? "true" : "false";
        return true;
    case JSON_NUMBER:
    case JSON_STRING:
        return plain_text(arena, json->text, place, out, err);
    case JSON_ARRAY:
        if (type->form == PG_FORM_ARRAY)
            return array(pg, arena, type, json, place, out, err);
        if (type->form == PG_FORM_BYTES)
            return bytes(arena, json, place, out, err);
        return plain_text(arena, json->raw, place, out, err);
    case JSON_OBJECT:
        if (type->form == PG_FORM_BYTES)
            return bytes(arena, json, place, out, err);
        return plain_text(arena, json->raw, place, out, err);
    }
    return true;
}

static bool check_count(size_t expected, size_t given, struct error *err)
{
    if (given > PARAMS_MAX)
        return fail_field(err, ERR_PARAM_COUNT, "parameters", "%zu are too many: at most %d", given,
                          PARAMS_MAX);
    if (expected == given)
        return true;
    if (expected == 0)
        return fail_field(err, ERR_PARAM_COUNT, "parameters",
                          "the query takes no parameters, but %zu %s given", given,
                          given == 1 ? "was" : "were");
    return fail_field(err, ERR_PARAM_COUNT, "parameters",
                      "the query takes %zu (up to $%zu), but %zu %s given", expected, expected,
                      given, given == 1 ? "was" : "were");
}

bool pg_bind(const struct pg *pg, const struct pg_statement *statement,
             const struct json *parameters, struct arena *arena, struct pg_binds *out,
             struct error *err)
{
    size_t count = parameters ? parameters->count : 0;
    if (!check_count(statement->param_count, count, err))
        return false;
    struct pg_binds binds = {
        .count = (int)count,
        .values = arena_array(arena, count + 1, sizeof(*binds.values)),
        .lengths = arena_array(arena, count + 1, sizeof(*binds.lengths)),
        .formats = arena_array(arena, count + 1, sizeof(*binds.formats)),
    };
    for (size_t i = 0; i < count; i++) {
        char place[40];
        struct value value;
        (void)snprintf(place, sizeof(place), "parameters[%zu]", i);
        const struct pg_type *type = pg_type_of(pg, statement->params[i]);
        if (!convert(pg, arena, type, &parameters->items[i], place, &value, err))
            return false;
        binds.values[i] = value.text;
        binds.lengths[i] = (int)value.len;
        binds.formats[i] = value.format;
    }
    *out = binds;
    return true;
}
