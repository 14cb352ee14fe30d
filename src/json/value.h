/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values: a tree in an arena, as json_read() makes it and everyone else only reads it.
 *
 * Numbers keep their source text, because they go on to databases digit by digit. Every value also
 * knows the bytes it was read from (`raw`), so that passing it on needs no writing anew.
 * Threads: any, once made.
 */
#ifndef JSON_VALUE_H
#define JSON_VALUE_H

#include "base/attr.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER, /* text = its digits as written */
    JSON_STRING, /* text = decoded UTF-8, may hold NUL */
    JSON_ARRAY,
    JSON_OBJECT, /* members in source order */
};

struct json {
    enum json_kind kind;
    bool boolean;
    struct str raw;  /* the source bytes of this value, without blanks around it */
    struct str text; /* of numbers and strings */
    size_t count;    /* of items or members */
    struct json *items;
    struct json_member *members;
};

struct json_member {
    struct str name;
    struct json value;
};

/* "null", "boolean", "number", "string", "array", "object": for messages. */
const char *json_kind_name(enum json_kind kind);
/* The member of that name, or NULL; also NULL when `value` is no object, or is NULL itself. */
const struct json *json_member(const struct json *value, struct str name);
/* True for a number that is an integer of int64_t's range ("12", not "12.0" nor "1e3"). */
bool json_to_int64(const struct json *value, int64_t *out);
/* True for a number that a double holds; "1e400" is false. Never meets the locale. */
bool json_to_double(const struct json *value, double *out);

#endif
