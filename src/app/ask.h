/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking procedures from a command. When a server runs on the data folder, through its socket;
 * otherwise the command opens the store and is the server for as long as it takes. Either way the
 * procedures, their checks and their answers are those of the API: a command only asks and prints.
 *
 * Whoever may use the socket is the operator of the server (struct caller); procedures that are done
 * for a person are asked on behalf of a user.
 */
#ifndef APP_ASK_H
#define APP_ASK_H

#include "app/config.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"
#include "json/value.h"
#include "schema/field.h"

#include <stdbool.h>

/* First member of every struct of options of a command that asks. */
struct ask_options {
    struct store_options at;
    bool json;
};
#define ASK_OPTION_FIELDS(type)                                                                    \
    STORE_OPTION_FIELDS_AT(type, to.at),                                                           \
    {                                                                                              \
        FIELD("json", type, to.json, OPTIONAL, "Print the answer as JSON, as the API gives it.")   \
    }

enum ask_need {
    ASK_STORE,     /* a store that is there, with or without a server */
    ASK_NEW_STORE, /* the same, and one is made where there is none */
    ASK_SERVER,    /* a running server: it carries something out */
};

struct ask;

/*
 * Finds the server, or opens the store. While another command has it open, waits for its end.
 *   Fails   ERR_NOT_FOUND (no store there), ERR_UNAVAILABLE (no server runs), ERR_CONFLICT (in use by
 *           a process that does not answer), and what home_open() fails with
 *   Blocks  up to 10 s.
 */
MUST_USE struct ask *ask_open(const struct store_options *at, enum ask_need need,
                              struct arena *arena, struct error *err);
/* NULL is fine. */
void ask_close(struct ask *ask);
AUTO_DEFINE(ask, ask_close)

/* What is asked. */
struct question {
    const char *procedure;
    struct str user;           /* act as the user of this address; absent: as the operator */
    const struct shape *shape; /* of the input; NULL: none */
    const void *input;
    const char *list; /* the member of the answer that holds the rows; NULL: there are none */
};

/*
 *   Returns  the answer's data; it lives in the arena given to ask_open()
 *   Fails    with the procedure's own error, or ERR_UNAVAILABLE when the server is lost
 *   Blocks   until the answer, up to 80 s.
 */
MUST_USE const struct json *ask(struct ask *ask, const struct question *question,
                                struct error *err);

#endif
