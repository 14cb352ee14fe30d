/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes: one description of a struct's fields. From it come input checking (schema/decode.h),
 * output (schema/encode.h), rows of SQL (schema/row.h), web forms (schema/form.h) and TypeScript
 * (schema/typescript.h). A thing is said once.
 *
 *     struct project { struct id id; struct str name; struct instant created_at; };
 *     static const struct field project_fields[] = {
 *         { FIELD("id", project, id, REQUIRED, "Unique id.") },
 *         { FIELD("name", project, name, REQUIRED, "What people call it."), .min = 1, .max = 100 },
 *         { FIELD("createdAt", project, created_at, REQUIRED, "When it was made.") },
 *         { 0 },
 *     };
 *     const struct shape project_shape = SHAPE("Project", project, project_fields);
 *
 * The kind follows from the C member's type; an unknown type does not compile. The SQL column is
 * the member's name ("created_at"), the name on the wire is written out ("createdAt").
 *
 * Absent: struct str with a NULL ptr, opt_int and opt_bool with set == false, a zero id or instant,
 * json_text and number with a NULL ptr, an array with NULL items, a NULL shape pointer, a NULL secret, an enum
 * of 0. An absent OPTIONAL field is left out of output. int64_t and bool are never absent: as
 * OPTIONAL input they keep 0 or false.
 */
#ifndef SCHEMA_FIELD_H
#define SCHEMA_FIELD_H

#include "base/id.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct opt_int {
    bool set;
    int64_t value;
};

struct opt_bool {
    bool set;
    bool value;
};

/* A JSON number of any size and scale, kept as its digits. */
struct number {
    struct str digits;
};

/* JSON kept as text, in one line without blanks between its parts. */
struct json_text {
    struct str text;
};

/* Items of one kind, side by side; NULL items = absent (an empty list has a non-NULL pointer). */
struct array {
    void *items;
    size_t count;
};

enum field_kind {
    FIELD_NONE, /* ends a list of fields */
    FIELD_KIND_STR,
    FIELD_KIND_INT,
    FIELD_KIND_OPT_INT,
    FIELD_KIND_NUMBER, /* struct number */
    FIELD_KIND_BOOL,
    FIELD_KIND_OPT_BOOL,
    FIELD_KIND_ID,
    FIELD_KIND_INSTANT,
    FIELD_KIND_JSON,   /* any JSON value */
    FIELD_KIND_SECRET, /* struct secret *: input only, never written out */
    FIELD_KIND_ENUM,   /* int; names[value], names[0] unused */
    FIELD_KIND_LIST,   /* struct array of structs of `shape`, or of struct str when shape is NULL */
    FIELD_KIND_SHAPE,  /* pointer to a struct of `shape` */
};

enum field_need {
    REQUIRED = 1,
    OPTIONAL,
};

/* How a form shows a field, where its kind does not say it; also what the value means. */
enum field_look {
    LOOK_PLAIN,
    LOOK_MULTILINE,
    LOOK_SQL,
    LOOK_JSON_ARRAY,  /* a JSON field that must hold an array */
    LOOK_JSON_OBJECT, /* a JSON field that must hold an object */
    LOOK_SCALAR,      /* a JSON field for a string, number or boolean; shown as one line of text */
    LOOK_CONNECTION,  /* the id of a connection whose type is `of` */
    LOOK_DURATION_MS,
    LOOK_EMAIL,
    LOOK_PASSWORD,
};

struct field {
    const char *name;   /* on the wire; NULL ends the list */
    const char *member; /* of the struct; the SQL column */
    size_t offset;
    enum field_kind kind;
    enum field_need need;
    const char *doc;

    const struct shape *shape; /* of LIST and SHAPE */
    const char *const *names;  /* of ENUM: [0] NULL, then the words, NULL at the end */
    /* INT: bounds; STR, SECRET: code points; LIST: items. max 0 = none (but see schema/decode.h) */
    int64_t min, max;
    const char *title; /* label in a form; NULL: made from the name */
    enum field_look look;
    const char *of;       /* LOOK_CONNECTION: the connector's name */
    bool templates;       /* may hold {{ }} templates (components only) */
    const char *when;     /* form: show only when "field=value" of a sibling */
    const char *fallback; /* form and docs: the default, as text */
};

struct shape {
    const char *name; /* of the TypeScript interface; NULL: written inline */
    size_t size;      /* of the struct */
    const struct field *fields;
};

/* The kind of a C member, found by the compiler. */
#define FIELD_KIND(type_, member_)                                                                 \
    _Generic(((struct type_ *)0)->member_,                                                         \
        struct str: FIELD_KIND_STR,                                                                \
        int64_t: FIELD_KIND_INT,                                                                   \
        struct opt_int: FIELD_KIND_OPT_INT,                                                        \
        struct number: FIELD_KIND_NUMBER,                                                          \
        bool: FIELD_KIND_BOOL,                                                                     \
        struct opt_bool: FIELD_KIND_OPT_BOOL,                                                      \
        struct id: FIELD_KIND_ID,                                                                  \
        struct instant: FIELD_KIND_INSTANT,                                                        \
        struct json_text: FIELD_KIND_JSON,                                                         \
        struct secret *: FIELD_KIND_SECRET)

#define FIELD_AT(wire_, type_, member_, kind_, need_, doc_)                                        \
    .name = wire_, .member = #member_, .offset = offsetof(struct type_, member_), .kind = kind_,   \
    .need = need_, .doc = doc_

#define FIELD(wire_, type_, member_, need_, doc_)                                                  \
    FIELD_AT(wire_, type_, member_, FIELD_KIND(type_, member_), need_, doc_)
/* clang-format off */
/* The member is an int (an enum's value, 0 = absent). */
#define FIELD_ENUM(wire_, type_, member_, need_, names_, doc_)                                     \
    FIELD_AT(wire_, type_, member_,                                                                \
             _Generic(((struct type_ *)0)->member_, int: FIELD_KIND_ENUM), need_, doc_),           \
        .names = names_
/* The member is a struct array of structs of the inner shape; NULL: of struct str. */
#define FIELD_LIST(wire_, type_, member_, need_, shape_, doc_)                                     \
    FIELD_AT(wire_, type_, member_,                                                                \
             _Generic(((struct type_ *)0)->member_, struct array: FIELD_KIND_LIST), need_, doc_),  \
        .shape = shape_
/* clang-format on */
/* The member is a pointer to a struct of the inner shape. */
#define FIELD_SHAPE(wire_, type_, member_, need_, shape_, doc_)                                    \
    FIELD_AT(wire_, type_, member_, FIELD_KIND_SHAPE, need_, doc_), .shape = shape_

#define SHAPE(name_, type_, fields_)                                                               \
    {                                                                                              \
        .name = name_, .size = sizeof(struct type_), .fields = fields_                             \
    }

/* The field with that wire name, or NULL. */
const struct field *shape_field(const struct shape *shape, struct str name);
/* Address of a field's member. */
#define FIELD_PTR(object, field) ((void *)((char *)(object) + (field)->offset))
#define FIELD_CONST_PTR(object, field) ((const void *)((const char *)(object) + (field)->offset))
/* True when the member holds a value (see "Absent" above); int64_t and bool always do. */
bool field_is_set(const struct field *field, const void *object);

#endif
