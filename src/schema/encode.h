/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a struct to JSON, by its shape. Absent optional fields are left out; secrets never appear.
 * An absent required list is written as [], any other absent required field as null.
 */
#ifndef SCHEMA_ENCODE_H
#define SCHEMA_ENCODE_H

#include "base/arena.h"
#include "json/write.h"
#include "schema/field.h"

void schema_encode(const struct shape *shape, const void *object, struct json_writer *w);
/* The same as text in an arena. */
MUST_USE struct str schema_encode_text(const struct shape *shape, const void *object,
                                       struct arena *arena);

#endif
