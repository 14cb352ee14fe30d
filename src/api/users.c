/* SPDX-License-Identifier: Apache-2.0 */
/* users.*: who may sign in at all; for administrators, and for the operator's commands. */
#include "api/internal.h"

#include "auth/session.h"
#include "store/users.h"

struct user_list_input {
    struct str email;
};
static const struct field list_input_fields[] = {
    { FIELD("email", user_list_input, email, OPTIONAL, "Only the user of this address."), .min = 1,
      .max = EMAIL_MAX },
    { 0 },
};
static const struct shape list_input_shape = SHAPE(NULL, user_list_input, list_input_fields);

struct user_list_output {
    struct array users;
};
static const struct field list_fields[] = {
    { FIELD_LIST("users", user_list_output, users, REQUIRED, &user_shape, "By their addresses.") },
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, user_list_output, list_fields);

struct user_create_input {
    struct str name, email;
    struct secret *password;
    bool admin;
};
static const struct field create_fields[] = {
    { FIELD("name", user_create_input, name, REQUIRED, "What people call them."), .min = 1,
      .max = 100 },
    { FIELD("email", user_create_input, email, REQUIRED, "Address to sign in with."), .min = 3,
      .max = EMAIL_MAX, .look = LOOK_EMAIL },
    { FIELD("password", user_create_input, password, REQUIRED, "At least 8 characters."),
      .min = PASSWORD_MIN, .max = PASSWORD_MAX, .look = LOOK_PASSWORD },
    { FIELD("admin", user_create_input, admin, OPTIONAL, "May manage users and the server.") },
    { 0 },
};
static const struct shape create_shape = SHAPE(NULL, user_create_input, create_fields);

struct user_update_input {
    struct id user_id;
    struct str name;
    struct opt_bool admin, disabled;
};
static const struct field update_fields[] = {
    { FIELD("userId", user_update_input, user_id, REQUIRED, "Id of the user.") },
    { FIELD("name", user_update_input, name, OPTIONAL, "The new name."), .min = 1, .max = 100 },
    { FIELD("admin", user_update_input, admin, OPTIONAL, "May manage users and the server.") },
    { FIELD("disabled", user_update_input, disabled, OPTIONAL,
            "True: sessions end and tokens do not count until it is false again.") },
    { 0 },
};
static const struct shape update_shape = SHAPE(NULL, user_update_input, update_fields);

struct user_reset_input {
    struct id user_id;
    struct secret *password;
};
static const struct field reset_fields[] = {
    { FIELD("userId", user_reset_input, user_id, REQUIRED, "Id of the user.") },
    { FIELD("password", user_reset_input, password, REQUIRED, "At least 8 characters."),
      .min = PASSWORD_MIN, .max = PASSWORD_MAX, .look = LOOK_PASSWORD },
    { 0 },
};
static const struct shape reset_shape = SHAPE(NULL, user_reset_input, reset_fields);

static enum answer users_list(struct call *call, const void *input, void *output, struct error *err)
{
    const struct user_list_input *in = input;
    struct user_list_output *out = output;

    AUTO(tx) tx = store_read(services_of(call)->store, scope_system(), err);
    if (!tx || !user_list(tx, in->email, call->arena, &out->users, err))
        return FAILED;
    return DONE;
}

static bool create(struct call *call, void *context, struct error *err)
{
    const struct user_create_input *in = context;
    const struct new_user user = {
        .name = in->name,
        .email = in->email,
        .admin = in->admin,
        .adder = call->caller.user_id,
        .password = in->password,
    };
    return auth_add_user(services_of(call)->auth, &user, call->arena, call->output, err);
}

static enum answer users_create(struct call *call, const void *input, void *output,
                                struct error *err)
{
    const struct user_create_input *in = input;
    (void)output;

    return api_block(call, services_of(call)->signing, create,
                     arena_copy(call->arena, in, sizeof(*in)), err);
}

static bool update(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct user_update_input *in = context;
    struct user_row *row = call->output;
    bool found;

    if (!user_find(tx, in->user_id, call->arena, row, &found, err))
        return false;
    if (!found)
        return fail(err, ERR_NOT_FOUND, "there is no such user");
    row->updated_at = api_later_than(row->updated_at);
    if (str_set(in->name))
        row->name = in->name;
    if (in->admin.set)
        row->admin = in->admin.value;
    if (in->disabled.set && in->disabled.value != instant_set(row->disabled_at))
        row->disabled_at = in->disabled.value ? row->updated_at : INSTANT_NONE;
    return user_update(tx, row, err) && api_audit(tx, call, in->user_id, err);
}

static enum answer users_update(struct call *call, const void *input, void *output,
                                struct error *err)
{
    static const struct api_write how = { update, NULL };
    const struct user_update_input *in = input;
    (void)output;

    if (!str_set(in->name) && !in->admin.set && !in->disabled.set) {
        (void)fail(err, ERR_BAD_REQUEST, "give name, admin or disabled: nothing would change");
        return FAILED;
    }
    return api_write(call, scope_system(), &how, arena_copy(call->arena, in, sizeof(*in)));
}

static bool reset(struct call *call, void *context, struct error *err)
{
    const struct user_reset_input *in = context;

    ((struct success *)call->output)->success = true;
    return auth_reset_password(services_of(call)->auth, call->caller.user_id, in->user_id,
                               in->password, err);
}

static enum answer users_reset_password(struct call *call, const void *input, void *output,
                                        struct error *err)
{
    const struct user_reset_input *in = input;
    (void)output;

    return api_block(call, services_of(call)->signing, reset,
                     arena_copy(call->arena, in, sizeof(*in)), err);
}

const struct procedure user_procedures[] = {
    { .path = "users.list",
      .kind = QUERY,
      .needs = ADMIN,
      .doc = "The users of this server.",
      .input = &list_input_shape,
      .output = &list_shape,
      .run = users_list },
    { .path = "users.create",
      .kind = MUTATION,
      .needs = ADMIN,
      .doc = "Adds a user, who signs in with this password.",
      .input = &create_shape,
      .output = &user_shape,
      .carries_secrets = true,
      .run = users_create },
    { .path = "users.update",
      .kind = MUTATION,
      .needs = ADMIN,
      .doc = "Renames a user, makes them an administrator, disables them; or takes that back.",
      .input = &update_shape,
      .output = &user_shape,
      .run = users_update },
    { .path = "users.resetPassword",
      .kind = MUTATION,
      .needs = ADMIN,
      .doc = "Gives a user another password; all of their sessions end.",
      .input = &reset_shape,
      .output = &success_shape,
      .carries_secrets = true,
      .run = users_reset_password },
    { 0 },
};
