/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding one's way through the text of JSON without reading it: where the parts of a valid text end.
 * Of a text that is not valid the answers are of no use, but stay within it, and always move on.
 *
 * Each takes the text and a place in it, and gives the place behind.  Threads: any.
 */
#ifndef JSON_SKIP_H
#define JSON_SKIP_H

#include "base/str.h"

#include <stddef.h>

size_t json_skip_blanks(struct str text, size_t at);
/* A string, from quote to quote. */
size_t json_skip_string(struct str text, size_t at);
/* A number, true, false or null. */
size_t json_skip_word(struct str text, size_t at);
/* A whole value. */
size_t json_skip_value(struct str text, size_t at);

/*
 * The parts of an array or object, one after another. `whole` begins with its bracket.
 *
 *     struct json_parts parts = json_parts(whole);
 *     while (json_next_part(&parts)) …
 */
struct json_parts {
    struct str whole;
    size_t at;
    struct str name; /* of a member, in its quotes; absent for an item */
    struct str value;
};

struct json_parts json_parts(struct str whole);
bool json_next_part(struct json_parts *parts);

#endif
