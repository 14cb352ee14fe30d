/* SPDX-License-Identifier: Apache-2.0 */
/* What the server says of a failure, in our words. */
#include "store/postgres_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

static const struct {
    const char *state; /* an SQLSTATE, or its class */
    enum error_code code;
    const char *message; /* NULL: the server's own */
} failures[] = {
    { "23505", ERR_CONFLICT, "there is such a row already" },
    { "23503", ERR_NOT_FOUND, "what it belongs to is not there any more" },
    { "42501", ERR_FORBIDDEN, NULL }, /* row security */
    { "22021", ERR_BAD_REQUEST, "a text holds a NUL byte, which the store does not take" },
    { "53100", ERR_STORE_FULL, "the disk of the store is full" },
    { "53", ERR_UNAVAILABLE, NULL },
    { "57014", ERR_UNAVAILABLE, "the store took too long" },
    { "55P03", ERR_UNAVAILABLE, "the store took too long: somebody else holds a lock" },
    { "40", ERR_UNAVAILABLE, "somebody else wrote the same rows just now" },
    { "25006", ERR_UNAVAILABLE, "the store's server does not take writes: is it a standby?" },
    { "08", ERR_UNAVAILABLE, NULL },
    { "57P", ERR_UNAVAILABLE, NULL },
};

struct str postgres_words(const char *message)
{
    struct str text = str_from(message ? message : "");
    struct str line = str_slice(text, 0, str_find_byte(text, '\n'));
    static const char *const prefixes[] = { "ERROR:", "FATAL:", "connection to server " };
    for (size_t i = 0; i < 2; i++)
        if (str_starts(line, str_from(prefixes[i])))
            line = str_slice(line, strlen(prefixes[i]), line.len);
    return str_trim(str_cut(line, 200));
}

bool postgres_fail(const PGresult *result, struct error *err)
{
    const char *given = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *state = given ? given : "",
               *said = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    struct str words = postgres_words(said ? said : PQresultErrorMessage(result));
    bool failed =
        fail(err, ERR_INTERNAL, "the store's server refused a statement: " STR_FMT " (%s)",
             STR_ARG(words), state);
    for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
        if (strncmp(state, failures[i].state, strlen(failures[i].state)) != 0)
            continue;
        if (failures[i].message)
            failed = fail(err, failures[i].code, "%s", failures[i].message);
        else
            failed = fail(err, failures[i].code, "the store's server: " STR_FMT, STR_ARG(words));
        break;
    }
    (void)snprintf(err->server_code, sizeof(err->server_code), "%s", state);
    return failed;
}

bool postgres_fail_lost(struct link *link, const char *why, struct error *err)
{
    struct str words = postgres_words(link->session ? PQerrorMessage(link->session) : NULL);
    if (words.len > 0)
        (void)fail(err, ERR_UNAVAILABLE, "%s: " STR_FMT, why, STR_ARG(words));
    else
        (void)fail(err, ERR_UNAVAILABLE, "%s", why);
    postgres_disconnect(link);
    return false;
}
