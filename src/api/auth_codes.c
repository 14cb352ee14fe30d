/* SPDX-License-Identifier: Apache-2.0 */
/* auth.*: what an invitation says and how it is accepted; codes that sign in once. */
#include "api/internal.h"

#include "auth/codes.h"
#include "store/projects.h"
#include "store/sessions.h"
#include "store/users.h"
#include "vault/token.h"

#define CODE_MAX 200
#define CODE_MINUTES 10

struct code_input {
    struct str code;
};
static const struct field code_fields[] = {
    { FIELD("code", code_input, code, REQUIRED, "Of the address that was handed over."), .min = 1,
      .max = CODE_MAX },
    { 0 },
};
static const struct shape code_shape = SHAPE(NULL, code_input, code_fields);

/* --- invitations --- */

struct view_output {
    struct str project_name, email, inviter;
    int role;
    bool known;
    struct instant expires_at;
};
static const struct field view_fields[] = {
    { FIELD("projectName", view_output, project_name, REQUIRED,
            "The project that one would join.") },
    { FIELD("email", view_output, email, REQUIRED, "Address of who is invited.") },
    { FIELD_ENUM("role", view_output, role, REQUIRED, role_names, "What they will be.") },
    { FIELD("invitedBy", view_output, inviter, OPTIONAL,
            "Name of who invites; absent: the operator of the server.") },
    { FIELD("known", view_output, known, REQUIRED,
            "True: a user has this address, and accepts with their password.") },
    { FIELD("expiresAt", view_output, expires_at, REQUIRED, "When it ends by itself.") },
    { 0 },
};
static const struct shape view_shape = SHAPE("InvitationView", view_output, view_fields);

static enum answer view_invitation(struct call *call, const void *input, void *output,
                                   struct error *err)
{
    const struct code_input *in = input;
    struct invitation_view view;

    if (!auth_view_invitation(services_of(call)->auth, in->code, call->arena, &view, err))
        return FAILED;
    *(struct view_output *)output = (struct view_output){
        .project_name = view.row.project_name,
        .email = view.row.email,
        .inviter = view.row.inviter,
        .role = view.row.role,
        .known = view.known,
        .expires_at = view.row.expires_at,
    };
    return DONE;
}

struct accept_input {
    struct str code, name;
    struct secret *password;
};
static const struct field accept_fields[] = {
    { FIELD("code", accept_input, code, REQUIRED, "Of the address that was handed over."), .min = 1,
      .max = CODE_MAX },
    { FIELD("name", accept_input, name, OPTIONAL, "What people call you, as a new user."), .min = 1,
      .max = 100 },
    { FIELD("password", accept_input, password, OPTIONAL,
            "A new user's, at least 8 characters; or yours, if you are one and not signed in."),
      .min = PASSWORD_MIN, .max = PASSWORD_MAX, .look = LOOK_PASSWORD },
    { 0 },
};
static const struct shape accept_shape = SHAPE(NULL, accept_input, accept_fields);

struct accept_output {
    struct user_row *user;
    struct id project_id;
};
static const struct field accepted_fields[] = {
    { FIELD_SHAPE("user", accept_output, user, REQUIRED, &user_shape, "Who is signed in now.") },
    { FIELD("projectId", accept_output, project_id, REQUIRED, "The project they belong to now.") },
    { 0 },
};
static const struct shape accepted_shape = SHAPE(NULL, accept_output, accepted_fields);

static void keep_session(struct call *call, const struct sign_in *sign_in)
{
    if (str_set(sign_in->token))
        call_set_cookie(call, auth_cookie(call->arena, call->request, sign_in->token));
}

static bool accept(struct call *call, void *context, struct error *err)
{
    const struct accept_input *in = context;
    struct accept_output *out = call->output;
    struct sign_in *sign_in = ARENA_NEW(call->arena, sign_in);
    const struct acceptance acceptance = {
        .code = in->code,
        .name = in->name,
        .password = in->password,
        .peer = call->request->peer,
        .signed_in = id_set(call->caller.session_id) ? call->caller.user_id : ID_NONE,
    };

    if (!auth_accept_invitation(services_of(call)->auth, &acceptance, call->arena, sign_in,
                                &out->project_id, err))
        return false;
    out->user = &sign_in->user;
    keep_session(call, sign_in);
    return true;
}

