/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON to struct. The members of an object are taken in their own order and matched to fields,
 * which mostly stand in the same order; what is required and did not come is found afterwards.
 *
 * Where we are is a chain of places on the C stack, spelled out only for a refusal.
 */
#include "schema/decode.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "json/read.h"
#include "schema/internal.h"

/* Fields of one shape; which of them came is one bit each. */
#define SHAPE_FIELDS_MAX 64
/* How deep secrets are looked for; ends the search in shapes that hold themselves. */
#define SECRET_DEPTH_MAX 8

/* More than an error keeps of it. */
#define PATH_BYTES_MAX 4096

struct place {
    const struct place *outer;
    struct str name; /* absent for an item of a list */
    size_t index;
};

struct decoder {
    const struct place *place; /* NULL at the top */
    size_t items_max;          /* of lists that say no max */
    struct arena *arena;
    struct error *err;
};

static bool decode_object(struct decoder *d, const struct shape *shape, const struct json *value,
                          void *out);

static void add_place(struct buf *path, const struct place *place)
{
    if (place->outer)
        add_place(path, place->outer);
    if (!str_set(place->name)) {
        buf_printf(path, "[%zu]", place->index);
        return;
    }
    if (path->len > 0)
        buf_add_byte(path, '.');
    /* A key may be empty; a message that begins with nothing would not name it. */
    buf_add(path, place->name.len > 0 ? str_cut(place->name, SHOWN_BYTES_MAX) : STR("\"\""));
}

/* Fails at the current place. Always false. */
PRINTF_LIKE(2, 3) static bool refuse(struct decoder *d, const char *format, ...)
{
    char text[2 * sizeof(d->err->message)];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!d->place)
        return fail(d->err, ERR_BAD_REQUEST, "%s", text);

    struct buf path;
    buf_init(&path, PATH_BYTES_MAX);
    add_place(&path, d->place);
    fail_field(d->err, ERR_BAD_REQUEST, path.ptr, "%s", text);
    buf_done(&path);
    return false;
}

static bool refuse_kind(struct decoder *d, const struct json *value, const char *expected)
{
    const char *article = value->kind == JSON_NULL                                  ? ""
                          : value->kind == JSON_ARRAY || value->kind == JSON_OBJECT ? "an "
                                                                                    : "a ";
    return refuse(d, "must be %s, not %s%s", expected, article, json_kind_name(value->kind));
}

/* Numbers */

static bool decode_int(struct decoder *d, const struct field *field, const struct json *value,
                       int64_t *out)
{
    if (value->kind != JSON_NUMBER)
        return refuse_kind(d, value, "a whole number");
    for (size_t i = 0; i < value->text.len; i++)
        if (strchr(".eE", value->text.ptr[i]))
            return refuse(d, "must be a whole number in plain digits, not " STR_FMT,
                          SHOWN(value->text));

    bool bounded = field->min != 0 || field->max != 0;
    int64_t min = bounded ? field->min : INT64_MIN;
    int64_t max = field->max != 0 ? field->max : INT64_MAX;
    int64_t number;
    if (json_to_int64(value, &number) && number >= min && number <= max) {
        *out = number;
        return true;
    }
    if (bounded && field->max == 0)
        return refuse(d, "must be at least %" PRId64 ", not " STR_FMT, min, SHOWN(value->text));
    return refuse(d, "must be between %" PRId64 " and %" PRId64 ", not " STR_FMT, min, max,
                  SHOWN(value->text));
}

static bool decode_number(struct decoder *d, const struct json *value, struct number *out)
{
    if (value->kind != JSON_NUMBER)
        return refuse_kind(d, value, "a number");
    out->digits = value->text;
    return true;
}

static bool decode_bool(struct decoder *d, const struct json *value, bool *out)
{
    if (value->kind != JSON_BOOL)
        return refuse_kind(d, value, "true or false");
    *out = value->boolean;
    return true;
}

/* Texts */

/* The first control character (C0, DEL, C1) that the look does not allow, or -1. */
static int find_control(struct str text, enum field_look look)
{
    bool lines = look == LOOK_MULTILINE || look == LOOK_SQL;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte < 0x20 && !(lines && (byte == '\t' || byte == '\n' || byte == '\r')))
            return byte;
        if (byte == 0x7F)
            return byte;
        if (byte == 0xC2 && i + 1 < text.len && (unsigned char)text.ptr[i + 1] < 0xA0)
            return (unsigned char)text.ptr[i + 1];
    }
    return -1;
}

static bool check_text(struct decoder *d, const struct field *field, const struct json *value)
{
    if (value->kind != JSON_STRING)
        return refuse_kind(d, value, "a string");
    int control = find_control(value->text, field->look);
    if (control == '\n' || control == '\r')
        return refuse(d, "must be a single line of text");
    if (control >= 0)
        return refuse(d, "must not contain control characters, such as U+%04X", (unsigned)control);
    return true;
}

