/* SPDX-License-Identifier: Apache-2.0 */
/* Options of commands: flags, variables, help. */
#include "app/config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

#define FLAG_MAX 64
#define HELP_COLUMN 28

/* keyFile → key-file, or KEY_FILE */
static void spell(const struct field *field, char between, bool capitals, char out[FLAG_MAX])
{
    size_t len = 0;

    for (const char *at = field->name; *at && len + 2 < FLAG_MAX; at++) {
        bool upper = *at >= 'A' && *at <= 'Z';
        if (upper)
            out[len++] = between;
        if (upper && !capitals)
            out[len++] = (char)(*at + ('a' - 'A'));
        else if (!upper && capitals)
            out[len++] = (char)(*at - ('a' - 'A'));
        else
            out[len++] = *at;
    }
    out[len] = '\0';
}

static bool is_switch(const struct field *field)
{
    return field->kind == FIELD_KIND_BOOL;
}

static const char *value_name(const struct field *field)
{
    if (field->title)
        return field->title;
    return field->kind == FIELD_KIND_OPT_INT ? "N" : "VALUE";
}

static bool set_number(const struct field *field, const char *origin, struct str text,
                       struct opt_int *out, struct error *err)
{
    int64_t number;

    if (!str_to_int64(text, &number) || number < field->min ||
        (field->max != 0 && number > field->max))
        return fail(err, ERR_BAD_REQUEST,
                    "%s must be a number from %lld to %lld, not \"" STR_FMT "\"", origin,
                    (long long)field->min, (long long)field->max, STR_ARG(str_cut(text, 40)));
    *out = (struct opt_int){ true, number };
    return true;
}

static bool set_word(const struct field *field, const char *origin, struct str text, int *out,
                     struct error *err)
{
    for (int i = 1; field->names[i]; i++) {
        if (str_eq(text, str_from(field->names[i]))) {
            *out = i;
            return true;
        }
    }
    return fail(err, ERR_BAD_REQUEST, "%s does not know the word \"" STR_FMT "\"", origin,
                STR_ARG(str_cut(text, 40)));
}

/* A switch's variable. */
static bool set_switch(const char *origin, struct str text, bool *out, struct error *err)
{
    bool yes = str_eq(text, STR("1")) || str_eq(text, STR("true"));

    if (!yes && !str_eq(text, STR("0")) && !str_eq(text, STR("false")))
        return fail(err, ERR_BAD_REQUEST, "%s must be 1, true, 0 or false, not \"" STR_FMT "\"",
                    origin, STR_ARG(str_cut(text, 40)));
    *out = yes;
    return true;
}

static bool set_option(const struct field *field, const char *origin, struct str text,
                       void *options, struct error *err)
{
    assert(options); /* who has no shape has no field that could be found */
    void *member = FIELD_PTR(options, field);

    if (text.len == 0)
        return fail(err, ERR_BAD_REQUEST, "%s must not be empty", origin);
    if (field->kind == FIELD_KIND_BOOL)
        return set_switch(origin, text, member, err);
    if (field->kind == FIELD_KIND_OPT_INT)
        return set_number(field, origin, text, member, err);
    if (field->kind == FIELD_KIND_ENUM)
        return set_word(field, origin, text, member, err);
    *(struct str *)member = text;
    return true;
}

/* True for a field that is given by its place. */
static bool is_argument(const struct command *command, const struct field *field)
{
    for (size_t i = 0; i < ARRAY_LEN(command->arguments) && command->arguments[i]; i++)
        if (strcmp(command->arguments[i], field->name) == 0)
            return true;
    return false;
}

/* Fields without a document are a command's own: nobody gives them. */
static bool is_flag(const struct command *command, const struct field *field)
{
    return *field->doc && !is_argument(command, field);
}

/* The n-th argument's field, or NULL. */
static const struct field *argument_field(const struct command *command, size_t n)
{
    if (n >= ARRAY_LEN(command->arguments) || !command->arguments[n])
        return NULL;
    return shape_field(command->options, str_from(command->arguments[n]));
}

static const struct field *find_flag(const struct command *command, struct str name)
{
    const struct shape *shape = command->options;
    char flag[FLAG_MAX];

    for (const struct field *field = shape ? shape->fields : NULL; field && field->name; field++) {
        spell(field, '-', false, flag);
        if (is_flag(command, field) && str_eq(name, str_from(flag)))
            return field;
    }
    return NULL;
}

/* A flag and its value, which may be the next word. Moves *at behind what it used. */
static bool read_flag(const struct command *command, int count, char *const *words, int *at,
                      void *options, struct error *err)
{
    struct str rest = str_from(words[*at] + 2), name;
    char origin[FLAG_MAX + 2];

    (void)str_split(&rest, '=', &name);
    const struct field *field = find_flag(command, name);
    if (!field)
        return fail(err, ERR_BAD_REQUEST, "unknown flag \"--" STR_FMT "\"",
                    STR_ARG(str_cut(name, FLAG_MAX)));
    (void)snprintf(origin, sizeof(origin), "--" STR_FMT, STR_ARG(name));
    if (is_switch(field) && str_set(rest))
        return fail(err, ERR_BAD_REQUEST, "%s takes no value", origin);
    if (is_switch(field)) {
        rest = STR("1");
    } else if (!str_set(rest)) {
        if (*at + 1 >= count)
            return fail(err, ERR_BAD_REQUEST, "%s needs a value (%s)", origin, value_name(field));
        rest = str_from(words[++*at]);
    }
    return set_option(field, origin, rest, options, err);
}

