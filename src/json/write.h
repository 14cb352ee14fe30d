/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streaming JSON writer: commas and escapes are its business, order is the caller's.
 *
 *     json_begin_object(&w);
 *     json_key(&w, STR("rows"));
 *     json_begin_array(&w);
 *     ...
 *
 * It writes into a buf, whose sticky failure is the only thing to check, at the end. Wrong nesting
 * is a bug of ours and ends in an assertion. Text must be valid UTF-8; other bytes are written as
 * U+FFFD.  Threads: one at a time.
 */
#ifndef JSON_WRITE_H
#define JSON_WRITE_H

#include "base/buf.h"
#include "base/id.h"
#include "base/str.h"
#include "base/time.h"
#include "json/value.h"

#include <stdbool.h>
#include <stdint.h>

struct json_writer {
    struct buf *buf;
    bool comma;       /* a value stands before this place */
    bool named;       /* a member's name stands before this place */
    unsigned depth;   /* open arrays and objects, up to 64 */
    uint64_t objects; /* a bit for each of them, the innermost lowest: 1 = object */
};

void json_writer_init(struct json_writer *w, struct buf *buf);

void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_key(struct json_writer *w, struct str name);

void json_null(struct json_writer *w);
void json_bool(struct json_writer *w, bool value);
void json_int(struct json_writer *w, int64_t value);
void json_string(struct json_writer *w, struct str text);
void json_id(struct json_writer *w, struct id id);
void json_instant(struct json_writer *w, struct instant at);
/* Text that is JSON already: a number's digits, a stored value. */
void json_raw(struct json_writer *w, struct str json);
/* A read value, as it was written. */
void json_value(struct json_writer *w, const struct json *value);

/* The quoted, escaped form of a string, appended to a buf without a writer. */
void json_quote(struct buf *buf, struct str text);
/* The same without the quotes, for strings that are put together from parts. */
void json_escape(struct buf *buf, struct str text);

#endif
