/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON reader: strict RFC 8259, UTF-8 checked, no recursion on input.
 *
 * Source: RFC 8259; RFC 3629 for UTF-8. Lone surrogate escapes are refused, since the decoded text
 * must be valid UTF-8. A byte order mark is refused here; the HTTP side skips one in a body.
 */
#ifndef JSON_READ_H
#define JSON_READ_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"
#include "json/value.h"

#define JSON_DEPTH_MAX 64

enum json_duplicates {
    JSON_DUPLICATES_REFUSED, /* our own inputs */
    JSON_DUPLICATES_LAST,    /* the last one counts: what JSON.parse does */
};

/*
 * Reads one value and nothing after it. Depth is capped at JSON_DEPTH_MAX; the caller caps `text`.
 *
 *   Returns  the value, in the arena, or NULL with ERR_BAD_REQUEST; the message says what was
 *            expected and at which byte, counted from 0: not JSON: expected "," or "}" at byte 17
 *   Owns     `text` must live as long as the value, which points into it.
 */
MUST_USE struct json *json_read(struct arena *arena, struct str text,
                                enum json_duplicates duplicates, struct error *err);

/* The UTF-16 code unit of the escape \uXXXX at `at`; -1 when none stands there. */
int json_escaped_unit(struct str text, size_t at);

/* `raw` without blanks between its parts; `raw` itself when there are none. It must be valid. */
MUST_USE struct str json_compact(struct arena *arena, struct str raw);

#endif
