/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths into JSON values: customer.id, rows[0].email, fields["any key"].
 * A path is parsed once and looked up often.  Threads: any, once made.
 */
#ifndef JSON_PATH_H
#define JSON_PATH_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"
#include "json/value.h"

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
 * Follows the path. On a dead end returns NULL and sets *stopped to the number of steps that led
 * somewhere, for a message that names the place.
 */
const struct json *json_path_find(const struct json *value, const struct json_path *path,
                                  size_t *stopped);

#endif
