/* SPDX-License-Identifier: Apache-2.0 */
/* members.*: invitations of people to a project. How they are accepted: auth_codes.c. */
#include "api/internal.h"

#include "auth/codes.h"
#include "store/projects.h"
#include "store/users.h"
#include "vault/token.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

struct invitation_list_output {
    struct array invitations;
};
static const struct field list_fields[] = {
    { FIELD_LIST("invitations", invitation_list_output, invitations, REQUIRED, &invitation_shape,
                 "Those that can be accepted, newest first.") },
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, invitation_list_output, list_fields);

struct invite_input {
    struct id project_id;
    struct str email;
    int role;
};
static const struct field invite_fields[] = {
    { FIELD("projectId", invite_input, project_id, REQUIRED, "Id of the project.") },
    { FIELD("email", invite_input, email, REQUIRED, "Address of who is invited."), .min = 3,
      .max = EMAIL_MAX, .look = LOOK_EMAIL },
    { FIELD_ENUM("role", invite_input, role, REQUIRED, role_names, "What they will be.") },
    { 0 },
};
static const struct shape invite_shape = SHAPE(NULL, invite_input, invite_fields);

struct invite_output {
    struct invitation_row *invitation;
    struct str code;
};
static const struct field invited_fields[] = {
    { FIELD_SHAPE("invitation", invite_output, invitation, REQUIRED, &invitation_shape,
                  "The new invitation.") },
    { FIELD("code", invite_output, code, REQUIRED,
            "For the address /invite#code=…; it works once, and is shown this once.") },
    { 0 },
};
static const struct shape invited_shape = SHAPE(NULL, invite_output, invited_fields);

struct withdraw_input {
    struct id project_id, invitation_id;
};
static const struct field withdraw_fields[] = {
    { FIELD("projectId", withdraw_input, project_id, REQUIRED, "Id of the project.") },
    { FIELD("invitationId", withdraw_input, invitation_id, REQUIRED, "Id of the invitation.") },
    { 0 },
};
static const struct shape withdraw_shape = SHAPE(NULL, withdraw_input, withdraw_fields);

static enum answer list(struct call *call, const void *input, void *output, struct error *err)
{
    struct invitation_list_output *out = output;
    (void)input;

    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx ||
        !invitation_list(tx, call->project_id, instant_now(), call->arena, &out->invitations, err))
        return FAILED;
    return DONE;
}

static bool insert(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct invitation_row *row = context;
    struct user_row user;
    struct member_row member;
    bool found;

    if (!user_find_by_email(tx, row->email, call->arena, &user, &found, err) ||
        (found && !member_find(tx, row->project_id, user.id, call->arena, &member, &found, err)))
        return false;
    if (found)
        return fail_field(err, ERR_CONFLICT, "email", "is the address of a member already");
    return invitation_insert(tx, row, err) && api_audit(tx, call, row->id, err);
}

/* The address is looked up across projects: that is the system's to see. */
static enum answer invite(struct call *call, const void *input, void *output, struct error *err)
{
    static const struct api_write how = { insert, NULL };
    const struct invite_input *in = input;
    struct invite_output *out = output;
    struct instant now = instant_now();
    struct new_token token;
    (void)err;

    token_make(call->arena, &token);
    out->code = token.text;
    out->invitation = ARENA_NEW(call->arena, invitation_row);
    *out->invitation = (struct invitation_row){
        .id = id_new(),
        .project_id = call->project_id,
        .email = in->email,
        .role = in->role,
        .code_hash = token.hash,
        .created_by = call->caller.user_id,
        .created_at = now,
        .expires_at = instant_add_ms(now, INVITATION_DAYS * DAY_MS),
    };
    return api_write(call, scope_system(), &how, out->invitation);
}

static bool withdraw(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct id *id = context;
    return invitation_delete(tx, call->project_id, *id, err) && api_audit(tx, call, *id, err);
}

static enum answer uninvite(struct call *call, const void *input, void *output, struct error *err)
{
    static const struct api_write how = { withdraw, NULL };
    const struct withdraw_input *in = input;
    (void)err;

    ((struct success *)output)->success = true;
    return api_write(call, api_scope(call), &how,
                     arena_copy(call->arena, &in->invitation_id, sizeof(in->invitation_id)));
}

const struct procedure invitation_procedures[] = {
    { .path = "members.invitations",
      .kind = QUERY,
      .needs = PROJECT_OWN,
      .about = ABOUT_PROJECT,
      .doc = "Invitations to a project that nobody has accepted yet.",
      .input = &project_id_input_shape,
      .output = &list_shape,
      .run = list },
    { .path = "members.invite",
      .kind = MUTATION,
      .needs = PROJECT_OWN,
      .about = ABOUT_PROJECT,
      .doc = "Makes a code by which a person joins, as a new user or as one of this server; for 7 "
             "days.",
      .input = &invite_shape,
      .output = &invited_shape,
      .carries_secrets = true,
      .run = invite },
    { .path = "members.uninvite",
      .kind = MUTATION,
      .needs = PROJECT_OWN,
      .about = ABOUT_PROJECT,
      .doc = "Takes an invitation back.",
      .input = &withdraw_shape,
      .output = &success_shape,
      .run = uninvite },
    { 0 },
};
