/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands: rows of a table (main.c). What a command takes is a shape, from which come arguments,
 * flags, environment variables and the help text.
 */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "base/arena.h"
#include "base/str.h"
#include "schema/field.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1, /* also: what was asked for was carried out, and its outcome is a failure */
    EXIT_USAGE = 2,
};

struct command {
    const char *words; /* "user add" */
    const char *doc;   /* one line */
    const char *more;  /* further lines of the help, or NULL */
    const char *examples;
    const struct shape *options; /* NULL: takes none */
    /* Fields that are given by their place, not by a flag; NULL ends. A REQUIRED one must be there. */
    const char *arguments[3];
    enum exit_code (*run)(const void *options, struct arena *arena);
};

extern const struct command command_serve, command_status, command_migrate, command_types,
    command_version, command_user_add, command_user_list, command_user_disable, command_user_enable,
    command_user_reset_password, command_user_grant_admin, command_user_revoke_admin,
    command_token_create, command_token_list, command_token_revoke, command_project_add,
    command_project_list, command_member_list, command_member_add, command_member_update,
    command_member_remove, command_connection_list, command_connection_templates,
    command_connection_test, command_workflow_list, command_workflow_run, command_execution_list,
    command_execution_show, command_execution_cancel;

/* Says on standard error why a command failed. */
struct error;
enum exit_code command_failed(const struct error *err);

#endif
