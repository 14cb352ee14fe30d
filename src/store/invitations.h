/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of invitations to a project: one for an address at a time, for one use, kept hashed. One counts
 * until it expires, and while whoever made it still is an owner who may sign in.
 */
#ifndef STORE_INVITATIONS_H
#define STORE_INVITATIONS_H

#include "store/store.h"

#define INVITATIONS_MAX 200 /* of a project */

struct invitation_row {
    struct id id, project_id;
    struct str email;
    int role;             /* enum role */
    struct str code_hash; /* vault/token.h; only when inserted */
    struct id created_by; /* none: the operator of the server */
    struct instant created_at, expires_at;
    struct str project_name, inviter; /* only when found; no inviter: the operator */
};
extern const struct shape invitation_shape; /* "Invitation": output */

/*
 * Takes the place of an earlier one for the address, and removes those of the project that expired.
 *   Fails  ERR_CONFLICT when the project has INVITATIONS_MAX
 */
MUST_USE bool invitation_insert(struct tx *tx, const struct invitation_row *row, struct error *err);
/* Those that count at `now`, newest first. */
MUST_USE bool invitation_list(struct tx *tx, struct id project_id, struct instant now,
                              struct arena *arena, struct array *out, struct error *err);
/* Not found: there is none that counts at `now`. */
MUST_USE bool invitation_find(struct tx *tx, struct str code_hash, struct instant now,
                              struct arena *arena, struct invitation_row *out, bool *found,
                              struct error *err);
/* ERR_NOT_FOUND unless it is this project's. */
MUST_USE bool invitation_delete(struct tx *tx, struct id project_id, struct id id,
                                struct error *err);

#endif
