/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a session stands at between two borrowers, and how it gets back there.
 *
 * At rest a session reads only (default_transaction_read_only), so that a statement which should
 * only read proves it without a transaction of ours around it. A run that may write, or needs other
 * limits, sends these in a flight of its own before its statement; the next reset undoes it.
 *
 * The reset brings back all that DISCARD ALL does, but keeps prepared statements, and plans with
 * them (the server makes those anew by itself when something they rest on changes):
 *
 *   settings, role, advisory locks, LISTEN, cursors    always
 *   sequences, temporary tables    when the run could write; a read-only transaction makes none
 *   PREPARE                        asked for; if there is one, DISCARD ALL and begin anew
 *   a transaction left open        rolled back first
 *
 * Its answer waits in the socket until the next run, which begins with reading it. Every name in it
 * is qualified: search_path is the borrower's.
 *
 * A pooler between us and the server hands out server processes as it likes. What we set would stay
 * in one of them for strangers to find, so it is looked for first: the process id that the link was
 * told at sign-in is not the one that answers. Such a session sets nothing but within transactions.
 */
#include "connector/postgresql_internal.h"

#include <assert.h>
#include <stdio.h>

#define IDLE_IN_TRANSACTION_MS 60000
#define CONNECTION_CHECK_MS 5000
#define HAS_CONNECTION_CHECK 140000 /* server version */
#define NUMERAL_SIZE 24
/* A timeout that differs from the session's by less is not worth a flight. */
#define TIMEOUT_SLACK_MS 250

#define RESET_NAME "tieline_reset"
#define LIMITS_NAME "tieline_limits"

static const char limits_sql[] =
    "SELECT pg_catalog.set_config('default_transaction_read_only', $1, false),"
    " pg_catalog.set_config('statement_timeout', $2, false),"
    " pg_catalog.set_config('lock_timeout', $3, false)";

/* Prepared by a statement of the borrower's: only the server knows their names. */
static const char leftovers_sql[] =
    ", EXISTS (SELECT FROM pg_catalog.pg_prepared_statement() s WHERE s.from_sql)";

/* Waiting for a lock ends before the statement does, so that the reason is told. */
static int64_t lock_timeout_ms(int64_t timeout_ms)
{
    return timeout_ms - timeout_ms / 4;
}

/* One more argument of the function that all of them are in. */
static void add_setting(struct buf *sql, const char *name, const char *value, bool local)
{
    buf_printf(sql, "pg_catalog.set_config('%s', '%s', %s), ", name, value,
               local ? "true" : "false");
}

static void add_time(struct buf *sql, const char *name, int64_t ms, bool local)
{
    char value[NUMERAL_SIZE];
    (void)snprintf(value, sizeof(value), "%lld", (long long)ms);
    add_setting(sql, name, value, local);
}

/*
 * "SELECT num_nulls(set_config(…), …": what decides how long things last and how values look. The
 * function is there because a column for each of them would be half of what the server sends.
 */
