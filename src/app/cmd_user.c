/* SPDX-License-Identifier: Apache-2.0 */
/* tieline user add|list|disable|enable|grant-admin|revoke-admin|reset-password */
#include "app/commands.h"

#include "app/find.h"
#include "app/password.h"
#include "app/show.h"

#define EMAIL_FIELD(type)                                                                          \
    {                                                                                              \
        FIELD("email", type, email, REQUIRED, "Address of the user."), .title = "EMAIL"            \
    }

/* --- add --- */

struct user_add_options {
    struct ask_options to;
    struct str email, name, password_file;
    bool admin;
    struct json_text password;
};
static const struct field add_fields[] = {
    EMAIL_FIELD(user_add_options),
    { FIELD("name", user_add_options, name, REQUIRED, "What people call them."), .title = "NAME" },
    PASSWORD_FILE_FIELD(user_add_options),
    { FIELD("admin", user_add_options, admin, OPTIONAL, "May manage users and the server.") },
    ASK_OPTION_FIELDS(user_add_options),
    { 0 },
};
static const struct shape add_shape = SHAPE(NULL, user_add_options, add_fields);

static const struct field add_input_fields[] = {
    { FIELD("email", user_add_options, email, REQUIRED, "") },
    { FIELD("name", user_add_options, name, REQUIRED, "") },
    { FIELD("password", user_add_options, password, REQUIRED, "") },
    { FIELD("admin", user_add_options, admin, OPTIONAL, "") },
    { 0 },
};
static const struct shape add_input = SHAPE(NULL, user_add_options, add_input_fields);

static enum exit_code user_add(const void *options, struct arena *arena)
{
    struct user_add_options given = *(const struct user_add_options *)options;
    const struct question question = { "users.create", STR_NULL, &add_input, &given, NULL };
    struct error err = { 0 };

    if (!password_read(given.password_file, arena, &given.password, &err))
        return command_failed(&err);
    AUTO(ask) server = ask_open(&given.to.at, ASK_NEW_STORE, arena, &err);
    return show_answer(&given.to, server ? ask(server, &question, &err) : NULL, "id", &err, arena);
}

const struct command command_user_add = {
    .words = "user add",
    .arguments = { "email" },
    .doc = "Adds a user and prints their id.",
    .examples = "  tieline user add ada@example.com --name Ada --admin\n"
                "  tieline user add bob@example.com --name Bob --password-file - < password",
    .options = &add_shape,
    .run = user_add,
};

/* --- list --- */

struct user_list_options {
    struct ask_options to;
};
static const struct field list_fields[] = {
    ASK_OPTION_FIELDS(user_list_options),
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, user_list_options, list_fields);

static enum exit_code user_list(const void *options, struct arena *arena)
{
    static const struct show columns[] = {
        { "EMAIL", "email" },
        { "NAME", "name" },
        { "ADMIN", "admin" },
        { "CREATED", "createdAt" },
        { "DISABLED", "disabledAt" },
        { "ID", "id" },
        { 0 },
    };
    static const struct question question = { .procedure = "users.list", .list = "users" };
    const struct user_list_options *given = options;
    return show_list(&given->to, &question, columns, arena);
}

const struct command command_user_list = {
    .words = "user list",
    .doc = "Lists the users.",
    .examples = "  tieline user list\n  tieline user list --json",
    .options = &list_shape,
    .run = user_list,
};

/* --- disable, enable, grant-admin, revoke-admin --- */

struct user_change_options {
    struct ask_options to;
    struct str email, user_id;
    struct opt_bool admin, disabled;
};
static const struct field change_fields[] = {
    EMAIL_FIELD(user_change_options),
    ASK_OPTION_FIELDS(user_change_options),
    { 0 },
};
static const struct shape change_shape = SHAPE(NULL, user_change_options, change_fields);

static const struct field change_input_fields[] = {
    { FIELD("userId", user_change_options, user_id, REQUIRED, "") },
    { FIELD("admin", user_change_options, admin, OPTIONAL, "") },
    { FIELD("disabled", user_change_options, disabled, OPTIONAL, "") },
    { 0 },
};
static const struct shape change_input = SHAPE(NULL, user_change_options, change_input_fields);

