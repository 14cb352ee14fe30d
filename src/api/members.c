/* SPDX-License-Identifier: Apache-2.0 */
/* members.*: who belongs to a project, and as what. */
#include "api/internal.h"

#include "store/projects.h"
#include "store/users.h"

struct member_list_output {
    struct array members;
};
static const struct field list_fields[] = {
    { FIELD_LIST("members", member_list_output, members, REQUIRED, &member_shape,
                 "Owners first, then by name.") },
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, member_list_output, list_fields);

struct member_add_input {
    struct id project_id;
    struct str email;
    int role;
};
static const struct field add_fields[] = {
    { FIELD("projectId", member_add_input, project_id, REQUIRED, "Id of the project.") },
    { FIELD("email", member_add_input, email, REQUIRED, "Address of a user of this server."),
      .min = 1, .max = 254, .look = LOOK_EMAIL },
    { FIELD_ENUM("role", member_add_input, role, REQUIRED, role_names, "What they may do.") },
    { 0 },
};
static const struct shape add_shape = SHAPE(NULL, member_add_input, add_fields);

struct member_update_input {
    struct id project_id, user_id;
    int role;
};
static const struct field update_fields[] = {
    { FIELD("projectId", member_update_input, project_id, REQUIRED, "Id of the project.") },
    { FIELD("userId", member_update_input, user_id, REQUIRED, "Id of the member.") },
    { FIELD_ENUM("role", member_update_input, role, REQUIRED, role_names, "The new role.") },
    { 0 },
};
static const struct shape update_shape = SHAPE(NULL, member_update_input, update_fields);

struct member_remove_input {
    struct id project_id, user_id;
};
static const struct field remove_fields[] = {
    { FIELD("projectId", member_remove_input, project_id, REQUIRED, "Id of the project.") },
    { FIELD("userId", member_remove_input, user_id, REQUIRED, "Id of the member.") },
    { 0 },
};
static const struct shape remove_shape = SHAPE(NULL, member_remove_input, remove_fields);

static enum answer members_list(struct call *call, const void *input, void *output,
                                struct error *err)
{
    struct member_list_output *out = output;
    (void)input;

    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx || !member_list(tx, call->project_id, call->arena, &out->members, err))
        return FAILED;
    return DONE;
}

static bool output_member(struct tx *tx, struct call *call, struct id user_id, struct error *err)
{
    bool found;

    if (!member_find(tx, call->project_id, user_id, call->arena, call->output, &found, err))
        return false;
    return found || fail(err, ERR_NOT_FOUND, "no such member of this project");
}

static bool add_member(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct member_add_input *in = context;
    struct user_row user;
    bool found;

    if (!user_find_by_email(tx, in->email, call->arena, &user, &found, err))
        return false;
    if (!found)
        return fail_field(err, ERR_NOT_FOUND, "email", "no user has the address \"" STR_FMT "\"",
                          STR_ARG(str_cut(in->email, 100)));
    return member_insert(tx, call->project_id, user.id, in->role, instant_now(), err) &&
           output_member(tx, call, user.id, err) && api_audit(tx, call, user.id, err);
}

/* The user's address is looked up across projects: that is the system's to see. */
static enum answer members_add(struct call *call, const void *input, void *output,
                               struct error *err)
{
    static const struct api_write how = { add_member, NULL };
    const struct member_add_input *in = input;
    (void)output, (void)err;

    return api_write(call, scope_system(), &how, arena_copy(call->arena, in, sizeof(*in)));
}

static bool update_member(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct member_update_input *in = context;
    return member_set_role(tx, call->project_id, in->user_id, in->role, err) &&
           output_member(tx, call, in->user_id, err) && api_audit(tx, call, in->user_id, err);
}

static enum answer members_update(struct call *call, const void *input, void *output,
                                  struct error *err)
{
    static const struct api_write how = { update_member, NULL };
    const struct member_update_input *in = input;
    (void)output, (void)err;

    return api_write(call, api_scope(call), &how, arena_copy(call->arena, in, sizeof(*in)));
}

static bool remove_member(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct member_remove_input *in = context;
    /* Recorded first: whoever leaves is no member any more. */
    return api_audit(tx, call, in->user_id, err) &&
           member_delete(tx, call->project_id, in->user_id, err);
}

static enum answer members_remove(struct call *call, const void *input, void *output,
                                  struct error *err)
{
    static const struct api_write how = { remove_member, NULL };
    const struct member_remove_input *in = input;
    (void)err;

    ((struct success *)output)->success = true;
    return api_write(call, api_scope(call), &how, arena_copy(call->arena, in, sizeof(*in)));
}

const struct procedure member_procedures[] = {
    { .path = "members.list",
      .kind = QUERY,
      .needs = PROJECT_READ,
      .about = ABOUT_PROJECT,
      .doc = "The members of a project.",
      .input = &project_id_input_shape,
      .output = &list_shape,
      .run = members_list },
    { .path = "members.add",
      .kind = MUTATION,
      .needs = PROJECT_OWN,
      .about = ABOUT_PROJECT,
      .doc = "Makes a user of this server a member.",
      .input = &add_shape,
      .output = &member_shape,
      .run = members_add },
    { .path = "members.update",
      .kind = MUTATION,
      .needs = PROJECT_OWN,
      .about = ABOUT_PROJECT,
      .doc = "Gives a member another role. A project keeps at least one owner.",
      .input = &update_shape,
      .output = &member_shape,
      .run = members_update },
    { .path = "members.remove",
      .kind = MUTATION,
      .needs = PROJECT_OWN,
      .about = ABOUT_PROJECT,
      .doc = "Takes a member out. A project keeps at least one owner.",
      .input = &remove_shape,
      .output = &success_shape,
      .run = members_remove },
    { 0 },
};
