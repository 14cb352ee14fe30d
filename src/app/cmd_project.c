/* SPDX-License-Identifier: Apache-2.0 */
/* tieline project add */
#include "app/commands.h"

#include <stdio.h>

#include "app/home.h"
#include "store/projects.h"
#include "store/users.h"
#include "vault/keyring.h"

struct project_add_options {
    struct store_options at;
    struct str owner;
};
static const struct field option_fields[] = {
    STORE_OPTION_FIELDS(project_add_options),
    { FIELD("owner", project_add_options, owner, REQUIRED, "Address of the user who owns it."),
      .title = "EMAIL" },
    { 0 },
};
static const struct shape options_shape = SHAPE(NULL, project_add_options, option_fields);

struct project_write {
    struct write write;
    struct str owner;
    struct project_row row;
    struct arena *arena;
};

static bool insert_project(struct tx *tx, struct write *write, struct error *err)
{
    struct project_write *self = CONTAINER_OF(write, struct project_write, write);
    struct user_row user;
    bool found;

    if (!user_find_by_email(tx, self->owner, self->arena, &user, &found, err))
        return false;
    if (!found)
        return fail(err, ERR_NOT_FOUND, "no user has the address \"" STR_FMT "\"",
                    STR_ARG(str_cut(self->owner, 100)));
    return project_insert(tx, &self->row, user.id, err);
}

static enum exit_code project_add(const void *options, struct str name, struct arena *arena)
{
    const struct project_add_options *given = options;
    struct instant now = instant_now();
    struct error err = { 0 };

    AUTO(home) home = home_open(&given->at, arena, &err);
    if (!home)
        return command_failed(&err);
    struct project_write write = {
        .write = { .scope = scope_system(), .run = insert_project },
        .owner = given->owner,
        .arena = arena,
        .row = { .id = id_new(), .name = name, .created_at = now, .updated_at = now },
    };
    write.row.data_key = keyring_new_project_key(home->keyring, write.row.id, arena);
    if (!store_write(home->store, &write.write, &err))
        return command_failed(&err);
    char id[ID_TEXT_SIZE];
    (void)printf(STR_FMT "\n", STR_ARG(id_format(write.row.id, id)));
    return EXIT_DONE;
}

const struct command command_project_add = {
    .words = "project add",
    .argument = "NAME",
    .doc = "Adds a project and prints its id.",
    .options = &options_shape,
    .run = project_add,
};
