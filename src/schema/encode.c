/* SPDX-License-Identifier: Apache-2.0 */
/* Struct to JSON: one walk over the fields, straight into the writer. */
#include "schema/encode.h"

#include <assert.h>

#include "base/buf.h"
#include "schema/internal.h"

/* Far above the caps of everything that comes from outside, so that reaching it is a bug. */
#define ENCODED_BYTES_MAX ((size_t)1024 * 1024 * 1024)

static void encode_list(const struct field *field, const struct array *list, struct json_writer *w)
{
    json_begin_array(w);
    if (field->shape) {
        const char *item = list->items;
        for (size_t i = 0; i < list->count; i++, item += field->shape->size)
            schema_encode(field->shape, item, w);
    } else {
        const struct str *item = list->items;
        for (size_t i = 0; i < list->count; i++)
            json_string(w, item[i]);
    }
    json_end_array(w);
}

/* A required field that is absent is null on the wire: wrong, but visible, and no crash. */
static void encode_absent(const struct field *field, struct json_writer *w)
{
    if (field->kind == FIELD_KIND_LIST) {
        json_begin_array(w);
        json_end_array(w);
    } else {
        json_null(w);
    }
}

static void encode_word(const struct field *field, int value, struct json_writer *w)
{
    const char *word = field_word(field, value);
    assert(word);
    json_string(w, str_from(word));
}

static void encode_member(const struct field *field, const void *member, struct json_writer *w)
{
    switch (field->kind) {
    case FIELD_KIND_STR:
        json_string(w, *(const struct str *)member);
        break;
    case FIELD_KIND_INT:
        json_int(w, *(const int64_t *)member);
        break;
    case FIELD_KIND_OPT_INT:
        json_int(w, ((const struct opt_int *)member)->value);
        break;
    case FIELD_KIND_NUMBER:
        json_raw(w, ((const struct number *)member)->digits);
        break;
    case FIELD_KIND_BOOL:
        json_bool(w, *(const bool *)member);
        break;
    case FIELD_KIND_OPT_BOOL:
        json_bool(w, ((const struct opt_bool *)member)->value);
        break;
    case FIELD_KIND_ID:
        json_id(w, *(const struct id *)member);
        break;
    case FIELD_KIND_INSTANT:
        json_instant(w, *(const struct instant *)member);
        break;
    case FIELD_KIND_JSON:
        json_raw(w, ((const struct json_text *)member)->text);
        break;
    case FIELD_KIND_ENUM:
        encode_word(field, *(const int *)member, w);
        break;
    case FIELD_KIND_LIST:
        encode_list(field, member, w);
        break;
    case FIELD_KIND_SHAPE:
        schema_encode(field->shape, *(void *const *)member, w);
        break;
    case FIELD_NONE:
    case FIELD_KIND_SECRET:
        assert(false && "a field that is never written");
        break;
    }
}

void schema_encode(const struct shape *shape, const void *object, struct json_writer *w)
{
    json_begin_object(w);
    for (const struct field *field = shape->fields; field->name; field++) {
        if (field->kind == FIELD_KIND_SECRET)
            continue;
        bool set = field_is_set(field, object);
        if (!set && field->need == OPTIONAL)
            continue;
        json_key(w, str_from(field->name));
        if (set)
            encode_member(field, FIELD_CONST_PTR(object, field), w);
        else
            encode_absent(field, w);
    }
    json_end_object(w);
}

struct str schema_encode_text(const struct shape *shape, const void *object, struct arena *arena)
{
    struct buf buf;
    struct json_writer w;
    buf_init(&buf, ENCODED_BYTES_MAX);
    json_writer_init(&w, &buf);
    schema_encode(shape, object, &w);
    assert(!buf.failed);
    struct str text = arena_str(arena, buf_str(&buf));
    buf_done(&buf);
    return text;
}
