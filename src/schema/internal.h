/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share: the words of an enum, and reading one member from JSON. */
#ifndef SCHEMA_INTERNAL_H
#define SCHEMA_INTERNAL_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"
#include "json/value.h"
#include "schema/field.h"

/* The word of an enum's value; NULL for 0 and for values that the field does not know. */
const char *field_word(const struct field *field, int value);
/* The value of a word, or 0. */
int field_word_value(const struct field *field, struct str word);

/* The beginning of a value, short enough for a message. */
#define SHOWN_BYTES_MAX 40
#define SHOWN(text) STR_ARG(str_cut(text, SHOWN_BYTES_MAX))

/*
 * Fills one member of `object` as schema_decode() does, for JSON that we stored ourselves: lists
 * may be of any length. Fails with BAD_REQUEST.
 */
MUST_USE bool decode_stored(const struct field *field, const struct json *value,
                            struct arena *arena, void *object, struct error *err);

#endif