static bool check_length(struct decoder *d, const struct field *field, struct str text)
{
    if (field->min == 0 && field->max == 0)
        return true;
    int64_t count = (int64_t)str_utf8_count(text);
    if (count < field->min && count == 0)
        return refuse(d, "must not be empty");
    if (count < field->min)
        return refuse(d, "must have at least %" PRId64 " characters, not %" PRId64, field->min,
                      count);
    if (field->max != 0 && count > field->max)
        return refuse(d, "must have at most %" PRId64 " character%s, not %" PRId64, field->max,
                      field->max == 1 ? "" : "s", count);
    return true;
}

static bool decode_str(struct decoder *d, const struct field *field, const struct json *value,
                       struct str *out)
{
    if (!check_text(d, field, value) || !check_length(d, field, value->text))
        return false;
    *out = value->text;
    return true;
}

static void release_secret(void *secret)
{
    secret_free(secret);
}

static bool decode_secret(struct decoder *d, const struct field *field, const struct json *value,
                          struct secret **out)
{
    if (!check_text(d, field, value) || !check_length(d, field, value->text))
        return false;
    *out = secret_new(value->text);
    arena_defer(d->arena, release_secret, *out);
    return true;
}

static bool decode_id(struct decoder *d, const struct json *value, struct id *out)
{
    if (value->kind != JSON_STRING)
        return refuse_kind(d, value, "an id");
    if (!id_parse(value->text, out))
        return refuse(d, "must be an id, not \"" STR_FMT "\"", SHOWN(value->text));
    return true;
}

static bool decode_instant(struct decoder *d, const struct json *value, struct instant *out)
{
    struct instant at;
    if (value->kind != JSON_STRING)
        return refuse_kind(d, value, "a time in ISO 8601");
    /* The very start of 1970 stands for "absent", so it is no time anyone can give. */
    if (!instant_parse(value->text, &at) || !instant_set(at))
        return refuse(d, "must be a time such as 2026-03-01T12:00:00Z, not \"" STR_FMT "\"",
                      SHOWN(value->text));
    *out = at;
    return true;
}

static bool refuse_word(struct decoder *d, const struct field *field, struct str word)
{
    struct buf words;
    buf_init(&words, sizeof(d->err->message));
    for (int i = 1; field->names[i]; i++) {
        const char *before = i == 1 ? "" : field->names[i + 1] ? ", " : " or ";
        buf_printf(&words, "%s\"%s\"", before, field->names[i]);
    }
    refuse(d, "must be " STR_FMT ", not \"" STR_FMT "\"", STR_ARG(buf_str(&words)), SHOWN(word));
    buf_done(&words);
    return false;
}

static bool decode_word(struct decoder *d, const struct field *field, const struct json *value,
                        int *out)
{
    if (value->kind != JSON_STRING)
        return refuse_kind(d, value, "a string");
    int word = field_word_value(field, value->text);
    if (word == 0)
        return refuse_word(d, field, value->text);
    *out = word;
    return true;
}

/* Compound values */

static bool check_json(struct decoder *d, const struct field *field, const struct json *value)
{
    switch (field->look) {
    case LOOK_JSON_ARRAY:
        return value->kind == JSON_ARRAY || refuse_kind(d, value, "an array");
    case LOOK_JSON_OBJECT:
        return value->kind == JSON_OBJECT || refuse_kind(d, value, "an object");
    case LOOK_SCALAR:
        return value->kind == JSON_STRING || value->kind == JSON_NUMBER ||
               value->kind == JSON_BOOL || refuse_kind(d, value, "a string, number or boolean");
    case LOOK_PLAIN:
    case LOOK_MULTILINE:
    case LOOK_SQL:
    case LOOK_CONNECTION:
    case LOOK_DURATION_MS:
    case LOOK_EMAIL:
    case LOOK_PASSWORD:
        return true;
    }
    return true;
}

static bool decode_json(struct decoder *d, const struct field *field, const struct json *value,
                        struct json_text *out)
{
    if (!check_json(d, field, value))
        return false;
    out->text = json_compact(d->arena, value->raw);
    return true;
}

static bool check_count(struct decoder *d, const struct field *field, size_t count)
{
    size_t max = field->max != 0 ? (size_t)field->max : d->items_max;
    if (count < (size_t)field->min)
        return refuse(d, "must have at least %" PRId64 " item%s, not %zu", field->min,
                      field->min == 1 ? "" : "s", count);
    if (count > max)
        return refuse(d, "must have at most %zu item%s, not %zu", max, max == 1 ? "" : "s", count);
    return true;
}

static bool decode_item(struct decoder *d, const struct field *list, const struct json *value,
                        void *out)
{
    if (list->shape)
        return decode_object(d, list->shape, value, out);
    if (!check_text(d, list, value))
        return false;
    *(struct str *)out = value->text;
    return true;
}

static bool decode_list(struct decoder *d, const struct field *field, const struct json *value,
                        struct array *out)
{
    if (value->kind != JSON_ARRAY)
        return refuse_kind(d, value, "an array");
    if (!check_count(d, field, value->count))
        return false;

