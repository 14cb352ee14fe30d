/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about a shape's fields: by name, by word, and whether a member holds a value. */
#include "schema/field.h"

#include "schema/internal.h"

const struct field *shape_field(const struct shape *shape, struct str name)
{
    for (const struct field *field = shape->fields; field->name; field++)
        if (str_eq(str_from(field->name), name))
            return field;
    return NULL;
}

bool field_is_set(const struct field *field, const void *object)
{
    const void *member = FIELD_CONST_PTR(object, field);
    switch (field->kind) {
    case FIELD_NONE:
        return false;
    case FIELD_KIND_STR:
        return str_set(*(const struct str *)member);
    case FIELD_KIND_INT:
    case FIELD_KIND_BOOL:
        return true;
    case FIELD_KIND_NUMBER:
        return str_set(((const struct number *)member)->digits);
    case FIELD_KIND_OPT_INT:
        return ((const struct opt_int *)member)->set;
    case FIELD_KIND_OPT_BOOL:
        return ((const struct opt_bool *)member)->set;
    case FIELD_KIND_ID:
        return id_set(*(const struct id *)member);
    case FIELD_KIND_INSTANT:
        return instant_set(*(const struct instant *)member);
    case FIELD_KIND_JSON:
        return str_set(((const struct json_text *)member)->text);
    case FIELD_KIND_ENUM:
        return *(const int *)member != 0;
    case FIELD_KIND_LIST:
        return ((const struct array *)member)->items != NULL;
    case FIELD_KIND_SECRET:
        return *(struct secret *const *)member != NULL;
    case FIELD_KIND_SHAPE:
        return *(void *const *)member != NULL;
    }
    return false;
}

const char *field_word(const struct field *field, int value)
{
    for (int i = 1; i <= value && field->names[i]; i++)
        if (i == value)
            return field->names[i];
    return NULL;
}

int field_word_value(const struct field *field, struct str word)
{
    for (int i = 1; field->names[i]; i++)
        if (str_eq(str_from(field->names[i]), word))
            return i;
    return 0;
}