static enum exit_code change(const void *options, struct opt_bool admin, struct opt_bool disabled,
                             struct arena *arena)
{
    struct user_change_options given = *(const struct user_change_options *)options;
    const struct question question = { "users.update", STR_NULL, &change_input, &given, NULL };
    struct error err = { 0 };

    given.admin = admin;
    given.disabled = disabled;
    AUTO(ask) server = ask_open(&given.to.at, ASK_STORE, arena, &err);
    bool found = server && find_user(server, given.email, &given.user_id, &err);
    return show_answer(&given.to, found ? ask(server, &question, &err) : NULL, NULL, &err, arena);
}

static const struct opt_bool yes = { true, true }, no = { true, false }, same = { false, false };

static enum exit_code user_disable(const void *options, struct arena *arena)
{
    return change(options, same, yes, arena);
}

static enum exit_code user_enable(const void *options, struct arena *arena)
{
    return change(options, same, no, arena);
}

static enum exit_code user_grant_admin(const void *options, struct arena *arena)
{
    return change(options, yes, same, arena);
}

static enum exit_code user_revoke_admin(const void *options, struct arena *arena)
{
    return change(options, no, same, arena);
}

const struct command command_user_disable = {
    .words = "user disable",
    .arguments = { "email" },
    .doc = "Keeps a user out: their sessions end, their tokens stop at once.",
    .examples = "  tieline user disable bob@example.com",
    .options = &change_shape,
    .run = user_disable,
};
const struct command command_user_enable = {
    .words = "user enable",
    .arguments = { "email" },
    .doc = "Lets a disabled user in again; their tokens work as before.",
    .examples = "  tieline user enable bob@example.com",
    .options = &change_shape,
    .run = user_enable,
};
const struct command command_user_grant_admin = {
    .words = "user grant-admin",
    .arguments = { "email" },
    .doc = "Makes a user an administrator of the server.",
    .examples = "  tieline user grant-admin bob@example.com",
    .options = &change_shape,
    .run = user_grant_admin,
};
const struct command command_user_revoke_admin = {
    .words = "user revoke-admin",
    .arguments = { "email" },
    .doc = "Takes that back. The last administrator stays one.",
    .examples = "  tieline user revoke-admin bob@example.com",
    .options = &change_shape,
    .run = user_revoke_admin,
};

/* --- reset-password --- */

struct user_reset_options {
    struct ask_options to;
    struct str email, user_id, password_file;
    struct json_text password;
};
static const struct field reset_fields[] = {
    EMAIL_FIELD(user_reset_options),
    PASSWORD_FILE_FIELD(user_reset_options),
    ASK_OPTION_FIELDS(user_reset_options),
    { 0 },
};
static const struct shape reset_shape = SHAPE(NULL, user_reset_options, reset_fields);

static const struct field reset_input_fields[] = {
    { FIELD("userId", user_reset_options, user_id, REQUIRED, "") },
    { FIELD("password", user_reset_options, password, REQUIRED, "") },
    { 0 },
};
static const struct shape reset_input = SHAPE(NULL, user_reset_options, reset_input_fields);

static enum exit_code user_reset_password(const void *options, struct arena *arena)
{
    struct user_reset_options given = *(const struct user_reset_options *)options;
    const struct question question = { "users.resetPassword", STR_NULL, &reset_input, &given,
                                       NULL };
    struct error err = { 0 };

    if (!password_read(given.password_file, arena, &given.password, &err))
        return command_failed(&err);
    AUTO(ask) server = ask_open(&given.to.at, ASK_STORE, arena, &err);
    bool found = server && find_user(server, given.email, &given.user_id, &err);
    return show_answer(&given.to, found ? ask(server, &question, &err) : NULL, NULL, &err, arena);
}

const struct command command_user_reset_password = {
    .words = "user reset-password",
    .arguments = { "email" },
    .doc = "Gives a user another password; all of their sessions end.",
    .examples = "  tieline user reset-password bob@example.com",
    .options = &reset_shape,
    .run = user_reset_password,
};
