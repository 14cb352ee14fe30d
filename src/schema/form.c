/* SPDX-License-Identifier: Apache-2.0 */
/* Shape to form description: a struct for each field, itself described by a shape. */
#include "schema/form.h"

#include <string.h>

#include "base/buf.h"
#include "schema/internal.h"

/* How deep fields within fields are described; ends the walk in shapes that hold themselves. */
#define FORM_DEPTH_MAX 6

struct form_field {
    struct str name, title;
    int kind; /* an enum form_kind */
    struct str doc;
    bool required;
    struct opt_int min, max;
    struct array options; /* of struct str */
    struct str fallback;
    int look; /* an enum field_look, and one more, as 0 is absent */
    struct str connector;
    bool templates;
    struct str when;
    struct array fields; /* of struct form_field */
};

/* A form does not care whether absence can be told from 0: fewer kinds than a field's. */
enum form_kind {
    FORM_TEXT = 1,
    FORM_INTEGER,
    FORM_NUMBER,
    FORM_BOOLEAN,
    FORM_ID,
    FORM_TIME,
    FORM_JSON,
    FORM_SECRET,
    FORM_CHOICE,
    FORM_LIST,
    FORM_GROUP,
};

static const char *const kind_words[] = {
    NULL,
    [FORM_TEXT] = "text",
    [FORM_INTEGER] = "integer",
    [FORM_NUMBER] = "number",
    [FORM_BOOLEAN] = "boolean",
    [FORM_ID] = "id",
    [FORM_TIME] = "time",
    [FORM_JSON] = "json",
    [FORM_SECRET] = "secret",
    [FORM_CHOICE] = "choice",
    [FORM_LIST] = "list",
    [FORM_GROUP] = "group",
    [FORM_GROUP + 1] = NULL,
};

/* clang-format off */
static const int form_kinds[] = {
    [FIELD_KIND_STR] = FORM_TEXT,
    [FIELD_KIND_INT] = FORM_INTEGER,
    [FIELD_KIND_OPT_INT] = FORM_INTEGER,
    [FIELD_KIND_NUMBER] = FORM_NUMBER,
    [FIELD_KIND_BOOL] = FORM_BOOLEAN,
    [FIELD_KIND_OPT_BOOL] = FORM_BOOLEAN,
    [FIELD_KIND_ID] = FORM_ID,
    [FIELD_KIND_INSTANT] = FORM_TIME,
    [FIELD_KIND_JSON] = FORM_JSON,
    [FIELD_KIND_SECRET] = FORM_SECRET,
    [FIELD_KIND_ENUM] = FORM_CHOICE,
    [FIELD_KIND_LIST] = FORM_LIST,
    [FIELD_KIND_SHAPE] = FORM_GROUP,
};
/* clang-format on */

static const char *const look_words[] = {
    [LOOK_PLAIN + 1] = "plain",
    [LOOK_MULTILINE + 1] = "multiline",
    [LOOK_SQL + 1] = "sql",
    [LOOK_JSON_ARRAY + 1] = "json-array",
    [LOOK_JSON_OBJECT + 1] = "json-object",
    [LOOK_SCALAR + 1] = "scalar",
    [LOOK_CONNECTION + 1] = "connection",
    [LOOK_DURATION_MS + 1] = "duration-ms",
    [LOOK_EMAIL + 1] = "email",
    [LOOK_PASSWORD + 1] = "password",
    [LOOK_PASSWORD + 2] = NULL,
};

