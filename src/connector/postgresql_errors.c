/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From SQLSTATE and libpq's texts to our codes.
 *
 * While signing in libpq keeps no fields of the server's error, only a text; PQERRORS_VERBOSE puts
 * the SQLSTATE into it, which unlike the words does not depend on the server's language. libpq's
 * own texts are English, because no locale is ever set here.
 * Source: PostgreSQL 15 documentation, appendix A "PostgreSQL Error Codes".
 */
#include "connector/postgresql_internal.h"

#include <ctype.h>
#include <stdio.h>

#include "connector/scrub.h"

#define WORDS_MAX ((size_t)2048) /* of a server's message; more is not looked at */

static bool contains(struct str text, const char *words)
{
    return str_find(text, str_from(words)) < text.len;
}

/* The place of the SQLSTATE in "…FATAL:  28P01: …", or text.len. */
static size_t find_state(struct str text)
{
    static const char pattern[] = ":  XXXXX: ";
    size_t length = sizeof(pattern) - 1;
    for (size_t at = 0; at + length <= text.len; at++) {
        bool fits = true;
        for (size_t i = 0; i < length && fits; i++) {
            char c = text.ptr[at + i];
            fits = pattern[i] == 'X' ? isdigit((unsigned char)c) || (c >= 'A' && c <= 'Z')
                                     : c == pattern[i];
        }
        if (fits)
            return at + 3;
    }
    return text.len;
}

static enum error_code code_of_state(struct str state, struct str message, bool tls)
{
    if (str_eq(state, STR("28000")) && !tls && contains(message, "no encryption"))
        return ERR_TLS_REQUIRED;
    if (str_eq(state, STR("28000")) && contains(message, "client certificate"))
        return ERR_TLS_FAILED;
    if (str_starts(state, STR("28")))
        return ERR_AUTH_FAILED;
    if (str_eq(state, STR("3D000")))
        return ERR_DATABASE_MISSING;
    if (str_eq(state, STR("53300")))
        return ERR_TOO_MANY_CONNECTIONS;
    return ERR_SERVER_ERROR;
}

struct known_text {
    const char *words;
    enum error_code code;
};

static const struct known_text known_texts[] = {
    { "Connection refused", ERR_REFUSED },
    { "No route to host", ERR_UNREACHABLE },
    { "Network is unreachable", ERR_UNREACHABLE },
    { "Host is down", ERR_UNREACHABLE },
    { "Connection timed out", ERR_CONNECT_TIMEOUT },
    { "timeout expired", ERR_CONNECT_TIMEOUT },
    { "server does not support SSL", ERR_TLS_NOT_OFFERED },
    { "does not match host name", ERR_TLS_WRONG_NAME },
    { "could not get server's host name from server certificate", ERR_TLS_WRONG_NAME },
    { "certificate has expired", ERR_TLS_EXPIRED },
    { "certificate verify failed", ERR_TLS_UNTRUSTED },
    { "root certificate file", ERR_TLS_UNTRUSTED },
    { "could not load private key", ERR_TLS_FAILED },
    { "certificate", ERR_TLS_FAILED },
    { "SSL error", ERR_TLS_FAILED },
    { "received invalid response to SSL negotiation", ERR_SERVER_PROTOCOL },
    { "expected authentication request", ERR_SERVER_PROTOCOL },
    { "unsupported frontend protocol", ERR_SERVER_PROTOCOL },
    { "no password supplied", ERR_AUTH_FAILED },
    { "session is read-only", ERR_SERVER_ERROR }, /* target_session_attrs */
    { "session is not read-only", ERR_SERVER_ERROR },
    { "server is in hot standby mode", ERR_SERVER_ERROR },
    { "server is not in hot standby mode", ERR_SERVER_ERROR },
    { "channel binding", ERR_AUTH_FAILED },
    { "SASL", ERR_AUTH_FAILED },
    { "SCRAM", ERR_AUTH_FAILED },
    { "authentication", ERR_AUTH_FAILED },
};

/* The socket came to its end, whatever was spoken on it: a server that goes down, for one. */
static bool hung_up(struct str message)
{
    return contains(message, "server closed the connection") ||
           contains(message, "Connection reset by peer") || contains(message, "SSL SYSCALL error");
}

