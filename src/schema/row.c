/* SPDX-License-Identifier: Apache-2.0 */
/* SQL row to struct: which column fills which member is found once a statement, not once a row. */
#include "schema/row.h"

#include <assert.h>
#include <string.h>

#include "json/read.h"
#include "schema/internal.h"

void row_map_init(struct row_map *map, const struct shape *shape, const char *const *names,
                  size_t count)
{
    assert(count <= ROW_COLUMNS_MAX);
    map->shape = shape;
    map->count = count;
    /* Our statements name columns in the order of the fields, mostly. */
    const struct field *next = shape->fields;
    for (size_t i = 0; i < count; i++) {
        const struct field *field = next;
        if (!field->name || strcmp(field->member, names[i]) != 0)
            for (field = shape->fields; field->name; field++)
                if (strcmp(field->member, names[i]) == 0)
                    break;
        map->fields[i] = field->name ? field : NULL;
        if (field->name)
            next = field + 1;
    }
}

/* A copy; drivers may give empty text as NULL, which would read as absent. */
static struct str copy(struct arena *arena, const struct cell *cell)
{
    return arena_str(arena, cell->text.len > 0 ? cell->text : STR(""));
}

/* Says which column cannot be read. Always false. */
static bool misfit(const struct field *field, const struct cell *cell, const char *expected,
                   struct error *err)
{
    if (cell->kind == CELL_INT)
        return fail(err, ERR_INTERNAL, "column \"%s\": must be %s, not %lld", field->member,
                    expected, (long long)cell->integer);
    return fail(err, ERR_INTERNAL, "column \"%s\": must be %s, not \"" STR_FMT "\"", field->member,
                expected, SHOWN(cell->text));
}

static bool cell_int(const struct cell *cell, int64_t *out)
{
    if (cell->kind == CELL_TEXT)
        return str_to_int64(cell->text, out);
    *out = cell->integer;
    return true;
}

/* SQLite has 0 and 1, PostgreSQL writes t and f. */
static bool cell_bool(const struct cell *cell, bool *out)
{
    if (cell->kind == CELL_INT) {
        *out = cell->integer != 0;
        return true;
    }
    *out = str_eq(cell->text, STR("t"));
    return *out || str_eq(cell->text, STR("f"));
}

static bool cell_instant(const struct cell *cell, struct instant *out)
{
    if (cell->kind == CELL_TEXT)
        return instant_parse(cell->text, out);
    out->us = cell->integer;
    return true;
}

static bool cell_word(const struct field *field, const struct cell *cell, int *out)
{
    *out = field_word_value(field, cell->text);
    return *out != 0;
}

/* A list or an inner struct, kept as JSON text. */
static bool decode_compound(const struct field *field, const struct cell *cell, struct arena *arena,
                            void *object, struct error *err)
{
    if (cell->kind != CELL_TEXT)
        return misfit(field, cell, "JSON text", err);
    struct error inner = { 0 };
    struct str text = copy(arena, cell);
    const struct json *value = json_read(arena, text, JSON_DUPLICATES_REFUSED, &inner);
    if (value && decode_stored(field, value, arena, object, &inner))
        return true;
    return fail(err, ERR_INTERNAL, "column \"%s\": %s", field->member, inner.message);
}

static bool decode_cell(const struct field *field, const struct cell *cell, struct arena *arena,
                        void *object, struct error *err)
{
    void *member = FIELD_PTR(object, field);
    bool is_text = cell->kind == CELL_TEXT;
    switch (field->kind) {
    case FIELD_KIND_STR:
        *(struct str *)member = copy(arena, cell);
        return is_text || misfit(field, cell, "text", err);
    case FIELD_KIND_INT:
        return cell_int(cell, member) || misfit(field, cell, "an integer", err);
    case FIELD_KIND_OPT_INT:
        ((struct opt_int *)member)->set = true;
        return cell_int(cell, &((struct opt_int *)member)->value) ||
               misfit(field, cell, "an integer", err);
    case FIELD_KIND_NUMBER:
        ((struct number *)member)->digits = copy(arena, cell);
        return is_text || misfit(field, cell, "a number's digits", err);
    case FIELD_KIND_BOOL:
        return cell_bool(cell, member) || misfit(field, cell, "a boolean", err);
    case FIELD_KIND_OPT_BOOL:
        ((struct opt_bool *)member)->set = true;
        return cell_bool(cell, &((struct opt_bool *)member)->value) ||
               misfit(field, cell, "a boolean", err);
    case FIELD_KIND_ID:
        return (is_text && id_parse(cell->text, member)) || misfit(field, cell, "an id", err);
    case FIELD_KIND_INSTANT:
        return cell_instant(cell, member) || misfit(field, cell, "a time", err);
    case FIELD_KIND_JSON:
        ((struct json_text *)member)->text = copy(arena, cell);
        return is_text || misfit(field, cell, "JSON text", err);
    case FIELD_KIND_ENUM:
        return (is_text && cell_word(field, cell, member)) ||
               misfit(field, cell, "a word of its list", err);
    case FIELD_KIND_LIST:
    case FIELD_KIND_SHAPE:
        return decode_compound(field, cell, arena, object, err);
    case FIELD_NONE:
    case FIELD_KIND_SECRET:
        break;
    }
    return fail(err, ERR_INTERNAL, "column \"%s\": secrets are not read from rows", field->member);
}

bool row_decode(const struct row_map *map, const struct cell *cells, struct arena *arena, void *out,
                struct error *err)
{
    memset(out, 0, map->shape->size);
    for (size_t i = 0; i < map->count; i++) {
        const struct field *field = map->fields[i];
        if (!field || cells[i].kind == CELL_NULL)
            continue;
        if (!decode_cell(field, &cells[i], arena, out, err))
            return false;
    }
    return true;
}
