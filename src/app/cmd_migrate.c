/* SPDX-License-Identifier: Apache-2.0 */
/* tieline migrate */
#include "app/commands.h"

#include <stdio.h>

#include "app/show.h"
#include "store/store.h"

struct migrate_options {
    struct store_options at;
};
static const struct field option_fields[] = {
    STORE_OPTION_FIELDS(migrate_options),
    { 0 },
};
static const struct shape options_shape = SHAPE(NULL, migrate_options, option_fields);

/* A database that several may share is brought up to date by its owner alone. */
static enum exit_code migrate_remote(struct str url)
{
    struct error err = { 0 };

    if (!store_migrate(url, &err))
        return command_failed(&err);
    (void)printf("The store is up to date.\n");
    return EXIT_DONE;
}

/*
 * Opening a store brings it up to date, whoever opens it. A server of another version has brought it
 * up to its own.
 */
static enum exit_code migrate_store(const void *options, struct arena *arena)
{
    static const struct question question = { .procedure = "system.status" };
    const struct migrate_options *given = options;
    struct error err = { 0 };

    if (store_url_is_remote(given->at.store))
        return migrate_remote(given->at.store);
    AUTO(ask) server = ask_open(&given->at, ASK_NEW_STORE, arena, &err);
    const struct json *answer = server ? ask(server, &question, &err) : NULL;
    if (!answer)
        return command_failed(&err);
    struct str version = show_text(answer, "version", arena);
    if (!str_eq(version, STR(TIELINE_VERSION))) {
        (void)fail(&err, ERR_CONFLICT,
                   "a server of version " STR_FMT " runs there, and this is " TIELINE_VERSION,
                   STR_ARG(version));
        err.hint = "start the server again with this program: that brings the store up to date";
        return command_failed(&err);
    }
    (void)printf("The store is up to date.\n");
    return EXIT_DONE;
}

const struct command command_migrate = {
    .words = "migrate",
    .doc = "Makes the store, or brings it up to date; serve does the same at its start.",
    .more =
        "In PostgreSQL its owner does, who signs in with this command alone: it makes the schema "
        "\"tieline\",\nand the roles DATABASE_app and DATABASE_engine, which servers act as.",
    .examples = "  tieline migrate --data /var/lib/tieline\n"
                "  tieline migrate --store postgresql://owner@db.example.com/tieline",
    .options = &options_shape,
    .run = migrate_store,
};