enum error_code pg_connect_code(enum pg_phase phase, struct str message, bool tls,
                                char sqlstate[static 6])
{
    sqlstate[0] = '\0';
    size_t at = find_state(message);
    if (at < message.len) {
        struct str state = str_slice(message, at, at + 5);
        (void)snprintf(sqlstate, 6, STR_FMT, STR_ARG(state));
        return code_of_state(state, message, tls);
    }
    for (size_t i = 0; i < ARRAY_LEN(known_texts); i++)
        if (contains(message, known_texts[i].words))
            return known_texts[i].code;
    switch (phase) {
    case PG_PHASE_CONNECT:
        return ERR_UNREACHABLE;
    case PG_PHASE_TLS:
        return hung_up(message) ? ERR_CONNECTION_LOST : ERR_TLS_FAILED;
    case PG_PHASE_SIGN_IN:
        return ERR_CONNECTION_LOST;
    }
    return ERR_INTERNAL;
}

struct str pg_connect_text(struct arena *arena, struct str message)
{
    /* With several tries (prefer: TLS, then plain) there is a line each: the last one counts. */
    struct str rest = str_trim(message), line, kept = rest;
    size_t last = 0;
    for (size_t at = 0; at < rest.len; at++) {
        struct str here = str_slice(rest, at, rest.len);
        if ((at == 0 || rest.ptr[at - 1] == '\n') && str_starts(here, STR("connection to server")))
            last = at;
    }
    kept = str_slice(rest, last, rest.len);
    if (str_starts(kept, STR("connection to server"))) {
        size_t failed = str_find(kept, STR("failed: "));
        if (failed < kept.len)
            kept = str_slice(kept, failed + 8, kept.len);
    }
    size_t state = find_state(kept);
    if (state < kept.len)
        kept = str_slice(kept, state + 7, kept.len);
    (void)str_split(&kept, '\n', &line);
    if (contains(line, "no password supplied"))
        return STR("the server wants a password, and the URL gives none");
    return arena_str(arena, str_trim(line));
}

/* One of the error's texts, at most WORDS_MAX of it, without the connection's secret. */
static struct str words_of(struct arena *arena, const struct pg *pg, const PGresult *result,
                           int field)
{
    struct str text = str_from(PQresultErrorField(result, field));
    if (!str_set(text))
        return STR("");
    return scrub(arena, str_slice(text, 0, WORDS_MAX), pg->upstream->password);
}

static void set_detail(struct arena *arena, const struct pg *pg, const PGresult *result,
                       struct error *err)
{
    struct str detail = words_of(arena, pg, result, PG_DIAG_MESSAGE_DETAIL);
    struct str hint = words_of(arena, pg, result, PG_DIAG_MESSAGE_HINT);
    struct str context = words_of(arena, pg, result, PG_DIAG_CONTEXT);
    struct str position = words_of(arena, pg, result, PG_DIAG_STATEMENT_POSITION);
    struct buf text;
    buf_init(&text, 4 * WORDS_MAX);
    if (position.len > 0)
        buf_printf(&text, "at character " STR_FMT "; ", STR_ARG(position));
    if (detail.len > 0)
        buf_printf(&text, STR_FMT "; ", STR_ARG(detail));
    if (hint.len > 0)
        buf_printf(&text, "hint: " STR_FMT "; ", STR_ARG(hint));
    if (context.len > 0)
        buf_printf(&text, STR_FMT "; ", STR_ARG(context));
    struct str all = buf_str(&text);
    error_set_detail(err, str_slice(all, 0, all.len >= 2 ? all.len - 2 : 0));
    buf_done(&text);
}

/* The server itself says that it does not know how a transaction ended. */
static bool is_unknown_outcome(const char *state)
{
    return strcmp(state, "08007") == 0 || strcmp(state, "40003") == 0;
}

bool pg_fail_result(const struct pg *pg, const PGresult *result, struct error *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (!state)
        return fail(err, ERR_CONNECTION_LOST, "the connection to the server was lost");
    AUTO(arena) arena = arena_new();
    struct str message = words_of(arena, pg, result, PG_DIAG_MESSAGE_PRIMARY);
    (void)fail(err, ERR_SERVER_ERROR, STR_FMT, STR_ARG(message));
    (void)snprintf(err->server_code, sizeof(err->server_code), "%s", state);
    err->maybe_done = is_unknown_outcome(state);
    set_detail(arena, pg, result, err);
    return false;
}

bool pg_fail_lost(struct pg *pg, struct error *err)
{
    AUTO(arena) arena = arena_new();
    pg->conn.broken = true;
    struct str said = scrub(arena, str_from(PQerrorMessage(pg->link)), pg->upstream->password);
    (void)fail(err, ERR_CONNECTION_LOST, "the connection to the server was lost");
    error_set_detail(err, said);
    return false;
}

bool pg_has_state(const struct error *err, const char *sqlstate)
{
    return err->code == ERR_SERVER_ERROR && strcmp(err->server_code, sqlstate) == 0;
}
