/* SPDX-License-Identifier: Apache-2.0 */
/* How people get in: set-up, login, change of password. Blocks on hashing and on commits. */
#include "auth/internal.h"
#include "base/attr.h"
#include "store/audit.h"
#include "store/meta.h"
#include "store/sessions.h"
#include "vault/password.h"
#include "vault/token.h"

#define SESSION_MS ((int64_t)14 * 24 * 60 * 60 * 1000)
/* Stands in the place of a peer: wrong passwords of a change are counted by themselves. */
#define CHANGING STR("changePassword")

void sign_in_make_session(struct id user_id, struct arena *arena, struct session_row *row,
                          struct sign_in *out)
{
    struct new_token token;
    token_make(arena, &token);
    struct instant now = instant_now();
    *row = (struct session_row){
        .id = id_new(),
        .user_id = user_id,
        .token_hash = token.hash,
        .created_at = now,
        .expires_at = instant_add_ms(now, SESSION_MS),
    };
    out->token = token.text;
    out->expires_at = row->expires_at;
}

struct user_row sign_in_make_user(const struct new_user *user, bool admin, struct arena *arena)
{
    struct instant now = instant_now();
    return (struct user_row){
        .id = id_new(),
        .email = arena_str(arena, user->email),
        .name = arena_str(arena, user->name),
        .password_hash = password_hash(user->password, arena),
        .admin = admin,
        .created_at = now,
        .updated_at = now,
    };
}

/* `actor` none: the operator of the server. */
static bool note(struct tx *tx, struct id actor, struct str action, struct id user_id,
                 struct error *err)
{
    struct audit_row row = { .user_id = actor, .action = action, .subject_id = user_id };
    return audit_insert(tx, &row, err);
}

/* --- set-up --- */

bool auth_setup_required(struct auth *auth, bool *out, struct error *err)
{
    AUTO(tx) tx = store_read(auth->store, scope_system(), err);
    int64_t users;
    if (!tx || !user_count(tx, &users, err))
        return false;
    *out = users == 0;
    return true;
}

struct setup_token_write {
    struct write write;
    struct str hash;
};

static bool setup_token_run(struct tx *tx, struct write *write, struct error *err)
{
    const struct setup_token_write *w = CONTAINER_OF(write, struct setup_token_write, write);
    return meta_set(tx, META_SETUP_TOKEN, w->hash, err);
}

bool auth_setup_token(struct auth *auth, struct arena *arena, struct str *out, struct error *err)
{
    struct new_token token;
    token_make(arena, &token);
    struct setup_token_write w = {
        .write = { .scope = scope_system(), .run = setup_token_run },
        .hash = token.hash,
    };
    if (!store_write(auth->store, &w.write, err))
        return false;
    *out = token.text;
    return true;
}

/* Set-up is open and this is its token. */
static bool check_setup(struct tx *tx, struct str token, struct arena *arena, struct error *err)
{
    int64_t users;
    struct str hash;
    if (!user_count(tx, &users, err) || !meta_get(tx, META_SETUP_TOKEN, arena, &hash, err))
        return false;
    if (users > 0)
        return fail(err, ERR_FORBIDDEN, "this server was set up already");
    if (!str_set(hash) || !token_matches(token, hash))
        return fail_field(err, ERR_FORBIDDEN, "token",
                          "is not the set-up token that the server printed when it started");
    return true;
}

struct setup_write {
    struct write write;
    struct arena *arena;
    struct str token;
    struct user_row user;
    struct session_row session;
};

static bool setup_run(struct tx *tx, struct write *write, struct error *err)
{
    const struct setup_write *w = CONTAINER_OF(write, struct setup_write, write);
    return check_setup(tx, w->token, w->arena, err) && user_insert(tx, &w->user, err) &&
           session_insert(tx, &w->session, err) && meta_delete(tx, META_SETUP_TOKEN, NULL, err) &&
           note(tx, w->user.id, STR("auth.setup"), w->user.id, err);
}

bool auth_setup(struct auth *auth, struct str token, const struct new_user *user,
                struct arena *arena, struct sign_in *out, struct error *err)
{
    /* Before the hashing, so that a stranger cannot make us work. */
    struct tx *tx = store_read(auth->store, scope_system(), err);
    bool open = tx && check_setup(tx, token, arena, err);
    tx_end(tx);
    if (!open)
        return false;
    struct sign_in made = { .user = sign_in_make_user(user, true, arena) };
    struct setup_write w = {
        .write = { .scope = scope_system(), .run = setup_run },
        .arena = arena,
        .token = token,
        .user = made.user,
    };
    sign_in_make_session(made.user.id, arena, &w.session, &made);
    if (!store_write(auth->store, &w.write, err))
        return false;
    *out = made;
    return true;
}

/* --- login --- */

bool sign_in_find_by_email(struct auth *auth, struct str email, struct arena *arena,
                           struct user_row *out, bool *found, struct error *err)
{
    AUTO(tx) tx = store_read(auth->store, scope_system(), err);
    return tx && user_find_by_email(tx, email, arena, out, found, err);
}

