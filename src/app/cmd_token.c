/* SPDX-License-Identifier: Apache-2.0 */
/* tieline token create */
#include "app/commands.h"

#include <stdio.h>

#include "app/home.h"
#include "store/tokens.h"
#include "store/users.h"
#include "vault/token.h"

struct token_create_options {
    struct store_options at;
    struct str name;
    int access;
};
static const struct field option_fields[] = {
    STORE_OPTION_FIELDS(token_create_options),
    { FIELD("name", token_create_options, name, REQUIRED, "What it is for."), .title = "NAME" },
    { FIELD_ENUM("access", token_create_options, access, OPTIONAL, token_access_names,
                 "read: queries only."),
      .title = "read|write", .fallback = "write" },
    { 0 },
};
static const struct shape options_shape = SHAPE(NULL, token_create_options, option_fields);

struct token_write {
    struct write write;
    struct str email;
    struct token_row row;
    struct arena *arena;
};

static bool insert_token(struct tx *tx, struct write *write, struct error *err)
{
    struct token_write *self = CONTAINER_OF(write, struct token_write, write);
    struct user_row user;
    bool found;

    if (!user_find_by_email(tx, self->email, self->arena, &user, &found, err))
        return false;
    if (!found)
        return fail(err, ERR_NOT_FOUND, "no user has the address \"" STR_FMT "\"",
                    STR_ARG(str_cut(self->email, 100)));
    self->row.user_id = user.id;
    return token_insert(tx, &self->row, err);
}

static enum exit_code token_create(const void *options, struct str email, struct arena *arena)
{
    const struct token_create_options *given = options;
    struct error err = { 0 };
    struct new_token token;

    AUTO(home) home = home_open(&given->at, arena, &err);
    if (!home)
        return command_failed(&err);
    token_make(arena, &token);
    struct token_write write = {
        .write = { .scope = scope_system(), .run = insert_token },
        .email = email,
        .arena = arena,
        .row = { .id = id_new(),
                 .name = given->name,
                 .prefix = token.prefix,
                 .token_hash = token.hash,
                 .access = given->access,
                 .created_at = instant_now() },
    };
    if (!store_write(home->store, &write.write, &err))
        return command_failed(&err);
    (void)printf(STR_FMT "\n", STR_ARG(token.text));
    return EXIT_DONE;
}

const struct command command_token_create = {
    .words = "token create",
    .argument = "EMAIL",
    .doc = "Makes a token that acts for a user, and prints its secret this once.",
    .options = &options_shape,
    .run = token_create,
};
