/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths into JSON: customer.id, rows[0].email, fields["any key"].
 * A path is parsed once and looked up often.  Threads: any, once made.
 */
#ifndef JSON_PATH_H
#define JSON_PATH_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"
#include "json/value.h"

#include <stddef.h>

#define JSON_PATH_STEPS_MAX 64

struct json_path_step {
    struct str name; /* of a member; absent for an index */
    size_t index;
};

struct json_path {
    struct json_path_step *steps;
    size_t count;
};

/*
 * Parses `.name`, `[0]` and `["key"]` steps; the first may be a bare name. Names match
 * [A-Za-z_][A-Za-z0-9_-]*; keys in quotes are JSON strings. There is at least one step.
 * Fails with TEMPLATE_PATH saying what is wrong and at which byte, counted from 0.
 * The path holds a copy of what it needs of `text`.
 */
MUST_USE bool json_path_parse(struct str text, struct arena *arena, struct json_path *out,
                              struct error *err);

/*
 * Follows paths in one text, which is valid JSON. The text is not read into a tree, which could take
 * seventy times its size: it is walked, as far as the path goes. Of names that come again the last
 * counts. Paths that are looked up one after another share the steps that they have in common.
 *   Threads: one at a time.
 */
struct json_finder {
    const struct json_path *last; /* way[0 … known] are its places; NULL: none yet */
    size_t known;
    struct str way[JSON_PATH_STEPS_MAX + 1]; /* way[0] is the whole */
};

void json_finder_init(struct json_finder *finder, struct str text);
/*
 * True: *out are the bytes of the value that the path leads to, without blanks around it. False: it
 * leads nowhere; *out is the last place that it came to, and *stopped the number of steps to there.
 * The path must stay until the next one is looked up.
 */
bool json_find(struct json_finder *finder, const struct json_path *path, struct str *out,
               size_t *stopped);

/* What kind of value stands there, by its first byte. */
enum json_kind json_kind_of(struct str value);
/* How many items or members it has; of those that come again each. Walks all of it. */
size_t json_count(struct str value);

#endif
