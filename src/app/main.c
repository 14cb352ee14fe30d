/* SPDX-License-Identifier: Apache-2.0 */
/* The program: finds the command, reads its options, runs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/config.h"
#include "app/process.h"
#include "base/crash.h"
#include "base/secret.h"

static enum exit_code version(const void *options, struct str argument, struct arena *arena)
{
    (void)options, (void)argument, (void)arena;
    (void)printf("tieline %s\n", TIELINE_VERSION);
    return EXIT_DONE;
}

const struct command command_version = {
    .words = "version",
    .doc = "Prints the version.",
    .run = version,
};

static const struct command *const commands[] = {
    &command_serve, &command_user_add, &command_token_create, &command_project_add,
    &command_types, &command_migrate,  &command_version,
};

enum exit_code command_failed(const struct error *err)
{
    (void)fprintf(stderr, "tieline: %s\n", err->message);
    if (err->hint)
        (void)fprintf(stderr, "  %s\n", err->hint);
    return EXIT_FAILED;
}

static enum exit_code help(FILE *to, enum exit_code code)
{
    (void)fprintf(to, "tieline COMMAND [flags]\n\n"
                      "Runs workflows on the databases that a team already has.\n\nCommands:\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        char head[64];
        (void)snprintf(head, sizeof(head), "%s%s%s", commands[i]->words,
                       commands[i]->argument ? " " : "",
                       commands[i]->argument ? commands[i]->argument : "");
        (void)fprintf(to, "  %-20s %s\n", head, commands[i]->doc);
    }
    (void)fprintf(to, "\n\"tieline COMMAND --help\" says which flags a command takes.\n");
    return code;
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

static enum exit_code run(const struct command *command, int count, char **words)
{
    AUTO(arena) arena = arena_new();
    struct command_line line;
    struct error err = { 0 };

    if (!config_read(command, count, words, arena, &line, &err)) {
        (void)fprintf(stderr, "tieline %s: %s\n\"tieline %s --help\" says what it takes.\n",
                      command->words, err.message, command->words);
        return EXIT_USAGE;
    }
    if (line.help) {
        config_help(command);
        return EXIT_DONE;
    }
    process_clean_environment();
    secret_init();
    return command->run(line.options, line.argument, arena);
}

int main(int count, char **words)
{
    int used = 0;

    crash_init();
    if (count < 2)
        return help(stderr, EXIT_USAGE);
    if (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0 ||
        strcmp(words[1], "help") == 0)
        return help(stdout, EXIT_DONE);
    if (strcmp(words[1], "--version") == 0)
        words[1] += 2;
    const struct command *command = find_command(count - 1, words + 1, &used);
    if (!command) {
        (void)fprintf(stderr, "tieline: unknown command \"%.60s\"\n\n", words[1]);
        return help(stderr, EXIT_USAGE);
    }
    enum exit_code code = run(command, count - 1 - used, words + 1 + used);
    if (fflush(stdout) != 0 && code == EXIT_DONE) {
        (void)fprintf(stderr, "tieline: could not write to standard output\n");
        code = EXIT_FAILED;
    }
    return code;
}
