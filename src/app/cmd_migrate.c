/* SPDX-License-Identifier: Apache-2.0 */
/* tieline migrate */
#include "app/commands.h"

#include <stdio.h>

#include "app/home.h"

struct migrate_options {
    struct store_options at;
};
static const struct field option_fields[] = {
    STORE_OPTION_FIELDS(migrate_options),
    { 0 },
};
static const struct shape options_shape = SHAPE(NULL, migrate_options, option_fields);

/* Opening a store brings it up to date. */
static enum exit_code migrate_store(const void *options, struct str argument, struct arena *arena)
{
    const struct migrate_options *given = options;
    struct error err = { 0 };
    (void)argument;

    AUTO(home) home = home_open(&given->at, arena, &err);
    if (!home)
        return command_failed(&err);
    (void)printf("The store is up to date.\n");
    return EXIT_DONE;
}

const struct command command_migrate = {
    .words = "migrate",
    .doc = "Makes the store, or brings it up to date; serve does the same at its start.",
    .options = &options_shape,
    .run = migrate_store,
};
