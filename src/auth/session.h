/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who calls: from a request's bearer token or session cookie to a caller; and how people get in:
 * set-up, login, logout, change of password.
 *
 * Who a token stands for is remembered in memory and void as soon as any right was taken away
 * (store_rights_generation()), so that it costs a hash, not a read.
 */
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/id.h"
#include "base/secret.h"
#include "base/str.h"
#include "http/server.h"
#include "rpc/procedure.h"
#include "store/store.h"
#include "store/users.h"

#include <stdbool.h>

/* Through the Unix socket: the address of the user to act as; absent: the operator. */
#define AUTH_ACT_AS "tieline-user"

struct auth;

struct auth_config {
    struct store *store;      /* must live as long */
    struct str public_origin; /* "https://tieline.example", or absent */
};

MUST_USE struct auth *auth_new(const struct auth_config *config);
/* NULL is fine. */
void auth_free(struct auth *auth);
AUTO_DEFINE(auth, auth_free)

/*
 * Finds out who sent a request: `Authorization: Bearer`, else the session cookie, else (event
 * streams only) connectionParams.token. None of them, or a cookie that no longer counts: not signed
 * in, which is no failure. A token that does not count is ERR_UNAUTHORIZED.
 * Through the Unix socket none of these counts: whoever may use it is the operator, or acts as the
 * user that they name (ERR_NOT_FOUND when there is none such).
 *   Blocks  on a read of the store when it is not remembered.  Threads: any.
 */
MUST_USE bool auth_request(struct auth *auth, const struct http_request *request,
                           struct arena *arena, struct caller *out, struct error *err);
/* The same for a token as text. */
MUST_USE bool auth_token(struct auth *auth, struct str token, struct arena *arena,
                         struct caller *out, struct error *err);

/* A person who has just got in. Texts live in the arena. */
struct sign_in {
    struct user_row user;
    struct str token; /* for the cookie: shown once */
    struct instant expires_at;
};
/* Value of Set-Cookie for this request's kind of cookie; an absent token clears it. */
MUST_USE struct str auth_cookie(struct arena *arena, const struct http_request *request,
                                struct str token);

/*
 * The functions below hash passwords (30 ms, two at once) and wait for commits: for threads that may
 * block, never the HTTP thread.
 */

struct new_user {
    struct str name, email;
    bool admin;      /* not looked at by auth_setup() */
    struct id adder; /* who adds them, for the audit log; none: the operator */
    const struct secret *password;
};

/* True while there is no user. */
MUST_USE bool auth_setup_required(struct auth *auth, bool *out, struct error *err);
/* Makes the set-up token, in place of an earlier one: printed at start, never served. */
MUST_USE bool auth_setup_token(struct auth *auth, struct arena *arena, struct str *out,
                               struct error *err);
/*
 * Makes the first user, an admin, and signs them in; the set-up token dies with it.
 *   Fails  ERR_FORBIDDEN once there is a user, and for a wrong token (field "token")
 */
MUST_USE bool auth_setup(struct auth *auth, struct str token, const struct new_user *user,
                         struct arena *arena, struct sign_in *out, struct error *err);
/*
 * Signs in with a new session. An unknown address and a wrong password cost and answer the same:
 * ERR_UNAUTHORIZED. After many failures of an address from one peer ERR_TOO_MANY_REQUESTS.
 */
MUST_USE bool auth_login(struct auth *auth, struct str email, const struct secret *password,
                         struct str peer, struct arena *arena, struct sign_in *out,
                         struct error *err);
/* Ends all other sessions of the caller. ERR_FORBIDDEN, field "current", for a wrong password. */
MUST_USE bool auth_change_password(struct auth *auth, const struct caller *caller,
                                   const struct secret *current, const struct secret *password,
                                   struct error *err);
/* Makes a user without signing them in. ERR_CONFLICT, field "email", when the address is taken. */
MUST_USE bool auth_add_user(struct auth *auth, const struct new_user *user, struct arena *arena,
                            struct user_row *out, struct error *err);
/* Gives a user another password; all of their sessions end. `resetter` as in new_user.adder. */
MUST_USE bool auth_reset_password(struct auth *auth, struct id resetter, struct id user_id,
                                  const struct secret *password, struct error *err);

#endif
