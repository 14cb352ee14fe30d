/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From JSON to a struct, by its shape: the one place where input is checked.
 *
 * Refused by name: unknown keys, missing required fields, null, wrong kinds, bounds, enum words,
 * malformed ids, NUL and other control characters in one-line text (LOOK_MULTILINE and LOOK_SQL
 * allow tab and line ends; U+0000 is refused everywhere but in FIELD_KIND_JSON).
 *
 * JSON fields without a look take null as the value it is. A list that says no `max` takes
 * DECODE_ITEMS_MAX items, so that a small text cannot claim much memory.
 */
#ifndef SCHEMA_DECODE_H
#define SCHEMA_DECODE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "json/value.h"
#include "schema/field.h"

#define DECODE_ITEMS_MAX 10000

/*
 * Fills *out, a struct of the shape, zeroed here first. `value` NULL counts as an empty object.
 *
 *   Fails    BAD_REQUEST with `field` dotted from here: "config.pool.max", "nodes[2].id"; the
 *            message begins with the field: config.pool.max: must be between 1 and 100, not 0
 *   Owns     texts point into `value` or the arena; secrets are copied to locked memory and freed
 *            with the arena, which is set to be wiped.
 */
MUST_USE bool schema_decode(const struct shape *shape, const struct json *value,
                            struct arena *arena, void *out, struct error *err);

/* The same from JSON text, e.g. a stored column; duplicate keys are refused. */
MUST_USE bool schema_decode_text(const struct shape *shape, struct str text, struct arena *arena,
                                 void *out, struct error *err);

#endif
