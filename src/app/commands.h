/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands: rows of a table (main.c). Their options are shapes, from which come the flags, the
 * environment variables and the help texts.
 */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "base/arena.h"
#include "base/str.h"
#include "schema/field.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
};

#define COMMAND_ARGUMENTS_MAX 1

struct command {
    const char *words;    /* "user add" */
    const char *argument; /* "EMAIL"; NULL: takes none */
    const char *doc;
    const struct shape *options; /* NULL: takes none */
    enum exit_code (*run)(const void *options, struct str argument, struct arena *arena);
};

extern const struct command command_serve, command_user_add, command_token_create,
    command_project_add, command_types, command_migrate, command_version;

/* Says on standard error why a command failed. */
struct error;
enum exit_code command_failed(const struct error *err);

#endif
