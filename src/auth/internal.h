/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this folder share: the struct auth and what it remembers.
 *
 * Remembered are only findings, never that something was not found, each with the store's generation
 * of rights from before it was read. Tables have a fixed size; a newer finding takes the place of an
 * older one.
 */
#ifndef AUTH_INTERNAL_H
#define AUTH_INTERNAL_H

#include <pthread.h>

#include "auth/session.h"
#include "base/time.h"
#include "store/rights.h"
#include "store/sessions.h"

#define HASH_LEN 64 /* of vault/token.h, in hexadecimal */

struct known_caller {
    char hash[HASH_LEN];
    uint64_t generation;
    struct caller caller;
    struct instant expires_at; /* none: never */
    struct instant used_at;    /* as it is, or soon will be, in the rows */
};

struct known_right {
    uint64_t generation;
    struct id user_id, id;
    enum right_subject subject;
    struct right_row right;
};

/* Failed sign-ins of one address from one peer. */
struct failures {
    uint64_t key;
    int64_t since_us;
    int count;
};

#define KNOWN_CALLERS 512
#define KNOWN_RIGHTS 2048
#define FAILURES 256

struct auth {
    pthread_mutex_t lock;
    struct known_caller callers[KNOWN_CALLERS];
    struct known_right rights[KNOWN_RIGHTS];
    struct failures failures[FAILURES];
    /* The lock guards what stands above. */
    struct store *store;
    char *public_origin; /* or NULL */
};

/* *use: this use should be written down now. */
bool memory_find_caller(struct auth *auth, struct str hash, struct caller *out, bool *use);
/* Keeps who is calling now. */
void memory_keep_caller(struct auth *auth, const struct known_caller *known, bool *use);
bool memory_find_right(struct auth *auth, enum right_subject subject, struct id user_id,
                       struct id id, struct right_row *out);
void memory_keep_right(struct auth *auth, const struct known_right *known);
/*
 * Counts a try before its outcome is known, so that tries at the same time cannot be more than those
 * one after the other. memory_try_succeeded() takes the count back.
 *   Fails  ERR_TOO_MANY_REQUESTS until a minute has passed since the first of too many tries
 */
MUST_USE bool memory_begin_try(struct auth *auth, struct str email, struct str peer,
                               struct error *err);
void memory_try_succeeded(struct auth *auth, struct str email, struct str peer);

/* --- sign_in.c, for codes.c --- */

/* A new session, to be inserted; its token is shown once. */
void sign_in_make_session(struct id user_id, struct arena *arena, struct session_row *row,
                          struct sign_in *out);
/* A new user with a hashed password, to be inserted. */
struct user_row sign_in_make_user(const struct new_user *user, bool admin, struct arena *arena);
MUST_USE bool sign_in_find_by_email(struct auth *auth, struct str email, struct arena *arena,
                                    struct user_row *out, bool *found, struct error *err);
/* Said to those only who know the password, or a code. */
MUST_USE bool sign_in_check_enabled(const struct user_row *user, struct error *err);

#endif