static const struct field form_fields[] = {
    { FIELD("name", form_field, name, REQUIRED, "Key in the input.") },
    { FIELD("title", form_field, title, REQUIRED, "Label.") },
    { FIELD_ENUM("kind", form_field, kind, REQUIRED, kind_words, "What the value is.") },
    { FIELD("doc", form_field, doc, REQUIRED, "What it means, in a sentence.") },
    { FIELD("required", form_field, required, REQUIRED, "Whether it must be given.") },
    { FIELD("min", form_field, min, OPTIONAL,
            "Least value, or least characters of a text, or items of a list.") },
    { FIELD("max", form_field, max, OPTIONAL,
            "Greatest value, or most characters of a text, or items of a list.") },
    { FIELD_LIST("options", form_field, options, OPTIONAL, NULL, "The words of a choice.") },
    { FIELD("default", form_field, fallback, OPTIONAL, "What counts when it is left out.") },
    { FIELD_ENUM("look", form_field, look, REQUIRED, look_words, "How to show and edit it.") },
    { FIELD("connector", form_field, connector, OPTIONAL,
            "Type of the connections to choose from.") },
    { FIELD("templates", form_field, templates, REQUIRED, "Whether it may hold {{ }} templates.") },
    { FIELD("when", form_field, when, OPTIONAL,
            "Show it only while another field has a value: \"command=SET\".") },
    { FIELD_LIST("fields", form_field, fields, OPTIONAL, &form_field_shape,
                 "The fields of a group, or of each item of a list.") },
    { 0 },
};

const struct shape form_field_shape = SHAPE("FormField", form_field, form_fields);

/* maxRows → Max rows */
static struct str title_of(const struct field *field, struct arena *arena)
{
    static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char smalls[] = "abcdefghijklmnopqrstuvwxyz";
    if (field->title)
        return str_from(field->title);
    struct str name = str_from(field->name);
    char *title = arena_alloc(arena, 2 * name.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        const char *capital = strchr(capitals, name.ptr[i]);
        const char *small = strchr(smalls, name.ptr[i]);
        if (i > 0 && capital)
            title[len++] = ' ';
        if (i == 0 && small)
            title[len++] = capitals[small - smalls];
        else if (i > 0 && capital)
            title[len++] = smalls[capital - capitals];
        else
            title[len++] = name.ptr[i];
    }
    return (struct str){ title, len };
}

static struct array words_of(const struct field *field, struct arena *arena)
{
    size_t count = 0;
    while (field->names[count + 1])
        count++;
    struct str *words = ARENA_ARRAY(arena, str, count + 1);
    for (size_t i = 0; i < count; i++)
        words[i] = str_from(field->names[i + 1]);
    return (struct array){ words, count };
}

/* What the two bounds mean together: schema/field.h. */
static void describe_bounds(const struct field *field, struct form_field *out)
{
    bool number = field->kind == FIELD_KIND_INT || field->kind == FIELD_KIND_OPT_INT;
    bool from_zero = number && field->max != 0;
    out->min = (struct opt_int){ field->min != 0 || from_zero, field->min };
    out->max = (struct opt_int){ field->max != 0, field->max };
}

static struct array describe(const struct shape *shape, unsigned depth, struct arena *arena)
{
    size_t count = 0;
    while (shape->fields[count].name)
        count++;
    struct form_field *described = arena_array(arena, count + 1, sizeof(*described));
    for (size_t i = 0; i < count; i++) {
        const struct field *field = &shape->fields[i];
        struct form_field *out = &described[i];
        out->name = str_from(field->name);
        out->title = title_of(field, arena);
        out->kind = form_kinds[field->kind];
        out->doc = str_from(field->doc);
        out->required = field->need == REQUIRED;
        describe_bounds(field, out);
        if (field->kind == FIELD_KIND_ENUM)
            out->options = words_of(field, arena);
        out->fallback = str_from(field->fallback);
        out->look = (int)field->look + 1;
        out->connector = str_from(field->of);
        out->templates = field->templates;
        out->when = str_from(field->when);
        if (field->shape && depth < FORM_DEPTH_MAX)
            out->fields = describe(field->shape, depth + 1, arena);
    }
    return (struct array){ described, count };
}

struct array schema_form(const struct shape *shape, struct arena *arena)
{
    return describe(shape, 1, arena);
}
