/* SPDX-License-Identifier: Apache-2.0 */
/* auth.*: who is signed in, set-up, login, logout, change of password. */
#include "api/internal.h"

#include "auth/session.h"
#include "store/sessions.h"
#include "store/users.h"

struct auth_status {
    bool setup_required;
    struct user_row *user;
};
static const struct field status_fields[] = {
    { FIELD("setupRequired", auth_status, setup_required, REQUIRED,
            "True until the first user was made with the set-up token.") },
    { FIELD_SHAPE("user", auth_status, user, OPTIONAL, &user_shape,
                  "Who is signed in; absent: nobody.") },
    { 0 },
};
static const struct shape status_shape = SHAPE("AuthStatus", auth_status, status_fields);

struct signed_in {
    struct user_row *user;
};
static const struct field signed_in_fields[] = {
    { FIELD_SHAPE("user", signed_in, user, REQUIRED, &user_shape, "Who is signed in now.") },
    { 0 },
};
static const struct shape signed_in_shape = SHAPE("SignedIn", signed_in, signed_in_fields);

struct setup_input {
    struct str token, name, email;
    struct secret *password;
};
static const struct field setup_fields[] = {
    { FIELD("token", setup_input, token, REQUIRED, "Printed by the server at its first start."),
      .min = 1, .max = 200 },
    { FIELD("name", setup_input, name, REQUIRED, "What people call you."), .min = 1, .max = 100 },
    { FIELD("email", setup_input, email, REQUIRED, "Address to sign in with."), .min = 3,
      .max = EMAIL_MAX, .look = LOOK_EMAIL },
    { FIELD("password", setup_input, password, REQUIRED, "At least 8 characters."),
      .min = PASSWORD_MIN, .max = PASSWORD_MAX, .look = LOOK_PASSWORD },
    { 0 },
};
static const struct shape setup_shape = SHAPE(NULL, setup_input, setup_fields);

struct login_input {
    struct str email;
    struct secret *password;
};
static const struct field login_fields[] = {
    { FIELD("email", login_input, email, REQUIRED, "Address of the user."), .min = 1,
      .max = EMAIL_MAX, .look = LOOK_EMAIL },
    { FIELD("password", login_input, password, REQUIRED, "Password of the user."), .min = 1,
      .max = PASSWORD_MAX, .look = LOOK_PASSWORD },
    { 0 },
};
static const struct shape login_shape = SHAPE(NULL, login_input, login_fields);

struct password_input {
    struct secret *current, *password;
};
static const struct field password_fields[] = {
    { FIELD("current", password_input, current, REQUIRED, "The password as it is."), .min = 1,
      .max = PASSWORD_MAX, .look = LOOK_PASSWORD },
    { FIELD("password", password_input, password, REQUIRED, "The new one: at least 8 characters."),
      .min = PASSWORD_MIN, .max = PASSWORD_MAX, .look = LOOK_PASSWORD },
    { 0 },
};
static const struct shape password_shape = SHAPE(NULL, password_input, password_fields);

static enum answer auth_status(struct call *call, const void *input, void *output,
                               struct error *err)
{
    struct auth_status *out = output;
    (void)input;

    if (!auth_setup_required(services_of(call)->auth, &out->setup_required, err))
        return FAILED;
    if (!call->caller.signed_in)
        return DONE;
    /* A user's whole row, with the hash of the password, is the server's alone. */
    AUTO(tx) tx = store_read(services_of(call)->store, scope_system(), err);
    struct user_row *user = ARENA_NEW(call->arena, user_row);
    bool found;
    if (!tx || !user_find(tx, call->caller.user_id, call->arena, user, &found, err))
        return FAILED;
    out->user = found ? user : NULL;
    return DONE;
}

static void let_in(struct call *call, struct sign_in *sign_in)
{
    struct signed_in *out = call->output;

    out->user = &sign_in->user;
    call_set_cookie(call, auth_cookie(call->arena, call->request, sign_in->token));
}

