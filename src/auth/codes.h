/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways in that work once, by a code that somebody hands on: an invitation to a project, which makes a
 * user where there is none, and a code that signs its own user in.
 *
 * The functions that take an `auth` wait for commits, and accepting hashes a password: for threads
 * that may block.
 */
#ifndef AUTH_CODES_H
#define AUTH_CODES_H

#include "auth/session.h"
#include "store/invitations.h"

#define INVITATION_DAYS 7

/* What an invitation says to whoever has its code. Texts live in the arena. */
struct invitation_view {
    struct invitation_row row;
    bool known; /* a user of this server has the address */
};
/* ERR_NOT_FOUND, field "code", for one that does not count. */
MUST_USE bool auth_view_invitation(struct auth *auth, struct str code, struct arena *arena,
                                   struct invitation_view *out, struct error *err);

struct acceptance {
    struct str code;
    struct str name; /* of a new user */
    const struct secret
        *password; /* a new user's, or that of the user who has the address; or NULL */
    struct str peer;
    struct id signed_in; /* the user who asks by a session, or none: needs no password for their own
                            address */
};
/*
 * Makes whoever is invited a member, and signs them in unless they are; the invitation is used up.
 * out->token is absent for who was signed in.
 *   Fails  ERR_NOT_FOUND, field "code" · ERR_BAD_REQUEST, field "name" or "password", for what is
 *          missing · ERR_FORBIDDEN, field "password", for a wrong one, or a disabled user ·
 *          ERR_TOO_MANY_REQUESTS as auth_login()
 */
MUST_USE bool auth_accept_invitation(struct auth *auth, const struct acceptance *acceptance,
                                     struct arena *arena, struct sign_in *out,
                                     struct id *project_id, struct error *err);

/* Signs in with a code and uses it up. ERR_UNAUTHORIZED for one that does not count. */
MUST_USE bool auth_login_with_code(struct auth *auth, struct str code, struct arena *arena,
                                   struct sign_in *out, struct error *err);

#endif