static bool refuse_login(struct error *err)
{
    return fail(err, ERR_UNAUTHORIZED, "email or password is wrong");
}

bool sign_in_check_enabled(const struct user_row *user, struct error *err)
{
    return !instant_set(user->disabled_at) ||
           fail(err, ERR_FORBIDDEN, "this account is disabled: ask an administrator of the server");
}

struct login_write {
    struct write write;
    struct arena *arena;
    struct str password_hash;
    struct session_row session;
};

static bool login_run(struct tx *tx, struct write *write, struct error *err)
{
    const struct login_write *w = CONTAINER_OF(write, struct login_write, write);
    struct user_row user;
    bool found;
    if (!user_find(tx, w->session.user_id, w->arena, &user, &found, err))
        return false;
    /* A password that was changed while this one was being hashed does not open a session. */
    if (!found || !str_eq(user.password_hash, w->password_hash))
        return refuse_login(err);
    return sign_in_check_enabled(&user, err) && session_insert(tx, &w->session, err);
}

bool auth_login(struct auth *auth, struct str email, const struct secret *password, struct str peer,
                struct arena *arena, struct sign_in *out, struct error *err)
{
    if (!memory_begin_try(auth, email, peer, err))
        return false;
    struct sign_in made = { 0 };
    bool found;
    if (!sign_in_find_by_email(auth, email, arena, &made.user, &found, err))
        return false;
    if (!password_matches(password, found ? made.user.password_hash : STR_NULL))
        return refuse_login(err);
    memory_try_succeeded(auth, email, peer);
    struct login_write w = {
        .write = { .scope = scope_system(), .run = login_run },
        .arena = arena,
        .password_hash = made.user.password_hash,
    };
    sign_in_make_session(made.user.id, arena, &w.session, &made);
    if (!store_write(auth->store, &w.write, err))
        return false;
    *out = made;
    return true;
}

/* --- passwords and users --- */

struct password_write {
    struct write write;
    struct id user_id, session_id; /* the session is kept */
    struct id actor;
    struct str action;
    struct str hash;
};

static bool password_run(struct tx *tx, struct write *write, struct error *err)
{
    const struct password_write *w = CONTAINER_OF(write, struct password_write, write);
    return user_set_password(tx, w->user_id, w->hash, instant_now(), w->session_id, err) &&
           note(tx, w->actor, w->action, w->user_id, err);
}

static bool find_user(struct auth *auth, struct id id, struct arena *arena, struct user_row *out,
                      bool *found, struct error *err)
{
    AUTO(tx) tx = store_read(auth->store, scope_system(), err);
    return tx && user_find(tx, id, arena, out, found, err);
}

bool auth_change_password(struct auth *auth, const struct caller *caller,
                          const struct secret *current, const struct secret *password,
                          struct error *err)
{
    AUTO(arena) arena = arena_new();
    struct user_row user;
    bool found;
    if (!find_user(auth, caller->user_id, arena, &user, &found, err))
        return false;
    if (!found)
        return fail(err, ERR_UNAUTHORIZED, "this user was removed");
    /* Whoever found an open session must not try passwords without end. */
    if (!memory_begin_try(auth, user.email, CHANGING, err))
        return false;
    if (!password_matches(current, user.password_hash))
        return fail_field(err, ERR_FORBIDDEN, "current", "is not your password");
    memory_try_succeeded(auth, user.email, CHANGING);
    struct password_write w = {
        .write = { .scope = scope_user(caller->user_id), .run = password_run },
        .user_id = caller->user_id,
        .session_id = caller->session_id,
        .actor = caller->user_id,
        .action = STR("auth.changePassword"),
        .hash = password_hash(password, arena),
    };
    return store_write(auth->store, &w.write, err);
}

bool auth_reset_password(struct auth *auth, struct id resetter, struct id user_id,
                         const struct secret *password, struct error *err)
{
    AUTO(arena) arena = arena_new();
    struct password_write w = {
        .write = { .scope = scope_system(), .run = password_run },
        .user_id = user_id,
        .actor = resetter,
        .action = STR("users.resetPassword"),
        .hash = password_hash(password, arena),
    };
    return store_write(auth->store, &w.write, err);
}

struct user_write {
    struct write write;
    struct user_row user;
    struct id adder;
};

static bool user_run(struct tx *tx, struct write *write, struct error *err)
{
    const struct user_write *w = CONTAINER_OF(write, struct user_write, write);
    return user_insert(tx, &w->user, err) &&
           note(tx, w->adder, STR("users.create"), w->user.id, err);
}

bool auth_add_user(struct auth *auth, const struct new_user *user, struct arena *arena,
                   struct user_row *out, struct error *err)
{
    struct user_write w = {
        .write = { .scope = scope_system(), .run = user_run },
        .user = sign_in_make_user(user, user->admin, arena),
        .adder = user->adder,
    };
    if (!store_write(auth->store, &w.write, err))
        return false;
    *out = w.user;
    return true;
}