static enum answer accept_invitation(struct call *call, const void *input, void *output,
                                     struct error *err)
{
    const struct accept_input *in = input;
    (void)output;

    return api_block(call, services_of(call)->signing, accept,
                     arena_copy(call->arena, in, sizeof(*in)), err);
}

/* --- codes that sign in --- */

struct create_code_input {
    struct opt_int minutes;
};
static const struct field create_fields[] = {
    { FIELD("minutes", create_code_input, minutes, OPTIONAL, "How long it counts; absent: 10."),
      .min = 1, .max = 1440 },
    { 0 },
};
static const struct shape create_shape = SHAPE(NULL, create_code_input, create_fields);

struct create_code_output {
    struct str code;
    struct instant expires_at;
    struct str hash;
};
static const struct field created_fields[] = {
    { FIELD("code", create_code_output, code, REQUIRED,
            "For the address /login#code=…; it works once, and is shown this once.") },
    { FIELD("expiresAt", create_code_output, expires_at, REQUIRED, "When it ends by itself.") },
    { 0 },
};
static const struct shape created_shape = SHAPE(NULL, create_code_output, created_fields);

static bool set_code(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct create_code_output *out = call->output;
    (void)context;
    return sign_in_code_set(tx, call->caller.user_id, out->hash, out->expires_at, err) &&
           api_audit(tx, call, call->caller.user_id, err);
}

static enum answer create_code(struct call *call, const void *input, void *output,
                               struct error *err)
{
    static const struct api_write how = { set_code, NULL };
    const struct create_code_input *in = input;
    int64_t minutes = in->minutes.set ? in->minutes.value : CODE_MINUTES;
    struct new_token token;
    (void)err;

    token_make(call->arena, &token);
    *(struct create_code_output *)output = (struct create_code_output){
        .code = token.text,
        .hash = token.hash,
        .expires_at = instant_add_ms(instant_now(), minutes * 60 * 1000),
    };
    return api_write(call, scope_user(call->caller.user_id), &how, NULL);
}

struct code_login_output {
    struct user_row *user;
};
static const struct field login_fields[] = {
    { FIELD_SHAPE("user", code_login_output, user, REQUIRED, &user_shape,
                  "Who is signed in now.") },
    { 0 },
};
static const struct shape login_shape = SHAPE(NULL, code_login_output, login_fields);

static bool log_in(struct call *call, void *context, struct error *err)
{
    const struct code_input *in = context;
    struct sign_in *sign_in = ARENA_NEW(call->arena, sign_in);

    if (!auth_login_with_code(services_of(call)->auth, in->code, call->arena, sign_in, err))
        return false;
    ((struct code_login_output *)call->output)->user = &sign_in->user;
    keep_session(call, sign_in);
    return true;
}

static enum answer login_with_code(struct call *call, const void *input, void *output,
                                   struct error *err)
{
    const struct code_input *in = input;
    (void)output;

    return api_block(call, services_of(call)->signing, log_in,
                     arena_copy(call->arena, in, sizeof(*in)), err);
}

/* Looking at an invitation is a mutation by its method only: queries are in the logs of proxies. */
const struct procedure auth_code_procedures[] = {
    { .path = "auth.viewInvitation",
      .kind = MUTATION,
      .needs = ANYONE,
      .doc = "What an invitation says to whoever has its code.",
      .input = &code_shape,
      .output = &view_shape,
      .carries_secrets = true,
      .run = view_invitation },
    { .path = "auth.acceptInvitation",
      .kind = MUTATION,
      .needs = ANYONE,
      .doc =
          "Joins the project of an invitation, as a new user or as the one of its address; once.",
      .input = &accept_shape,
      .output = &accepted_shape,
      .carries_secrets = true,
      .sets_cookie = true,
      .run = accept_invitation },
    { .path = "auth.createCode",
      .kind = MUTATION,
      .needs = SELF,
      .doc = "Makes a code that signs the caller in once, in a browser; an earlier one is void.",
      .input = &create_shape,
      .output = &created_shape,
      .carries_secrets = true,
      .run = create_code },
    { .path = "auth.loginWithCode",
      .kind = MUTATION,
      .needs = ANYONE,
      .doc = "Signs in with such a code, by cookie.",
      .input = &code_shape,
      .output = &login_shape,
      .carries_secrets = true,
      .sets_cookie = true,
      .run = login_with_code },
    { 0 },
};
