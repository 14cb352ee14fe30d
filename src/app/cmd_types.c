/* SPDX-License-Identifier: Apache-2.0 */
/* tieline types */
#include "app/commands.h"

#include <stdio.h>

#include "api/api.h"
#include "base/buf.h"
#include "rpc/trpc.h"

#define TYPES_MAX ((size_t)4 << 20)

static enum exit_code types(const void *options, struct str argument, struct arena *arena)
{
    struct error err = { 0 };
    struct buf buf;
    struct str text;
    (void)options, (void)argument, (void)arena;

    buf_init(&buf, TYPES_MAX);
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
    .run = types,
};
