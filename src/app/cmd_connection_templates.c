/* SPDX-License-Identifier: Apache-2.0 */
/* tieline connection templates */
#include "app/commands.h"

#include <stdio.h>

#include "app/show.h"

struct templates_options {
    struct ask_options to;
    struct str name, type;
};

static const struct field option_fields[] = {
    { FIELD("name", templates_options, name, OPTIONAL, "Show this one, with what to know there."),
      .title = "NAME" },
    { FIELD("type", templates_options, type, OPTIONAL, "Only those of this type."),
      .title = "TYPE" },
    ASK_OPTION_FIELDS(templates_options),
    { 0 },
};
static const struct shape option_shape = SHAPE(NULL, templates_options, option_fields);

static const struct field input_fields[] = {
    { FIELD("name", templates_options, name, OPTIONAL, "") },
    { FIELD("connectionType", templates_options, type, OPTIONAL, "") },
    { 0 },
};
static const struct shape input_shape = SHAPE(NULL, templates_options, input_fields);

static const struct show columns[] = {
    { "NAME", "name" }, { "TITLE", "title" }, { "TYPE", "connectionType" }, { 0 }
};

static void show_template(const struct json *template, struct arena *arena)
{
    static const struct show lines[] = {
        { "Title", "title" },
        { "Type", "connectionType" },
        { "URL", "urlPattern" },
        { "Most sessions", "config.pool.max" },
        { 0 },
    };
    static const struct show placeholders[] = { { "PLACEHOLDER", "name" },
                                                { "MEANS", "means" },
                                                { 0 } };
    static const struct show facts[] = {
        { "ABOUT", "about" }, { "WHAT TO KNOW", "text" }, { "SOURCE", "source" }, { 0 }
    };
    const struct json *gaps = json_member(template, STR("placeholders"));

    show_lines(template, lines, arena);
    if (gaps && gaps->count > 0) {
        (void)putchar('\n');
        show_table(gaps, placeholders, arena);
    }
    (void)putchar('\n');
    show_table(json_member(template, STR("facts")), facts, arena);
}

static enum exit_code run(const void *options, struct arena *arena)
{
    const struct templates_options *given = options;
    const struct question question = { "connections.templates", STR_NULL, &input_shape, given,
                                       "templates" };
    if (given->to.json || !str_set(given->name))
        return show_list(&given->to, &question, columns, arena);

    struct error err = { 0 };
    AUTO(ask) server = ask_open(&given->to.at, ASK_STORE, arena, &err);
    const struct json *answer = server ? ask(server, &question, &err) : NULL;
    const struct json *list = json_member(answer, STR("templates"));
    if (list && list->count == 1)
        show_template(&list->items[0], arena);
    return show_answer(&given->to, answer, NULL, &err, arena);
}

const struct command command_connection_templates = {
    .words = "connection templates",
    .arguments = { "name" },
    .doc = "Lists what connections to known providers look like, or shows one of them.",
    .more = "A template is a URL with placeholders in brackets, each of which is to be replaced.",
    .examples = "  tieline connection templates --type redis\n"
                "  tieline connection templates supabase-direct",
    .options = &option_shape,
    .run = run,
};
