/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the command line and the environment to a struct, by its shape: the field "keyFile" is the
 * flag --key-file and the variable TIELINE_KEY_FILE. A flag counts more than the variable, the
 * variable more than the field's fallback. A command's arguments are fields too, in their order;
 * they have no variables. What stands behind "--" is an argument, whatever it begins with.
 */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "app/commands.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "schema/field.h"

#include <stdbool.h>

/* Filled by config_read(). */
struct command_line {
    void *options; /* a struct of the command's shape */
    bool help;     /* --help was asked for: nothing else counts */
};

/* Fails with ERR_BAD_REQUEST naming the flag or variable at fault. */
MUST_USE bool config_read(const struct command *command, int count, char *const *words,
                          struct arena *arena, struct command_line *out, struct error *err);
/* "user add EMAIL": a command with its arguments. */
MUST_USE struct str config_usage(const struct command *command, struct arena *arena);
/* The help text of one command, on standard output. */
void config_help(const struct command *command, struct arena *arena);

/* --- options that many commands have --- */

/* Where the store is: first members of every struct of options that opens it. */
struct store_options {
    struct str data, store, key_file;
};
#define STORE_OPTION_FIELDS_AT(type, place)                                                        \
    { FIELD("data", type, place.data, OPTIONAL, "Folder that holds the store and the key file."),  \
      .title = "DIR", .fallback = "./tieline-data" },                                              \
        { FIELD("store", type, place.store, OPTIONAL,                                              \
                "Store in place of the data folder's: sqlite:FILE, or postgresql://…"),            \
          .title = "URL" },                                                                        \
    {                                                                                              \
        FIELD("keyFile", type, place.key_file, OPTIONAL,                                           \
              "File of the master key; absent: master.key in the data folder."),                   \
            .title = "FILE"                                                                        \
    }
#define STORE_OPTION_FIELDS(type) STORE_OPTION_FIELDS_AT(type, at)

#endif
