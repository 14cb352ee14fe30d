/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random tokens for sessions, API access and set-up: 256 random bits as text, stored hashed.
 * "tl_" + 8 characters of id prefix + "_" + 43 of secret; the prefix finds the row, the hash decides.
 * Threads: any.
 */
#ifndef VAULT_TOKEN_H
#define VAULT_TOKEN_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

#include <stdbool.h>

struct new_token {
    struct str text;   /* shown once */
    struct str prefix; /* "tl_3fa9c1d2": kept in clear */
    struct str hash;   /* kept */
};
void token_make(struct arena *arena, struct new_token *out);
/* The prefix of a well-formed token; false for anything else. */
MUST_USE bool token_prefix(struct str text, struct str *out);
/* BLAKE2b-256 as hex. */
MUST_USE struct str token_hash(struct str text, struct arena *arena);
/* In constant time. */
bool token_matches(struct str text, struct str hash);
/* BLAKE2b-256 as hex over several texts, each with its length before it. */
MUST_USE struct str digest_texts(const struct str *texts, unsigned count, struct arena *arena);

#endif