static bool set_up(struct call *call, void *context, struct error *err)
{
    const struct setup_input *in = context;
    struct sign_in *sign_in = ARENA_NEW(call->arena, sign_in);
    const struct new_user user = { .name = in->name, .email = in->email, .password = in->password };

    if (!auth_setup(services_of(call)->auth, in->token, &user, call->arena, sign_in, err))
        return false;
    let_in(call, sign_in);
    return true;
}

static bool log_in(struct call *call, void *context, struct error *err)
{
    const struct login_input *in = context;
    struct sign_in *sign_in = ARENA_NEW(call->arena, sign_in);

    if (!auth_login(services_of(call)->auth, in->email, in->password, call->request->peer,
                    call->arena, sign_in, err))
        return false;
    let_in(call, sign_in);
    return true;
}

static bool change_password(struct call *call, void *context, struct error *err)
{
    const struct password_input *in = context;
    struct success *out = call->output;

    if (!auth_change_password(services_of(call)->auth, &call->caller, in->current, in->password,
                              err))
        return false;
    out->success = true;
    return true;
}

static enum answer auth_setup_call(struct call *call, const void *input, void *output,
                                   struct error *err)
{
    struct setup_input *in = ARENA_NEW(call->arena, setup_input);
    (void)output;

    *in = *(const struct setup_input *)input;
    return api_block(call, services_of(call)->signing, set_up, in, err);
}

static enum answer auth_login_call(struct call *call, const void *input, void *output,
                                   struct error *err)
{
    struct login_input *in = ARENA_NEW(call->arena, login_input);
    (void)output;

    *in = *(const struct login_input *)input;
    return api_block(call, services_of(call)->signing, log_in, in, err);
}

static enum answer auth_change_password_call(struct call *call, const void *input, void *output,
                                             struct error *err)
{
    struct password_input *in = ARENA_NEW(call->arena, password_input);
    (void)output;

    *in = *(const struct password_input *)input;
    return api_block(call, services_of(call)->signing, change_password, in, err);
}

static bool end_session(struct tx *tx, struct call *call, void *context, struct error *err)
{
    (void)context;
    return session_delete(tx, call->caller.session_id, err) && api_audit(tx, call, ID_NONE, err);
}

/* Also for callers who are not signed in: whoever wants to be out, is. */
static enum answer auth_logout(struct call *call, const void *input, void *output,
                               struct error *err)
{
    static const struct api_write how = { end_session, NULL };
    struct success *out = output;
    (void)input, (void)err;

    out->success = true;
    call_set_cookie(call, auth_cookie(call->arena, call->request, STR_NULL));
    if (!id_set(call->caller.session_id))
        return DONE;
    return api_write(call, scope_user(call->caller.user_id), &how, NULL);
}

const struct procedure auth_procedures[] = {
    { .path = "auth.status",
      .kind = QUERY,
      .needs = ANYONE,
      .doc = "Whether the server is set up, and who is signed in.",
      .output = &status_shape,
      .run = auth_status },
    { .path = "auth.setup",
      .kind = MUTATION,
      .needs = ANYONE,
      .doc = "Makes the first user, an admin, and signs them in. Once only.",
      .input = &setup_shape,
      .output = &signed_in_shape,
      .carries_secrets = true,
      .sets_cookie = true,
      .run = auth_setup_call },
    { .path = "auth.login",
      .kind = MUTATION,
      .needs = ANYONE,
      .doc = "Signs in, by cookie.",
      .input = &login_shape,
      .output = &signed_in_shape,
      .carries_secrets = true,
      .sets_cookie = true,
      .run = auth_login_call },
    { .path = "auth.logout",
      .kind = MUTATION,
      .needs = ANYONE,
      .doc = "Ends this session and clears the cookie.",
      .output = &success_shape,
      .sets_cookie = true,
      .run = auth_logout },
    { .path = "auth.changePassword",
      .kind = MUTATION,
      .needs = SELF,
      .doc = "Changes the caller's password; their other sessions end.",
      .input = &password_shape,
      .output = &success_shape,
      .carries_secrets = true,
      .run = auth_change_password_call },
    { 0 },
};