static bool read_environment(const struct command *command, struct arena *arena, void *options,
                             struct error *err)
{
    const struct shape *shape = command->options;
    char name[FLAG_MAX], variable[FLAG_MAX + 8];

    for (const struct field *field = shape->fields; field->name; field++) {
        if (!is_flag(command, field))
            continue;
        spell(field, '_', true, name);
        (void)snprintf(variable, sizeof(variable), "TIELINE_%s", name);
        const char *value = getenv(variable); /* NOLINT(concurrency-mt-unsafe): one thread */
        struct str text = value ? arena_str(arena, str_from(value)) : str_from(field->fallback);
        if (str_set(text) && text.len > 0 && !set_option(field, variable, text, options, err))
            return false;
    }
    return true;
}

static bool check_required(const struct command *command, const void *options, struct error *err)
{
    char flag[FLAG_MAX];

    for (const struct field *field = command->options->fields; field->name; field++) {
        if (field->need != REQUIRED || field_is_set(field, options))
            continue;
        if (is_argument(command, field))
            return fail(err, ERR_BAD_REQUEST, "%s is missing", value_name(field));
        spell(field, '-', false, flag);
        return fail(err, ERR_BAD_REQUEST, "--%s %s is missing", flag, value_name(field));
    }
    return true;
}

static bool read_argument(const struct command *command, size_t n, const char *word, void *options,
                          struct error *err)
{
    const struct field *field = argument_field(command, n);

    if (!field)
        return fail(err, ERR_BAD_REQUEST, "unexpected \"%.60s\"", word);
    return set_option(field, value_name(field), str_from(word), options, err);
}

static bool read_words(const struct command *command, int count, char *const *words, void *options,
                       struct error *err)
{
    bool only_arguments = false;
    size_t arguments = 0;

    for (int at = 0; at < count; at++) {
        const char *word = words[at];
        if (!only_arguments && strcmp(word, "--") == 0) {
            only_arguments = true;
            continue;
        }
        if (!only_arguments && strncmp(word, "--", 2) == 0) {
            if (!read_flag(command, count, words, &at, options, err))
                return false;
            continue;
        }
        if (!only_arguments && word[0] == '-' && word[1])
            return fail(err, ERR_BAD_REQUEST, "unknown flag \"%.60s\"", word);
        if (!read_argument(command, arguments++, word, options, err))
            return false;
    }
    return true;
}

static bool asks_for_help(int count, char *const *words)
{
    for (int at = 0; at < count && strcmp(words[at], "--") != 0; at++)
        if (strcmp(words[at], "--help") == 0 || strcmp(words[at], "-h") == 0)
            return true;
    return false;
}

bool config_read(const struct command *command, int count, char *const *words, struct arena *arena,
                 struct command_line *out, struct error *err)
{
    struct command_line line = { .help = asks_for_help(count, words) };

    if (command->options)
        line.options = arena_alloc(arena, command->options->size);
    if (!line.help && command->options && !read_environment(command, arena, line.options, err))
        return false;
    if (!line.help && !read_words(command, count, words, line.options, err))
        return false;
    if (!line.help && command->options && !check_required(command, line.options, err))
        return false;
    *out = line;
    return true;
}

/* --- help --- */

static bool has_flags(const struct command *command)
{
    const struct shape *shape = command->options;

    for (const struct field *field = shape ? shape->fields : NULL; field && field->name; field++)
        if (is_flag(command, field))
            return true;
    return false;
}

struct str config_usage(const struct command *command, struct arena *arena)
{
    struct str text = str_from(command->words);

    for (size_t i = 0; argument_field(command, i); i++) {
        const struct field *field = argument_field(command, i);
        text = field->need == REQUIRED
                   ? arena_printf(arena, STR_FMT " %s", STR_ARG(text), value_name(field))
                   : arena_printf(arena, STR_FMT " [%s]", STR_ARG(text), value_name(field));
    }
    return text;
}

static void print_field(const struct command *command, const struct field *field,
                        struct arena *arena)
{
    char flag[FLAG_MAX];
    struct str name = str_from(value_name(field));

    spell(field, '-', false, flag);
    if (is_flag(command, field) && is_switch(field))
        name = arena_printf(arena, "--%s", flag);
    else if (is_flag(command, field))
        name = arena_printf(arena, "--%s %s", flag, value_name(field));
    int blanks = HELP_COLUMN - (int)str_utf8_count(name); /* printf's own width counts bytes */
    (void)printf("  " STR_FMT "%*s %s", STR_ARG(name), blanks > 0 ? blanks : 0, "", field->doc);
    if (is_flag(command, field) && field->need == REQUIRED)
        (void)printf(" Required.");
    if (field->fallback)
        (void)printf(" (%s)", field->fallback);
    (void)printf("\n");
}

void config_help(const struct command *command, struct arena *arena)
{
    struct str usage = config_usage(command, arena);

    (void)printf("tieline " STR_FMT "%s\n\n%s\n", STR_ARG(usage),
                 has_flags(command) ? " [flags]" : "", command->doc);
    if (command->more)
        (void)printf("\n%s\n", command->more);
    if (argument_field(command, 0))
        (void)printf("\nArguments:\n");
    for (size_t i = 0; argument_field(command, i); i++)
        print_field(command, argument_field(command, i), arena);
    if (has_flags(command))
        (void)printf("\nFlags (each also as a variable, --key-file as TIELINE_KEY_FILE):\n");
    for (const struct field *field = command->options ? command->options->fields : NULL;
         field && field->name; field++)
        if (is_flag(command, field))
            print_field(command, field, arena);
    if (command->examples)
        (void)printf("\nExamples:\n%s\n", command->examples);
}
