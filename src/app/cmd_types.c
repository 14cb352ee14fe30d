/* SPDX-License-Identifier: Apache-2.0 */
/* tieline types */
#include "app/commands.h"

#include <stdio.h>

#include "api/api.h"
#include "base/buf.h"
#include "rpc/trpc.h"

#define TYPES_MAX ((size_t)4 << 20)

struct types_options {
    bool json;
};
static const struct field option_fields[] = {
    { FIELD("json", types_options, json, OPTIONAL,
            "Print a list of the procedures in its place: path, kind, right, subject, doc.") },
    { 0 },
};
static const struct shape options_shape = SHAPE(NULL, types_options, option_fields);

static enum exit_code types(const void *options, struct arena *arena)
{
    const struct types_options *given = options;
    struct error err = { 0 };
    struct buf buf;
    struct str text;
    (void)arena;

    buf_init(&buf, TYPES_MAX);
    if (given->json)
        rpc_list(api_tables, &buf);
    else
        rpc_typescript(api_tables, &buf);
    bool done = buf_finish(&buf, &text, &err);
    if (done)
        (void)fwrite(text.ptr, 1, text.len, stdout);
    buf_done(&buf);
    return done ? EXIT_DONE : command_failed(&err);
}

const struct command command_types = {
    .words = "types",
    .doc = "Prints the API as TypeScript, for the tRPC client.",
    .examples = "  tieline types > api.gen.ts",
    .options = &options_shape,
    .run = types,
};
