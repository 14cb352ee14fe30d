/* SPDX-License-Identifier: Apache-2.0 */
/* Options of commands: flags, variables, help. */
#include "app/config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

#define FLAG_MAX 64

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

static bool set_option(const struct field *field, const char *origin, struct str text,
                       void *options, struct error *err)
{
    void *member = FIELD_PTR(options, field);

    if (field->kind == FIELD_KIND_BOOL) {
        *(bool *)member = str_eq(text, STR("1")) || str_eq(text, STR("true"));
        return true;
    }
    if (text.len == 0)
        return fail(err, ERR_BAD_REQUEST, "%s must not be empty", origin);
    if (field->kind == FIELD_KIND_OPT_INT)
        return set_number(field, origin, text, member, err);
    if (field->kind == FIELD_KIND_ENUM)
        return set_word(field, origin, text, member, err);
    *(struct str *)member = text;
    return true;
}

static const struct field *find_flag(const struct shape *shape, struct str name)
{
    char flag[FLAG_MAX];

    for (const struct field *field = shape ? shape->fields : NULL; field && field->name; field++) {
        spell(field, '-', false, flag);
        if (str_eq(name, str_from(flag)))
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
    const struct field *field = find_flag(command->options, name);
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

static bool read_environment(const struct shape *shape, struct arena *arena, void *options,
                             struct error *err)
{
    char name[FLAG_MAX], variable[FLAG_MAX + 8];

    for (const struct field *field = shape->fields; field->name; field++) {
        spell(field, '_', true, name);
        (void)snprintf(variable, sizeof(variable), "TIELINE_%s", name);
        const char *value = getenv(variable);
        struct str text = value ? arena_str(arena, str_from(value)) : str_from(field->fallback);
        if (str_set(text) && text.len > 0 && !set_option(field, variable, text, options, err))
            return false;
    }
    return true;
}

static bool check_required(const struct shape *shape, const void *options, struct error *err)
{
    char flag[FLAG_MAX];

    for (const struct field *field = shape->fields; field->name; field++) {
        if (field->need != REQUIRED || field_is_set(field, options))
            continue;
        spell(field, '-', false, flag);
        return fail(err, ERR_BAD_REQUEST, "--%s %s is missing", flag, value_name(field));
    }
    return true;
}

bool config_read(const struct command *command, int count, char *const *words, struct arena *arena,
                 struct command_line *out, struct error *err)
{
    struct command_line line = { 0 };

    for (int at = 0; at < count; at++)
        line.help = line.help || strcmp(words[at], "--help") == 0 || strcmp(words[at], "-h") == 0;
    if (command->options)
        line.options = arena_alloc(arena, command->options->size);
    if (line.help) {
        *out = line;
        return true;
    }
    if (command->options && !read_environment(command->options, arena, line.options, err))
        return false;
    for (int at = 0; at < count; at++) {
        if (strncmp(words[at], "--", 2) == 0) {
            if (!read_flag(command, count, words, &at, line.options, err))
                return false;
        } else if (command->argument && !str_set(line.argument)) {
            line.argument = str_from(words[at]);
        } else {
            return fail(err, ERR_BAD_REQUEST, "unexpected \"%.60s\"", words[at]);
        }
    }
    if (command->argument && !str_set(line.argument))
        return fail(err, ERR_BAD_REQUEST, "%s is missing", command->argument);
    if (command->options && !check_required(command->options, line.options, err))
        return false;
    *out = line;
    return true;
}

void config_help(const struct command *command)
{
    char flag[FLAG_MAX], name[2 * FLAG_MAX];

    (void)printf("tieline %s%s%s%s\n\n%s\n", command->words, command->argument ? " " : "",
                 command->argument ? command->argument : "", command->options ? " [flags]" : "",
                 command->doc);
    if (!command->options)
        return;
    (void)printf("\nFlags (each also as a variable, --key-file as TIELINE_KEY_FILE):\n");
    for (const struct field *field = command->options->fields; field->name; field++) {
        spell(field, '-', false, flag);
        (void)snprintf(name, sizeof(name), "--%s%s%s", flag, is_switch(field) ? "" : " ",
                       is_switch(field) ? "" : value_name(field));
        (void)printf("  %-28s %s%s%s%s%s\n", name, field->doc,
                     field->need == REQUIRED ? " Required." : "", field->fallback ? " (" : "",
                     field->fallback ? field->fallback : "", field->fallback ? ")" : "");
    }
}
