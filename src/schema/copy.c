/* SPDX-License-Identifier: Apache-2.0 */
/* Deep copies by shape. */
#include "schema/copy.h"

#include <assert.h>
#include <string.h>

static void copy_members(const struct shape *shape, const void *from, void *to,
                         struct arena *arena);

static struct array copy_list(const struct shape *shape, struct array from, struct arena *arena)
{
    size_t size = shape ? shape->size : sizeof(struct str);

    if (!from.items)
        return from;
    char *items = arena_array(arena, from.count + 1, size);
    for (size_t i = 0; i < from.count; i++) {
        const void *item = (const char *)from.items + i * size;
        if (shape) {
            copy_members(shape, item, items + i * size, arena);
            continue;
        }
        const struct str *text = item;
        struct str copy = arena_str(arena, *text);
        memcpy(items + i * size, &copy, sizeof(copy));
    }
    return (struct array){ items, from.count };
}

static size_t plain_size(enum field_kind kind)
{
    switch (kind) {
    case FIELD_KIND_INT:
        return sizeof(int64_t);
    case FIELD_KIND_OPT_INT:
        return sizeof(struct opt_int);
    case FIELD_KIND_BOOL:
        return sizeof(bool);
    case FIELD_KIND_OPT_BOOL:
        return sizeof(struct opt_bool);
    case FIELD_KIND_ID:
        return sizeof(struct id);
    case FIELD_KIND_INSTANT:
        return sizeof(struct instant);
    case FIELD_KIND_ENUM:
        return sizeof(int);
    case FIELD_NONE:
    case FIELD_KIND_STR:
    case FIELD_KIND_NUMBER:
    case FIELD_KIND_JSON:
    case FIELD_KIND_SECRET:
    case FIELD_KIND_LIST:
    case FIELD_KIND_SHAPE:
        return 0;
    }
    return 0;
}

static void copy_member(const struct field *field, const void *from, void *to, struct arena *arena)
{
    assert(field->kind != FIELD_KIND_SECRET && "secrets are not copied");
    if (field->kind == FIELD_KIND_STR) {
        *(struct str *)to = arena_str(arena, *(const struct str *)from);
    } else if (field->kind == FIELD_KIND_JSON) {
        ((struct json_text *)to)->text = arena_str(arena, ((const struct json_text *)from)->text);
    } else if (field->kind == FIELD_KIND_NUMBER) {
        ((struct number *)to)->digits = arena_str(arena, ((const struct number *)from)->digits);
    } else if (field->kind == FIELD_KIND_LIST) {
        *(struct array *)to = copy_list(field->shape, *(const struct array *)from, arena);
    } else if (field->kind == FIELD_KIND_SHAPE) {
        const void *inner = *(void *const *)from;
        *(void **)to = inner ? schema_copy(field->shape, inner, arena) : NULL;
    } else {
        memcpy(to, from, plain_size(field->kind));
    }
}

static void copy_members(const struct shape *shape, const void *from, void *to, struct arena *arena)
{
    for (const struct field *field = shape->fields; field->name; field++)
        copy_member(field, FIELD_CONST_PTR(from, field), FIELD_PTR(to, field), arena);
}

void *schema_copy(const struct shape *shape, const void *object, struct arena *arena)
{
    void *copy = arena_alloc(arena, shape->size);

    copy_members(shape, object, copy, arena);
    return copy;
}
