/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords for commands: from a file, from standard input, or typed without being shown. Never from
 * the command line, which everybody on the machine can read.
 */
#ifndef APP_PASSWORD_H
#define APP_PASSWORD_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "schema/field.h"

#include <stdbool.h>

#define PASSWORD_FILE_FIELD(type)                                                                  \
    {                                                                                              \
        FIELD("passwordFile", type, password_file, OPTIONAL,                                       \
              "File that holds the password in its first line; \"-\" is standard input; absent: "  \
              "asked for, twice, on the terminal."),                                               \
            .title = "FILE"                                                                        \
    }

/*
 * The password as a JSON string, in an arena that is wiped.
 *   Fails   naming the file · ERR_BAD_REQUEST without a file and a terminal, or when what was typed
 *           the second time was another
 *   Blocks  on the terminal or standard input.
 */
MUST_USE bool password_read(struct str file, struct arena *arena, struct json_text *out,
                            struct error *err);

#endif
