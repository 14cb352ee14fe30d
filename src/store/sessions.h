/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of sessions: sign-ins of people with a browser; and of sign_in_codes, which begin one. Both
 * are kept hashed.
 */
#ifndef STORE_SESSIONS_H
#define STORE_SESSIONS_H

#include "store/store.h"

struct session_row {
    struct id id, user_id;
    struct str token_hash; /* vault/token.h */
    struct instant created_at, expires_at;
    bool admin;                  /* of the user; only when read */
    struct instant last_seen_at; /* the same */
};

/* Also removes sessions that expired before created_at. */
MUST_USE bool session_insert(struct tx *tx, const struct session_row *row, struct error *err);
/* Also finds expired ones: the caller looks at expires_at. None of a user who is disabled. */
MUST_USE bool session_find(struct tx *tx, struct str token_hash, struct arena *arena,
                           struct session_row *out, bool *found, struct error *err);
MUST_USE bool session_delete(struct tx *tx, struct id id, struct error *err);
/* All of a user's sessions but `keep` (none: all), and their sign-in code. */
MUST_USE bool session_delete_others(struct tx *tx, struct id user_id, struct id keep,
                                    struct error *err);

/*
 * A code that signs its user in once, kept hashed. A user has one at a time: a new one takes the place
 * of the one before.
 */
MUST_USE bool sign_in_code_set(struct tx *tx, struct id user_id, struct str code_hash,
                               struct instant expires_at, struct error *err);
/* Uses it up. Not found: there is none, or it expired before `now`. */
MUST_USE bool sign_in_code_take(struct tx *tx, struct str code_hash, struct instant now,
                                struct id *user_id, bool *found, struct error *err);

#endif
