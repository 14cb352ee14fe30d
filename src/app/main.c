/* SPDX-License-Identifier: Apache-2.0 */
/* The program: finds the command, reads what it takes, runs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/config.h"
#include "app/process.h"
#include "base/crash.h"
#include "base/secret.h"

static enum exit_code version(const void *options, struct arena *arena)
{
    (void)options, (void)arena;
    (void)printf("tieline %s\n", TIELINE_VERSION);
    return EXIT_DONE;
}

const struct command command_version = {
    .words = "version",
    .doc = "Prints the version.",
    .run = version,
};

static const struct command *const commands[] = {
    &command_serve,
    &command_status,
    &command_migrate,
    &command_user_add,
    &command_user_list,
    &command_user_disable,
    &command_user_enable,
    &command_user_reset_password,
    &command_user_grant_admin,
    &command_user_revoke_admin,
    &command_token_create,
    &command_token_list,
    &command_token_revoke,
    &command_project_add,
    &command_project_list,
    &command_member_list,
    &command_member_add,
    &command_member_update,
    &command_member_remove,
    &command_connection_list,
    &command_connection_templates,
    &command_connection_test,
    &command_workflow_list,
    &command_workflow_run,
    &command_execution_list,
    &command_execution_show,
    &command_execution_cancel,
    &command_types,
    &command_version,
};

enum exit_code command_failed(const struct error *err)
{
    (void)fprintf(stderr, "tieline: %s\n", err->message);
    if (err->hint)
        (void)fprintf(stderr, "  %s\n", err->hint);
    return EXIT_FAILED;
}

/* Lists the commands whose words begin with `prefix`, which may be empty. */
static void list_commands(FILE *to, struct str prefix, struct arena *arena)
{
    (void)fprintf(to, "Commands:\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (!str_starts(str_from(commands[i]->words), prefix))
            continue;
        struct str usage = config_usage(commands[i], arena);
        (void)fprintf(to, "  %-32.*s %s\n", (int)usage.len, usage.ptr, commands[i]->doc);
    }
    (void)fprintf(to, "\n\"tieline COMMAND --help\" says what a command takes, with examples.\n");
}

static enum exit_code help(FILE *to, enum exit_code code, struct arena *arena)
{
    (void)fprintf(to, "tieline COMMAND [flags]\n\n"
                      "Runs workflows on the databases that a team already has.\n\n");
    list_commands(to, STR(""), arena);
    (void)fprintf(to, "Exit codes: 0 done, 1 failed, 2 wrong usage.\n");
    return code;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* How many words of the command's name there are at the beginning; 0 when it is another one. */
static int match_command(const struct command *command, int count, char **words)
{
    struct str rest = str_from(command->words), part;
    int at = 0;

    for (; str_split(&rest, ' ', &part); at++) {
        if (at == count || !str_eq(part, str_from(words[at])))
            return 0;
    }
    return at;
}

static const struct command *find_command(int count, char **words, int *used)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        *used = match_command(commands[i], count, words);
        if (*used > 0)
            return commands[i];
    }
    return NULL;
}

/* "user", "user --help", "user ad": what there is that begins so. */
static enum exit_code unknown(int count, char **words, struct arena *arena)
{
    struct str group = arena_printf(arena, "%.60s ", words[0]);
    bool known = false, asked = count > 1 && is_help(words[1]);

    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        known = known || str_starts(str_from(commands[i]->words), group);
    FILE *to = known && asked ? stdout : stderr;
    if (!known)
        (void)fprintf(to, "tieline: unknown command \"%.60s\"\n\n", words[0]);
    else if (count > 1 && !asked)
        (void)fprintf(to, "tieline: unknown command \"%.60s %.60s\"\n\n", words[0], words[1]);
    list_commands(to, known ? group : STR(""), arena);
    return known && asked ? EXIT_DONE : EXIT_USAGE;
}

static enum exit_code run(const struct command *command, int count, char **words,
                          struct arena *arena)
{
    struct command_line line;
    struct error err = { 0 };

    if (!config_read(command, count, words, arena, &line, &err)) {
        (void)fprintf(stderr, "tieline %s: %s\n\"tieline %s --help\" says what it takes.\n",
                      command->words, err.message, command->words);
        return EXIT_USAGE;
    }
    if (line.help) {
        config_help(command, arena);
        return EXIT_DONE;
    }
    process_clean_environment();
    secret_init();
    return command->run(line.options, arena);
}

static enum exit_code dispatch(int count, char **words, struct arena *arena)
{
    int used = 0;

    if (count == 0)
        return help(stderr, EXIT_USAGE, arena);
    if (is_help(words[0]) && count == 1)
        return help(stdout, EXIT_DONE, arena);
    /* "tieline help user add" */
    if (strcmp(words[0], "help") == 0) {
        const struct command *asked = find_command(count - 1, words + 1, &used);
        if (asked)
            config_help(asked, arena);
        return asked ? EXIT_DONE : unknown(count - 1, words + 1, arena);
    }
    if (strcmp(words[0], "--version") == 0)
        words[0] += 2;
    const struct command *command = find_command(count, words, &used);
    if (!command)
        return unknown(count, words, arena);
    return run(command, count - used, words + used, arena);
}

int main(int count, char **words)
{
    crash_init();
    AUTO(arena) arena = arena_new();
    enum exit_code code = dispatch(count - 1, words + 1, arena);
    if (fflush(stdout) != 0 && code == EXIT_DONE) {
        (void)fprintf(stderr, "tieline: could not write to standard output\n");
        code = EXIT_FAILED;
    }
    return code;
}
