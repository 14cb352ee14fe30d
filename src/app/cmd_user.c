/* SPDX-License-Identifier: Apache-2.0 */
/* tieline user add */
#include "app/commands.h"

#include <stdio.h>

#include "app/home.h"
#include "auth/session.h"
#include "base/file.h"
#include "base/secret.h"

#define PASSWORD_MIN 8
#define PASSWORD_MAX 1024

struct user_add_options {
    struct store_options at;
    struct str name, password_file;
    bool admin;
};
static const struct field option_fields[] = {
    STORE_OPTION_FIELDS(user_add_options),
    { FIELD("name", user_add_options, name, REQUIRED, "What people call them."), .title = "NAME" },
    { FIELD("passwordFile", user_add_options, password_file, REQUIRED,
            "File that holds the password in its first line."),
      .title = "FILE" },
    { FIELD("admin", user_add_options, admin, OPTIONAL, "May manage users and the server.") },
    { 0 },
};
static const struct shape options_shape = SHAPE(NULL, user_add_options, option_fields);

/* A password on the command line would be readable by everyone on the machine. */
static struct secret *read_password(struct str path, struct error *err)
{
    AUTO(arena) arena = arena_new();
    struct str text;

    arena_wipe_on_reset(arena);
    if (!file_read(arena_c(arena, path), PASSWORD_MAX + 2, arena, &text, err))
        return NULL;
    struct str line = str_slice(text, 0, str_find_byte(text, '\n'));
    if (str_ends(line, STR("\r")))
        line.len--;
    if (!str_is_utf8(line) || str_utf8_count(line) < PASSWORD_MIN)
        return fail_null(err, ERR_BAD_REQUEST,
                         "the password in \"" STR_FMT "\" must have at least %d characters",
                         STR_ARG(path), PASSWORD_MIN);
    return secret_new(line);
}

static enum exit_code user_add(const void *options, struct str email, struct arena *arena)
{
    const struct user_add_options *given = options;
    struct error err = { 0 };
    struct user_row user;

    AUTO(secret) password = read_password(given->password_file, &err);
    if (!password)
        return command_failed(&err);
    AUTO(home) home = home_open(&given->at, arena, &err);
    if (!home)
        return command_failed(&err);
    AUTO(auth) auth = auth_new(&(struct auth_config){ .store = home->store });
    const struct new_user made = {
        .name = given->name,
        .email = email,
        .admin = given->admin,
        .password = password,
    };
    if (!auth_add_user(auth, &made, arena, &user, &err))
        return command_failed(&err);
    char id[ID_TEXT_SIZE];
    (void)printf(STR_FMT "\n", STR_ARG(id_format(user.id, id)));
    return EXIT_DONE;
}

const struct command command_user_add = {
    .words = "user add",
    .argument = "EMAIL",
    .doc = "Adds a user and prints their id.",
    .options = &options_shape,
    .run = user_add,
};
