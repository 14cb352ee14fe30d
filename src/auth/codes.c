/* SPDX-License-Identifier: Apache-2.0 */
/* Ways in that work once: invitations, and codes that sign in. Blocks on hashing and on commits. */
#include "auth/codes.h"

#include "auth/internal.h"
#include "store/audit.h"
#include "store/projects.h"
#include "vault/password.h"
#include "vault/token.h"

static bool note(struct tx *tx, struct str action, struct id user_id, struct id project_id,
                 struct error *err)
{
    struct audit_row row = {
        .project_id = project_id, .user_id = user_id, .action = action, .subject_id = user_id
    };
    return audit_insert(tx, &row, err);
}

/* --- invitations --- */

static bool find_invitation(struct tx *tx, struct str code, struct arena *arena,
                            struct invitation_row *out, struct error *err)
{
    bool found;
    if (!invitation_find(tx, token_hash(code, arena), instant_now(), arena, out, &found, err))
        return false;
    return found || fail_field(err, ERR_NOT_FOUND, "code",
                               "was used or withdrawn, or has expired: ask for another invitation");
}

bool auth_view_invitation(struct auth *auth, struct str code, struct arena *arena,
                          struct invitation_view *out, struct error *err)
{
    AUTO(tx) tx = store_read(auth->store, scope_system(), err);
    struct invitation_view view;
    struct user_row user;
    if (!tx || !find_invitation(tx, code, arena, &view.row, err) ||
        !user_find_by_email(tx, view.row.email, arena, &user, &view.known, err))
        return false;
    *out = view;
    return true;
}

struct accept_write {
    struct write write;
    struct arena *arena;
    const struct acceptance *in;
    bool known; /* `user` is one already, as they were when the password was looked at */
    struct user_row user;
    struct session_row session; /* none: they are signed in */
    struct id project_id;
};

/* Whether the user is still the one whose password was right. */
static bool check_same(struct tx *tx, const struct accept_write *w, struct error *err)
{
    struct user_row user;
    bool found;
    if (!user_find(tx, w->user.id, w->arena, &user, &found, err))
        return false;
    if (!found || !str_eq(user.password_hash, w->user.password_hash))
        return fail_field(err, ERR_FORBIDDEN, "password", "is wrong");
    return sign_in_check_enabled(&user, err);
}

static bool join(struct tx *tx, const struct accept_write *w, const struct invitation_row *row,
                 struct error *err)
{
    struct member_row member;
    bool found;
    if (!member_find(tx, row->project_id, w->user.id, w->arena, &member, &found, err))
        return false;
    return found || member_insert(tx, row->project_id, w->user.id, row->role, instant_now(), err);
}

static bool accept_run(struct tx *tx, struct write *write, struct error *err)
{
    struct accept_write *w = CONTAINER_OF(write, struct accept_write, write);
    struct invitation_row row;
    if (!find_invitation(tx, w->in->code, w->arena, &row, err))
        return false;
    w->project_id = row.project_id;
    return (w->known ? check_same(tx, w, err) : user_insert(tx, &w->user, err)) &&
           join(tx, w, &row, err) && invitation_delete(tx, row.project_id, row.id, err) &&
           (!id_set(w->session.id) || session_insert(tx, &w->session, err)) &&
           note(tx, STR("auth.acceptInvitation"), w->user.id, row.project_id, err);
}

static bool check_password(struct auth *auth, const struct user_row *user,
                           const struct acceptance *in, struct error *err)
{
    if (!in->password)
        return fail_field(err, ERR_BAD_REQUEST, "password", "is required");
    if (!memory_begin_try(auth, user->email, in->peer, err))
        return false;
    if (!password_matches(in->password, user->password_hash))
        return fail_field(err, ERR_FORBIDDEN, "password", "is wrong");
    memory_try_succeeded(auth, user->email, in->peer);
    return true;
}

static bool check_new(const struct acceptance *in, struct error *err)
{
    if (!str_set(in->name))
        return fail_field(err, ERR_BAD_REQUEST, "name", "is required");
    return in->password || fail_field(err, ERR_BAD_REQUEST, "password", "is required");
}

bool auth_accept_invitation(struct auth *auth, const struct acceptance *in, struct arena *arena,
                            struct sign_in *out, struct id *project_id, struct error *err)
{
    struct invitation_view view;
    struct accept_write w = {
        .write = { .scope = scope_system(), .run = accept_run },
        .arena = arena,
        .in = in,
    };
    /* Before the hashing, so that a stranger cannot make us work. */
    if (!auth_view_invitation(auth, in->code, arena, &view, err) ||
        !sign_in_find_by_email(auth, view.row.email, arena, &w.user, &w.known, err))
        return false;
    bool own = w.known && id_set(in->signed_in) && id_eq(in->signed_in, w.user.id);
    if (!w.known) {
        struct new_user user = { .name = in->name,
                                 .email = view.row.email,
                                 .password = in->password };
        if (!check_new(in, err))
            return false;
        w.user = sign_in_make_user(&user, false, arena);
    } else if (!own && !check_password(auth, &w.user, in, err)) {
        return false;
    }
    struct sign_in made = { .user = w.user };
    if (!own)
        sign_in_make_session(w.user.id, arena, &w.session, &made);
    if (!store_write(auth->store, &w.write, err))
        return false;
    *out = made;
    *project_id = w.project_id;
    return true;
}

/* --- codes that sign in --- */

struct code_write {
    struct write write;
    struct arena *arena;
    struct str hash;
    struct sign_in made;
};

static bool code_run(struct tx *tx, struct write *write, struct error *err)
{
    struct code_write *w = CONTAINER_OF(write, struct code_write, write);
    struct session_row session;
    struct id user_id;
    bool found;
    if (!sign_in_code_take(tx, w->hash, instant_now(), &user_id, &found, err) ||
        (found && !user_find(tx, user_id, w->arena, &w->made.user, &found, err)))
        return false;
    if (!found)
        return fail(err, ERR_UNAUTHORIZED, "this address was used already, or has expired");
    sign_in_make_session(user_id, w->arena, &session, &w->made);
    return sign_in_check_enabled(&w->made.user, err) && session_insert(tx, &session, err) &&
           note(tx, STR("auth.loginWithCode"), user_id, ID_NONE, err);
}

bool auth_login_with_code(struct auth *auth, struct str code, struct arena *arena,
                          struct sign_in *out, struct error *err)
{
    struct code_write w = {
        .write = { .scope = scope_system(), .run = code_run },
        .arena = arena,
        .hash = token_hash(code, arena),
    };
    if (!store_write(auth->store, &w.write, err))
        return false;
    *out = w.made;
    return true;
}
