/* SPDX-License-Identifier: Apache-2.0 */
/* tieline project add|list */
#include "app/commands.h"

#include "app/show.h"

struct project_options {
    struct ask_options to;
    struct str name, owner, user;
};
static const struct field add_fields[] = {
    { FIELD("name", project_options, name, REQUIRED, "What people call it."), .title = "NAME" },
    { FIELD("owner", project_options, owner, REQUIRED, "Address of the user who owns it."),
      .title = "EMAIL" },
    ASK_OPTION_FIELDS(project_options),
    { 0 },
};
static const struct shape add_shape = SHAPE(NULL, project_options, add_fields);

static const struct field add_input_fields[] = {
    { FIELD("name", project_options, name, REQUIRED, "") },
    { 0 },
};
static const struct shape add_input = SHAPE(NULL, project_options, add_input_fields);

static enum exit_code project_add(const void *options, struct arena *arena)
{
    const struct project_options *given = options;
    const struct question question = { "projects.create", given->owner, &add_input, given, NULL };
    struct error err = { 0 };

    AUTO(ask) server = ask_open(&given->to.at, ASK_STORE, arena, &err);
    return show_answer(&given->to, server ? ask(server, &question, &err) : NULL, "id", &err, arena);
}

const struct command command_project_add = {
    .words = "project add",
    .arguments = { "name" },
    .doc = "Adds a project and prints its id.",
    .examples = "  tieline project add Orders --owner ada@example.com",
    .options = &add_shape,
    .run = project_add,
};

static const struct field list_fields[] = {
    { FIELD("user", project_options, user, OPTIONAL,
            "Only those of this user, with their role; absent: all."),
      .title = "EMAIL" },
    ASK_OPTION_FIELDS(project_options),
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, project_options, list_fields);

static enum exit_code project_list(const void *options, struct arena *arena)
{
    static const struct show columns[] = {
        { "NAME", "name" }, { "CREATED", "createdAt" }, { "ID", "id" }, { 0 }
    };
    static const struct show of_user[] = {
        { "NAME", "name" }, { "ROLE", "role" }, { "CREATED", "createdAt" }, { "ID", "id" }, { 0 }
    };
    const struct project_options *given = options;
    const struct question question = { "projects.list", given->user, NULL, NULL, "projects" };
    return show_list(&given->to, &question, str_set(given->user) ? of_user : columns, arena);
}

const struct command command_project_list = {
    .words = "project list",
    .doc = "Lists the projects.",
    .examples = "  tieline project list\n  tieline project list --user ada@example.com",
    .options = &list_shape,
    .run = project_list,
};
