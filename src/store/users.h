/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of users. An email address belongs to one user, whatever the case of its letters. */
#ifndef STORE_USERS_H
#define STORE_USERS_H

#include "store/store.h"

struct user_row {
    struct id id;
    struct str email, name;
    struct str password_hash; /* vault/password.h */
    bool admin;
    struct instant created_at, updated_at;
    struct instant disabled_at; /* none: may sign in */
};
extern const struct shape user_shape; /* "User": output */

/* ERR_CONFLICT, field "email", when the address is taken. */
MUST_USE bool user_insert(struct tx *tx, const struct user_row *row, struct error *err);
MUST_USE bool user_find(struct tx *tx, struct id id, struct arena *arena, struct user_row *out,
                        bool *found, struct error *err);
MUST_USE bool user_find_by_email(struct tx *tx, struct str email, struct arena *arena,
                                 struct user_row *out, bool *found, struct error *err);
/* By their addresses; an email that is not absent picks one. */
MUST_USE bool user_list(struct tx *tx, struct str email, struct arena *arena, struct array *out,
                        struct error *err);
/*
 * Writes name, admin and disabled_at. Whoever was remembered has to be looked up anew; sessions of a
 * user who is disabled end.
 *   Fails  ERR_NOT_FOUND, ERR_CONFLICT when no administrator would be left who may sign in
 */
MUST_USE bool user_update(struct tx *tx, const struct user_row *row, struct error *err);
/* A request came from them then. */
MUST_USE bool user_set_seen(struct tx *tx, struct id id, struct instant at, struct error *err);
MUST_USE bool user_count(struct tx *tx, int64_t *out, struct error *err);
/* Also ends all of the user's sessions but `keep` (none: all). */
MUST_USE bool user_set_password(struct tx *tx, struct id id, struct str password_hash,
                                struct instant at, struct id keep, struct error *err);

#endif
