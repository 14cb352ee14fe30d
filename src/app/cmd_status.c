/* SPDX-License-Identifier: Apache-2.0 */
/* tieline status */
#include "app/commands.h"

#include "app/show.h"

struct status_options {
    struct ask_options to;
};
static const struct field option_fields[] = {
    ASK_OPTION_FIELDS(status_options),
    { 0 },
};
static const struct shape options_shape = SHAPE(NULL, status_options, option_fields);

static enum exit_code status(const void *options, struct arena *arena)
{
    static const struct show lines[] = {
        { "Version", "version" },
        { "Process", "processId" },
        { "Started", "startedAt" },
        { "Listens on", "listen" },
        { 0 },
    };
    static const struct question question = { .procedure = "system.status" };
    const struct status_options *given = options;
    struct error err = { 0 };

    AUTO(ask) server = ask_open(&given->to.at, ASK_SERVER, arena, &err);
    const struct json *answer = server ? ask(server, &question, &err) : NULL;
    if (answer && !given->to.json)
        show_lines(answer, lines, arena);
    return show_answer(&given->to, answer, NULL, &err, arena);
}

const struct command command_status = {
    .words = "status",
    .doc = "Says which server runs on the data folder. Exit code 1 when none does.",
    .examples = "  tieline status --data /var/lib/tieline",
    .options = &options_shape,
    .run = status,
};
