/* SPDX-License-Identifier: Apache-2.0 */
/* Shape to TypeScript, one member a line, indented like the line it begins on. */
#include "schema/typescript.h"

#include <assert.h>

#include "base/map.h"
#include "json/write.h"

#define INDENT 2

static void add_members(const struct shape *shape, size_t indent, struct buf *out);

static void add_blanks(struct buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_byte(out, ' ');
}

/* A comment's text; an end of comment within it would let the rest out. */
static void add_doc(struct str doc, struct buf *out)
{
    for (size_t i = 0; i < doc.len; i++) {
        if (doc.ptr[i] == '/' && i > 0 && doc.ptr[i - 1] == '*')
            buf_add_byte(out, '\\');
        buf_add_byte(out, doc.ptr[i]);
    }
}

static void add_shape(const struct shape *shape, size_t indent, struct buf *out)
{
    if (shape->name)
        buf_add_c(out, shape->name);
    else
        add_members(shape, indent, out);
}

static void add_words(const struct field *field, struct buf *out)
{
    for (int i = 1; field->names[i]; i++) {
        if (i > 1)
            buf_add_c(out, " | ");
        json_quote(out, str_from(field->names[i]));
    }
}

static const char *json_type(enum field_look look)
{
    switch (look) {
    case LOOK_JSON_ARRAY:
        return "unknown[]";
    case LOOK_JSON_OBJECT:
        return "Record<string, unknown>";
    case LOOK_SCALAR:
        return "string | number | boolean";
    case LOOK_PLAIN:
    case LOOK_MULTILINE:
    case LOOK_SQL:
    case LOOK_CONNECTION:
    case LOOK_DURATION_MS:
    case LOOK_EMAIL:
    case LOOK_PASSWORD:
        return "unknown";
    }
    return "unknown";
}

static void add_type(const struct field *field, size_t indent, struct buf *out)
{
    switch (field->kind) {
    case FIELD_KIND_STR:
    case FIELD_KIND_ID:
    case FIELD_KIND_INSTANT:
    case FIELD_KIND_SECRET:
        buf_add_c(out, "string");
        break;
    case FIELD_KIND_INT:
    case FIELD_KIND_OPT_INT:
    case FIELD_KIND_NUMBER:
        buf_add_c(out, "number");
        break;
    case FIELD_KIND_BOOL:
    case FIELD_KIND_OPT_BOOL:
        buf_add_c(out, "boolean");
        break;
    case FIELD_KIND_JSON:
        buf_add_c(out, json_type(field->look));
        break;
    case FIELD_KIND_ENUM:
        add_words(field, out);
        break;
    case FIELD_KIND_LIST:
        if (field->shape)
            add_shape(field->shape, indent, out);
        else
            buf_add_c(out, "string");
        buf_add_c(out, "[]");
        break;
    case FIELD_KIND_SHAPE:
        add_shape(field->shape, indent, out);
        break;
    case FIELD_NONE:
        assert(false && "a field without a kind");
        break;
    }
}

static void add_members(const struct shape *shape, size_t indent, struct buf *out)
{
    buf_add_c(out, "{\n");
    for (const struct field *field = shape->fields; field->name; field++) {
        add_blanks(out, indent + INDENT);
        buf_add_c(out, "/** ");
        add_doc(str_from(field->doc), out);
        buf_add_c(out, " */\n");
        add_blanks(out, indent + INDENT);
        buf_add_c(out, field->name);
        buf_add_c(out, field->need == OPTIONAL ? "?: " : ": ");
        add_type(field, indent + INDENT, out);
        buf_add_c(out, ";\n");
    }
    add_blanks(out, indent);
    buf_add_byte(out, '}');
}

/* Blanks at the beginning of the line that `out` ends with. */
static size_t indent_here(const struct buf *out)
{
    struct str text = buf_str(out);
    size_t line = text.len, blanks = 0;
    while (line > 0 && text.ptr[line - 1] != '\n')
        line--;
    while (line + blanks < text.len && text.ptr[line + blanks] == ' ')
        blanks++;
    return blanks;
}

void typescript_type(const struct shape *shape, struct buf *out)
{
    if (shape)
        add_shape(shape, indent_here(out), out);
    else
        buf_add_c(out, "undefined");
}

/* The interfaces that the fields of a shape need. */
static void add_inner_interfaces(const struct shape *shape, struct map *printed, struct buf *out)
{
    for (const struct field *field = shape->fields; field->name; field++) {
        if (!field->shape)
            continue;
        if (field->shape->name)
            typescript_interface(field->shape, printed, out);
        else
            add_inner_interfaces(field->shape, printed, out);
    }
}

void typescript_interface(const struct shape *shape, struct map *printed, struct buf *out)
{
    static char yes[] = "yes";
    if (shape->name) {
        struct str name = str_from(shape->name);
        if (map_find(printed, name))
            return;
        /* Before the shapes within, as they may hold this one. */
        map_put(printed, name, yes);
    }
    add_inner_interfaces(shape, printed, out);
    if (!shape->name)
        return;
    buf_printf(out, "export interface %s ", shape->name);
    add_members(shape, 0, out);
    buf_add_c(out, "\n\n");
}