    size_t size = field->shape ? field->shape->size : sizeof(struct str);
    char *items = arena_array(d->arena, value->count > 0 ? value->count : 1, size);
    struct place place = { .outer = d->place };
    d->place = &place;
    for (size_t i = 0; i < value->count; i++) {
        place.index = i;
        if (!decode_item(d, field, &value->items[i], items + i * size))
            return false;
    }
    d->place = place.outer;
    *out = (struct array){ items, value->count };
    return true;
}

static bool decode_inner(struct decoder *d, const struct field *field, const struct json *value,
                         void **out)
{
    void *inner = arena_alloc(d->arena, field->shape->size);
    if (!decode_object(d, field->shape, value, inner))
        return false;
    *out = inner;
    return true;
}

static bool decode_member(struct decoder *d, const struct field *field, const struct json *value,
                          void *member)
{
    bool null_is_value = field->kind == FIELD_KIND_JSON && field->look == LOOK_PLAIN;
    if (value->kind == JSON_NULL && field->need == OPTIONAL && !null_is_value)
        return refuse(d, "must not be null: leave it out instead");

    switch (field->kind) {
    case FIELD_KIND_STR:
        return decode_str(d, field, value, member);
    case FIELD_KIND_INT:
        return decode_int(d, field, value, member);
    case FIELD_KIND_OPT_INT:
        ((struct opt_int *)member)->set = true;
        return decode_int(d, field, value, &((struct opt_int *)member)->value);
    case FIELD_KIND_NUMBER:
        return decode_number(d, value, member);
    case FIELD_KIND_BOOL:
        return decode_bool(d, value, member);
    case FIELD_KIND_OPT_BOOL:
        ((struct opt_bool *)member)->set = true;
        return decode_bool(d, value, &((struct opt_bool *)member)->value);
    case FIELD_KIND_ID:
        return decode_id(d, value, member);
    case FIELD_KIND_INSTANT:
        return decode_instant(d, value, member);
    case FIELD_KIND_JSON:
        return decode_json(d, field, value, member);
    case FIELD_KIND_SECRET:
        return decode_secret(d, field, value, member);
    case FIELD_KIND_ENUM:
        return decode_word(d, field, value, member);
    case FIELD_KIND_LIST:
        return decode_list(d, field, value, member);
    case FIELD_KIND_SHAPE:
        return decode_inner(d, field, value, member);
    case FIELD_NONE:
        break;
    }
    assert(false && "a field without a kind");
    return false;
}

/* `out` is zeroed already. */
static bool decode_object(struct decoder *d, const struct shape *shape, const struct json *value,
                          void *out)
{
    if (value->kind != JSON_OBJECT)
        return refuse_kind(d, value, "an object");

    struct place place = { .outer = d->place };
    d->place = &place;
    uint64_t came = 0;
    const struct field *next = shape->fields;
    for (size_t i = 0; i < value->count; i++) {
        const struct json_member *member = &value->members[i];
        place.name = member->name;
        const struct field *field = next->name && str_eq(str_from(next->name), member->name)
                                        ? next
                                        : shape_field(shape, member->name);
        if (!field)
            return refuse(d, "unknown field");
        if (!decode_member(d, field, &member->value, FIELD_PTR(out, field)))
            return false;
        assert(field - shape->fields < SHAPE_FIELDS_MAX);
        came |= UINT64_C(1) << (field - shape->fields);
        next = field + 1;
    }
    for (const struct field *field = shape->fields; field->name; field++) {
        place.name = str_from(field->name);
        if (field->need == REQUIRED && !(came >> (field - shape->fields) & 1))
            return refuse(d, "required");
    }
    d->place = place.outer;
    return true;
}

static bool holds_secret(const struct shape *shape, unsigned depth)
{
    for (const struct field *field = shape->fields; field->name; field++) {
        if (field->kind == FIELD_KIND_SECRET)
            return true;
        if (field->shape && depth < SECRET_DEPTH_MAX && holds_secret(field->shape, depth + 1))
            return true;
    }
    return false;
}

bool schema_decode(const struct shape *shape, const struct json *value, struct arena *arena,
                   void *out, struct error *err)
{
    static const struct json nothing = { .kind = JSON_OBJECT };
    struct decoder d = { .items_max = DECODE_ITEMS_MAX, .arena = arena, .err = err };
    memset(out, 0, shape->size);
    /* First of all: the text may hold the secret also when it is refused before we reach it. */
    if (holds_secret(shape, 0))
        arena_wipe_on_reset(arena);
    return decode_object(&d, shape, value ? value : &nothing, out);
}

bool schema_decode_text(const struct shape *shape, struct str text, struct arena *arena, void *out,
                        struct error *err)
{
    const struct json *value = json_read(arena, text, JSON_DUPLICATES_REFUSED, err);
    return value && schema_decode(shape, value, arena, out, err);
}

bool decode_stored(const struct field *field, const struct json *value, struct arena *arena,
                   void *object, struct error *err)
{
    struct decoder d = { .items_max = SIZE_MAX, .arena = arena, .err = err };
    return decode_member(&d, field, value, FIELD_PTR(object, field));
}
