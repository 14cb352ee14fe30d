/* SPDX-License-Identifier: Apache-2.0 */
/* tieline token create|list|revoke */
#include "app/commands.h"

#include "app/find.h"
#include "app/show.h"
#include "base/time.h"
#include "store/tokens.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

struct token_options {
    struct ask_options to;
    struct str email, name, token;
    int access;
    struct opt_int days;
    struct instant expires_at;
};
#define EMAIL_FIELD                                                                                \
    {                                                                                              \
        FIELD("email", token_options, email, REQUIRED, "Address of the user whose token it is."),  \
            .title = "EMAIL"                                                                       \
    }

static const struct field create_fields[] = {
    EMAIL_FIELD,
    { FIELD("name", token_options, name, REQUIRED, "What it is for."), .title = "NAME" },
    { FIELD_ENUM("access", token_options, access, OPTIONAL, token_access_names,
                 "read: queries only."),
      .title = "read|write", .fallback = "write" },
    { FIELD("days", token_options, days, OPTIONAL, "How long it counts; absent: for ever."),
      .min = 1, .max = 3650, .title = "N" },
    ASK_OPTION_FIELDS(token_options),
    { 0 },
};
static const struct shape create_shape = SHAPE(NULL, token_options, create_fields);

static const struct field create_input_fields[] = {
    { FIELD("name", token_options, name, REQUIRED, "") },
    { FIELD_ENUM("access", token_options, access, OPTIONAL, token_access_names, "") },
    { FIELD("expiresAt", token_options, expires_at, OPTIONAL, "") },
    { 0 },
};
static const struct shape create_input = SHAPE(NULL, token_options, create_input_fields);

static enum exit_code token_create(const void *options, struct arena *arena)
{
    struct token_options given = *(const struct token_options *)options;
    const struct question question = { "tokens.create", given.email, &create_input, &given, NULL };
    struct error err = { 0 };

    if (given.days.set)
        given.expires_at = instant_add_ms(instant_now(), given.days.value * DAY_MS);
    AUTO(ask) server = ask_open(&given.to.at, ASK_STORE, arena, &err);
    return show_answer(&given.to, server ? ask(server, &question, &err) : NULL, "secret", &err,
                       arena);
}

const struct command command_token_create = {
    .words = "token create",
    .arguments = { "email" },
    .doc = "Makes a token that acts for a user, and prints its secret this once.",
    .examples = "  TOKEN=$(tieline token create ada@example.com --name ci --days 90)",
    .options = &create_shape,
    .run = token_create,
};

static const struct field list_fields[] = {
    EMAIL_FIELD,
    ASK_OPTION_FIELDS(token_options),
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, token_options, list_fields);

static enum exit_code token_list_run(const void *options, struct arena *arena)
{
    static const struct show columns[] = {
        { "PREFIX", "prefix" },
        { "NAME", "name" },
        { "ACCESS", "access" },
        { "CREATED", "createdAt" },
        { "EXPIRES", "expiresAt" },
        { "LAST USED", "lastUsedAt" },
        { "ID", "id" },
        { 0 },
    };
    const struct token_options *given = options;
    const struct question question = { "tokens.list", given->email, NULL, NULL, "tokens" };
    return show_list(&given->to, &question, columns, arena);
}

const struct command command_token_list = {
    .words = "token list",
    .arguments = { "email" },
    .doc = "Lists a user's tokens, without their secrets.",
    .examples = "  tieline token list ada@example.com",
    .options = &list_shape,
    .run = token_list_run,
};

static const struct field revoke_fields[] = {
    EMAIL_FIELD,
    { FIELD("token", token_options, token, REQUIRED, "Its id or prefix, as \"token list\" shows."),
      .title = "TOKEN" },
    ASK_OPTION_FIELDS(token_options),
    { 0 },
};
static const struct shape revoke_shape = SHAPE(NULL, token_options, revoke_fields);

static const struct field revoke_input_fields[] = {
    { FIELD("tokenId", token_options, token, REQUIRED, "") },
    { 0 },
};
static const struct shape revoke_input = SHAPE(NULL, token_options, revoke_input_fields);

static enum exit_code token_revoke(const void *options, struct arena *arena)
{
    struct token_options given = *(const struct token_options *)options;
    const struct question question = { "tokens.revoke", given.email, &revoke_input, &given, NULL };
    struct error err = { 0 };

    AUTO(ask) server = ask_open(&given.to.at, ASK_STORE, arena, &err);
    bool found = server && find_token(server, given.email, given.token, &given.token, &err);
    return show_answer(&given.to, found ? ask(server, &question, &err) : NULL, NULL, &err, arena);
}

const struct command command_token_revoke = {
    .words = "token revoke",
    .arguments = { "email", "token" },
    .doc = "Ends a token: the next call with it is refused.",
    .examples = "  tieline token revoke ada@example.com tl_4fJk2mQz",
    .options = &revoke_shape,
    .run = token_revoke,
};