static void add_settings(struct buf *sql, const struct pg *pg, int64_t timeout_ms, bool local)
{
    buf_add_c(sql, "SELECT pg_catalog.num_nulls(");
    add_time(sql, "statement_timeout", timeout_ms, local);
    add_time(sql, "lock_timeout", lock_timeout_ms(timeout_ms), local);
    add_time(sql, "idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_MS, local);
    if (PQserverVersion(pg->link) >= HAS_CONNECTION_CHECK)
        add_time(sql, "client_connection_check_interval", CONNECTION_CHECK_MS, local);
    add_setting(sql, "TimeZone", "UTC", local);
    add_setting(sql, "DateStyle", "ISO", local);
    add_setting(sql, "IntervalStyle", "iso_8601", local);
    add_setting(sql, "extra_float_digits", "3", local);
    add_setting(sql, "bytea_output", "hex", local);
    add_setting(sql, "standard_conforming_strings", "on", local);
}

static int64_t session_timeout_ms(const struct pg *pg)
{
    return pg->upstream->settings.statement_timeout_ms;
}

static void add_session_settings(struct buf *sql, const struct pg *pg)
{
    add_settings(sql, pg, session_timeout_ms(pg), false);
    add_setting(sql, "default_transaction_read_only", "on", false);
}

bool pg_session_begin(struct pg *pg, struct pg_wait *wait, struct error *err)
{
    struct buf sql;
    AUTO(pg_result) rows = NULL;
    buf_init(&sql, SIZE_MAX);
    add_session_settings(&sql, pg);
    buf_printf(&sql, "NULL) WHERE pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) %d",
               PQbackendPID(pg->link));
    bool ok = pg_send(pg, buf_str(&sql).ptr, err);
    buf_done(&sql);
    if (!ok || !pg_send_sync(pg, err) || !pg_finish_flight(pg, wait, &rows, err))
        return false;
    pg->pooled = !rows || PQntuples(rows) == 0;
    return true;
}

int64_t pg_session_timeout_ms(const struct pg *pg, int64_t left_ms)
{
    int64_t usual = session_timeout_ms(pg);
    bool near = left_ms > usual - TIMEOUT_SLACK_MS && left_ms < usual + TIMEOUT_SLACK_MS;
    return near ? usual : left_ms;
}

bool pg_session_limit(struct pg *pg, const struct pg_limits *limits, bool *sent, struct error *err)
{
    *sent = limits->writes || limits->timeout_ms != session_timeout_ms(pg);
    if (!*sent)
        return true;
    char timeout[NUMERAL_SIZE], lock[NUMERAL_SIZE];
    (void)snprintf(timeout, sizeof(timeout), "%lld", (long long)limits->timeout_ms);
    (void)snprintf(lock, sizeof(lock), "%lld", (long long)lock_timeout_ms(limits->timeout_ms));
    const char *const values[] = { limits->writes ? "off" : "on", timeout, lock };
    bool ok = pg->limits_ready || PQsendPrepare(pg->link, LIMITS_NAME, limits_sql, 3, NULL);
    ok = ok && PQsendQueryPrepared(pg->link, LIMITS_NAME, 3, values, NULL, NULL, 0);
    pg->limits_ready = true;
    return (ok || pg_fail_send(pg, err)) && pg_send_sync(pg, err);
}

const char *const *pg_session_transaction(struct arena *arena, const struct pg *pg,
                                          const struct pg_limits *limits)
{
    struct buf sql;
    buf_init(&sql, SIZE_MAX);
    add_settings(&sql, pg, limits->timeout_ms, true);
    buf_add_c(&sql, "NULL)");
    const char **statements = arena_array(arena, 3, sizeof(*statements));
    statements[0] = limits->writes ? "BEGIN READ WRITE" : "BEGIN READ ONLY";
    statements[1] = arena_c(arena, buf_str(&sql));
    buf_done(&sql);
    return statements;
}

/* What goes before the settings are put back. */
static const struct {
    const char *name, *sql;
    bool after_writing; /* a read-only transaction leaves nothing of it */
} reset_parts[] = {
    { RESET_NAME "_sequences", "DISCARD SEQUENCES", true },
    { RESET_NAME "_temp", "DISCARD TEMP", true },
    { RESET_NAME "_cursors", "CLOSE ALL", false },
    { RESET_NAME "_channels", "UNLISTEN *", false },
    { RESET_NAME "_settings", "RESET ALL", false },
};

/* Prepares what every reset sends; once in a session. */
static bool prepare_reset(struct pg *pg)
{
    struct buf sql;
    buf_init(&sql, SIZE_MAX);
    add_session_settings(&sql, pg);
    buf_add_c(&sql, "pg_catalog.set_config('session_authorization', NULL, false),"
                    " pg_catalog.set_config('role', NULL, false)),"
                    " pg_catalog.pg_advisory_unlock_all()");
    buf_add_c(&sql, leftovers_sql);
    bool ok = PQsendPrepare(pg->link, RESET_NAME, buf_str(&sql).ptr, 0, NULL) == 1;
    for (size_t i = 0; ok && i < ARRAY_LEN(reset_parts); i++)
        ok = PQsendPrepare(pg->link, reset_parts[i].name, reset_parts[i].sql, 0, NULL) == 1;
    buf_done(&sql);
    pg->reset_ready = ok;
    return ok;
}

static bool execute(struct pg *pg, const char *name)
{
    return PQsendQueryPrepared(pg->link, name, 0, NULL, NULL, NULL, 0) == 1;
}

static bool send_reset(struct pg *pg, struct error *err)
{
    bool ok = pg->reset_ready || prepare_reset(pg);
    for (size_t i = 0; ok && i < ARRAY_LEN(reset_parts); i++)
        ok = (reset_parts[i].after_writing && !pg->wrote) || execute(pg, reset_parts[i].name);
    ok = ok && execute(pg, RESET_NAME);
    return (ok || pg_fail_send(pg, err)) && pg_send_sync(pg, err);
}

bool pg_session_reset_behind(struct pg *pg, struct error *err)
{
    if (pg->pooled)
        return true;
    pg->reset_sent = true;
    return send_reset(pg, err);
}

bool pg_session_reset(struct pg *pg)
{
    struct error err;
    if (pg->conn.broken || pg->bloated || atomic_load(&pg->interrupted))
        return false;
    if (pg->reset_sent)
        return true;
    PGTransactionStatusType status = PQtransactionStatus(pg->link);
    if (status != PQTRANS_IDLE) {
        if (status != PQTRANS_INTRANS && status != PQTRANS_INERROR)
            return false;
        if (!pg_send(pg, "ROLLBACK", &err) || !pg_send_sync(pg, &err))
            return false;
        pg->rollback_sent = true;
    }
    if (!pg->pooled && !send_reset(pg, &err))
        return false;
    pg->reset_sent = true;
    return true;
}

void pg_session_forget(struct pg *pg)
{
    pg_statement_forget(pg, NULL);
    pg->reset_ready = false;
    pg->limits_ready = false;
}

/* Everything goes, prepared statements too; then the session is made anew. */
static bool discard_all(struct pg *pg, struct pg_wait *wait, struct error *err)
{
    pg_session_forget(pg);
    return pg_send(pg, "DISCARD ALL", err) && pg_send_sync(pg, err) &&
           pg_finish_flight(pg, wait, NULL, err) && pg_session_begin(pg, wait, err);
}

static bool read_reset(struct pg *pg, struct pg_wait *wait, struct error *err)
{
    AUTO(pg_result) rows = NULL;
    pg->reset_sent = false;
    pg->wrote = false;
    if (pg->rollback_sent && !pg_finish_flight(pg, wait, NULL, err))
        return false;
    pg->rollback_sent = false;
    if (pg->pooled)
        return true;
    if (!pg_finish_flight(pg, wait, &rows, err))
        /* A function can DEALLOCATE ALL, the statements of the reset with it. */
        return !pg->conn.broken && pg_has_state(err, "26000") && discard_all(pg, wait, err);
    bool leftovers = rows && strcmp(PQgetvalue(rows, 0, PQnfields(rows) - 1), "t") == 0;
    return rows && !leftovers ? true : discard_all(pg, wait, err);
}

bool pg_session_ready(struct pg *pg, struct pg_wait *wait, struct error *err)
{
    /* The same borrower again, with what it left open. */
    if (!pg->reset_sent && PQtransactionStatus(pg->link) != PQTRANS_IDLE && !pg_session_reset(pg))
        return pg_fail_lost(pg, err);
    if (!pg->reset_sent || read_reset(pg, wait, err))
        return true;
    /* Whatever the server says of it, nothing of the run was sent: another session will do. */
    if (err->code == ERR_SERVER_ERROR) {
        struct error said = *err;
        (void)fail(err, ERR_CONNECTION_LOST, "the idle session is no longer usable");
        error_set_detail(err, str_from(said.message));
    }
    err->maybe_done = false;
    pg->conn.broken = true;
    return false;
}
