/* SPDX-License-Identifier: Apache-2.0 */
/* tieline member list|add|update|remove */
#include "app/commands.h"

#include "app/find.h"
#include "app/show.h"
#include "store/projects.h"

struct member_options {
    struct ask_options to;
    struct str project, email, user_id;
    int role;
};
#define PROJECT_FIELD                                                                              \
    {                                                                                              \
        FIELD("project", member_options, project, REQUIRED, "Name or id of the project."),         \
            .title = "PROJECT"                                                                     \
    }
#define EMAIL_FIELD                                                                                \
    {                                                                                              \
        FIELD("email", member_options, email, REQUIRED, "Address of a user of this server."),      \
            .title = "EMAIL"                                                                       \
    }

static const struct field list_fields[] = {
    PROJECT_FIELD,
    ASK_OPTION_FIELDS(member_options),
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, member_options, list_fields);
static const struct field role_fields[] = {
    PROJECT_FIELD,
    EMAIL_FIELD,
    { FIELD_ENUM("role", member_options, role, REQUIRED, role_names, "What they may do."),
      .title = "viewer|editor|owner" },
    ASK_OPTION_FIELDS(member_options),
    { 0 },
};
static const struct shape role_shape = SHAPE(NULL, member_options, role_fields);
static const struct field remove_fields[] = {
    PROJECT_FIELD,
    EMAIL_FIELD,
    ASK_OPTION_FIELDS(member_options),
    { 0 },
};
static const struct shape remove_shape = SHAPE(NULL, member_options, remove_fields);

/* Inputs: what is not asked for is absent. */
static const struct field list_input_fields[] = {
    { FIELD("projectId", member_options, project, REQUIRED, "") },
    { 0 },
};
static const struct shape list_input = SHAPE(NULL, member_options, list_input_fields);
static const struct field add_input_fields[] = {
    { FIELD("projectId", member_options, project, REQUIRED, "") },
    { FIELD("email", member_options, email, REQUIRED, "") },
    { FIELD_ENUM("role", member_options, role, REQUIRED, role_names, "") },
    { 0 },
};
static const struct shape add_input = SHAPE(NULL, member_options, add_input_fields);
static const struct field change_input_fields[] = {
    { FIELD("projectId", member_options, project, REQUIRED, "") },
    { FIELD("userId", member_options, user_id, REQUIRED, "") },
    { FIELD_ENUM("role", member_options, role, OPTIONAL, role_names, "") },
    { 0 },
};
static const struct shape change_input = SHAPE(NULL, member_options, change_input_fields);

/* Asks with the project's id, and the user's where the shape has one. */
static enum exit_code run(const void *options, const char *procedure, const struct shape *shape,
                          const struct show *columns, struct arena *arena)
{
    struct member_options given = *(const struct member_options *)options;
    const struct question question = { procedure, STR_NULL, shape, &given, "members" };
    const struct json *answer = NULL;
    struct error err = { 0 };

    AUTO(ask) server = ask_open(&given.to.at, ASK_STORE, arena, &err);
    if (server && find_project(server, given.project, &given.project, &err) &&
        (shape != &change_input || find_user(server, given.email, &given.user_id, &err)))
        answer = ask(server, &question, &err);
    if (answer && columns && !given.to.json)
        show_table(json_member(answer, STR("members")), columns, arena);
    return show_answer(&given.to, answer, NULL, &err, arena);
}

static enum exit_code member_list_run(const void *options, struct arena *arena)
{
    static const struct show columns[] = {
        { "EMAIL", "email" },     { "NAME", "name" },      { "ROLE", "role" },
        { "SINCE", "createdAt" }, { "USER ID", "userId" }, { 0 },
    };
    return run(options, "members.list", &list_input, columns, arena);
}

static enum exit_code member_add_run(const void *options, struct arena *arena)
{
    return run(options, "members.add", &add_input, NULL, arena);
}

static enum exit_code member_update_run(const void *options, struct arena *arena)
{
    return run(options, "members.update", &change_input, NULL, arena);
}

static enum exit_code member_remove_run(const void *options, struct arena *arena)
{
    return run(options, "members.remove", &change_input, NULL, arena);
}

const struct command command_member_list = {
    .words = "member list",
    .arguments = { "project" },
    .doc = "Lists the members of a project.",
    .examples = "  tieline member list Orders",
    .options = &list_shape,
    .run = member_list_run,
};
const struct command command_member_add = {
    .words = "member add",
    .arguments = { "project", "email" },
    .doc = "Makes a user a member of a project.",
    .examples = "  tieline member add Orders bob@example.com --role editor",
    .options = &role_shape,
    .run = member_add_run,
};
const struct command command_member_update = {
    .words = "member update",
    .arguments = { "project", "email" },
    .doc = "Gives a member another role. The last owner stays one.",
    .examples = "  tieline member update Orders bob@example.com --role owner",
    .options = &role_shape,
    .run = member_update_run,
};
const struct command command_member_remove = {
    .words = "member remove",
    .arguments = { "project", "email" },
    .doc = "Takes a member out of a project.",
    .examples = "  tieline member remove Orders bob@example.com",
    .options = &remove_shape,
    .run = member_remove_run,
};
