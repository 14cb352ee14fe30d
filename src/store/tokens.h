/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of tokens: access for programs, on behalf of a user. Kept hashed, found by their prefix. */
#ifndef STORE_TOKENS_H
#define STORE_TOKENS_H

#include "store/store.h"

enum token_access {
    TOKEN_READ = 1,
    TOKEN_WRITE,
};
extern const char *const token_access_names[];

struct token_row {
    struct id id, user_id;
    struct str name, prefix, token_hash; /* vault/token.h */
    int access;
    struct instant created_at, expires_at, last_used_at;
    bool admin; /* of the user; only when found by prefix */
};
extern const struct shape token_shape; /* "Token": output */

MUST_USE bool token_insert(struct tx *tx, const struct token_row *row, struct error *err);
/* Newest first. */
MUST_USE bool token_list(struct tx *tx, struct id user_id, struct arena *arena, struct array *out,
                         struct error *err);
/* Those with this prefix (hardly ever more than one), also expired ones; none of a user who is
 * disabled. */
MUST_USE bool token_find_by_prefix(struct tx *tx, struct str prefix, struct arena *arena,
                                   struct array *out, struct error *err);
MUST_USE bool token_set_used(struct tx *tx, struct id id, struct instant at, struct error *err);
/* ERR_NOT_FOUND unless the token is this user's. */
MUST_USE bool token_delete(struct tx *tx, struct id user_id, struct id id, struct error *err);

#endif
