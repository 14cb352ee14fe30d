/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes around a statement: the transaction that proves that it reads, its time limits, and the
 * reset that brings the session back to where it stood. All of it is prepared when the session
 * begins, and with a statement that reads it is one message there and one back, which costs more
 * than what is in it (tried: a Sync of its own for the reset halves the rate):
 *
 *     reading   BEGIN READ ONLY, [limits,] statement, COMMIT, reset, Sync
 *     writing   [limits, Sync,] statement, Sync; the reset goes out when the session is handed back
 *     pooled    BEGIN, settings, Prepare, Sync; statement, undoing, COMMIT, Sync
 *
 * A statement that writes stands alone, because some refuse a transaction around them.
 *
 * The reset brings back all that DISCARD ALL does, but keeps prepared statements, and plans with
 * them (the server makes those anew by itself when something they rest on changes):
 *
 *   settings, role, advisory locks, LISTEN, cursors    always
 *   sequences, temporary tables    when the run could write; a read-only transaction makes none
 *   PREPARE                        looked for; if there is one, DISCARD ALL and begin anew
 *   a transaction left open        rolled back first
 *
 * When it is sent by itself its answer waits in the socket until the next run, which begins with
 * reading it. Every name in it is qualified: search_path is the borrower's.
 *
 * A pooler between us and the server hands out server processes as it likes. What we set would stay
 * in one of them for strangers to find, so it is looked for first: the process id that the link was
 * told at sign-in is not the one that answers. Such a session sets nothing but within transactions,
 * and before each of them ends it undoes what the borrower's statement has set, locked or prepared.
 * After an error that is still to be done in the same server process: ROLLBACK AND CHAIN keeps it.
 */
#include "connector/postgresql_internal.h"

#include <stdio.h>

#define IDLE_IN_TRANSACTION_MS 60000
#define CONNECTION_CHECK_MS 5000
#define HAS_CONNECTION_CHECK 140000 /* server versions */
#define HAS_CHAIN 120000
#define NUMERAL_SIZE 24
/* A timeout that differs from the session's by less is not worth a flight. */
#define TIMEOUT_SLACK_MS 250

#define OWN "tieline_"
#define BEGIN_NAME OWN "begin"
#define COMMIT_NAME OWN "commit"
#define LIMITS_NAME OWN "limits"
#define SETTINGS_NAME OWN "settings"

static const char limits_sql[] =
    "SELECT pg_catalog.num_nulls(pg_catalog.set_config('statement_timeout', $1, $3),"
    " pg_catalog.set_config('lock_timeout', $2, $3))";

/* Prepared by a statement of the borrower's: only the server knows their names. */
static const char leftovers_sql[] =
    ", EXISTS (SELECT FROM pg_catalog.pg_prepared_statement() s WHERE s.from_sql)";

static const struct {
    const char *name, *sql;
} around[] = {
    { BEGIN_NAME, "BEGIN READ ONLY" },
    { COMMIT_NAME, "COMMIT" },
    { LIMITS_NAME, limits_sql },
};

/* What a reset begins with; then the settings are put back. */
static const struct {
    const char *name, *sql;
    bool after_writing; /* a read-only transaction leaves nothing of it */
} reset_parts[] = {
    { OWN "sequences", "DISCARD SEQUENCES", true },
    { OWN "temp", "DISCARD TEMP", true },
    { OWN "cursors", "CLOSE ALL", false },
    { OWN "channels", "UNLISTEN *", false },
    { OWN "all", "RESET ALL", false },
};

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

/* --- beginning -------------------------------------------------------------------------------- */

static bool prepare(struct pg *pg, const char *name, const char *sql)
{
    return PQsendPrepare(pg->link, name, sql, 0, NULL) == 1;
}

/* Puts the settings back; its last column says whether something is left that it cannot undo. */
static bool prepare_settings(struct pg *pg)
{
    struct buf sql;
    buf_init(&sql, SIZE_MAX);
    add_settings(&sql, pg, session_timeout_ms(pg), false);
    buf_add_c(&sql, "pg_catalog.set_config('session_authorization', NULL, false),"
                    " pg_catalog.set_config('role', NULL, false)),"
                    " pg_catalog.pg_advisory_unlock_all()");
    buf_add_c(&sql, leftovers_sql);
    bool ok = prepare(pg, SETTINGS_NAME, buf_str(&sql).ptr);
    buf_done(&sql);
    return ok;
}

static bool prepare_own(struct pg *pg, struct pg_wait *wait, struct error *err)
{
    bool ok = prepare_settings(pg);
    for (size_t i = 0; ok && i < ARRAY_LEN(around); i++)
        ok = prepare(pg, around[i].name, around[i].sql);
    for (size_t i = 0; ok && i < ARRAY_LEN(reset_parts); i++)
        ok = prepare(pg, reset_parts[i].name, reset_parts[i].sql);
    if (!ok)
        return pg_fail_lost(pg, err);
    pg->prepared = pg_send_sync(pg, err) && pg_finish_flight(pg, wait, err);
    return pg->prepared;
}

bool pg_session_begin(struct pg *pg, struct pg_wait *wait, struct error *err)
{
    struct buf sql;
    AUTO(pg_result) rows = NULL;
    buf_init(&sql, SIZE_MAX);
    add_settings(&sql, pg, session_timeout_ms(pg), false);
    buf_printf(&sql, "NULL) WHERE pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) %d",
               PQbackendPID(pg->link));
    bool ok = pg_send(pg, buf_str(&sql).ptr, err);
    buf_done(&sql);
    if (!ok || !pg_send_sync(pg, err) || !pg_read_flight(pg, wait, PGRES_TUPLES_OK, &rows, err))
        return false;
    pg->used = false;
    pg->pooled = !rows || PQntuples(rows) == 0;
    return pg->pooled || prepare_own(pg, wait, err);
}

void pg_session_forget(struct pg *pg)
{
    pg_statement_forget(pg, NULL);
    pg->prepared = false;
}

/* --- around a statement ----------------------------------------------------------------------- */

int64_t pg_session_timeout_ms(const struct pg *pg, int64_t left_ms)
{
    int64_t usual = session_timeout_ms(pg);
    bool near = left_ms > usual - TIMEOUT_SLACK_MS && left_ms < usual + TIMEOUT_SLACK_MS;
    return near ? usual : left_ms;
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

static bool execute(struct pg *pg, const char *name)
{
    return PQsendQueryPrepared(pg->link, name, 0, NULL, NULL, NULL, 0) == 1;
}

/* Limits that differ from the session's: for the transaction, or until the reset. */
static bool execute_limits(struct pg *pg, int64_t timeout_ms, bool local)
{
    char timeout[NUMERAL_SIZE], lock[NUMERAL_SIZE];
    (void)snprintf(timeout, sizeof(timeout), "%lld", (long long)timeout_ms);
    (void)snprintf(lock, sizeof(lock), "%lld", (long long)lock_timeout_ms(timeout_ms));
    const char *const values[] = { timeout, lock, local ? "true" : "false" };
    return PQsendQueryPrepared(pg->link, LIMITS_NAME, 3, values, NULL, NULL, 0) == 1;
}

/* Not DEALLOCATE ALL: others in that server process are the pooler's own. */
static const char deallocate_sql[] =
    "DO 'DECLARE s text; BEGIN FOR s IN SELECT name FROM pg_catalog.pg_prepared_statement()"
    " WHERE from_sql LOOP EXECUTE pg_catalog.format(''DEALLOCATE %I'', s); END LOOP; END'";

/* A pooled session's: leaves to the server process nothing of what ran in this transaction. */
static bool send_undoing(struct pg *pg, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < ARRAY_LEN(reset_parts); i++)
        if (!reset_parts[i].after_writing || pg->wrote)
            ok = pg_send(pg, reset_parts[i].sql, err);
    return ok &&
           pg_send(pg,
                   "SELECT pg_catalog.set_config('session_authorization', NULL, false),"
                   " pg_catalog.set_config('role', NULL, false),"
                   " pg_catalog.pg_advisory_unlock_all()",
                   err) &&
           (!pg->prepares || pg_send(pg, deallocate_sql, err)) && pg_send(pg, "COMMIT", err);
}

/* The same after an error, where only what no ROLLBACK undoes is left. */
static bool send_pooled_rollback(struct pg *pg, struct error *err)
{
    if (PQserverVersion(pg->link) < HAS_CHAIN)
        return pg_send(pg, "ROLLBACK", err);
    return pg_send(pg, "ROLLBACK AND CHAIN", err) &&
           pg_send(pg, "SELECT pg_catalog.pg_advisory_unlock_all()", err) &&
           (!pg->prepares || pg_send(pg, deallocate_sql, err)) && pg_send(pg, "COMMIT", err);
}

static bool execute_reset(struct pg *pg)
{
    for (size_t i = 0; i < ARRAY_LEN(reset_parts); i++)
        if ((!reset_parts[i].after_writing || pg->wrote) && !execute(pg, reset_parts[i].name))
            return false;
    return execute(pg, SETTINGS_NAME);
}

bool pg_session_before(struct pg *pg, const struct pg_limits *limits, struct pg_before *sent,
                       struct error *err)
{
    bool other_limits = limits->timeout_ms != session_timeout_ms(pg);
    *sent = (struct pg_before){ 0 };
    pg->used = true;
    pg->wrote |= limits->writes;
    pg->prepares |= limits->prepares;
    if (pg->pooled)
        return true;
    bool ok = true;
    if (!limits->writes) {
        ok = execute(pg, BEGIN_NAME);
        sent->statements++;
    }
    if (other_limits) {
        ok = ok && execute_limits(pg, limits->timeout_ms, !limits->writes);
        sent->statements += !limits->writes;
        sent->flight = limits->writes;
    }
    if (!ok)
        return pg_fail_lost(pg, err);
    return !sent->flight || pg_send_sync(pg, err);
}

bool pg_session_behind(struct pg *pg, const struct pg_limits *limits, struct error *err)
{
    bool ok = true;
    if (pg->pooled)
        ok = send_undoing(pg, err);
    else if (!limits->writes)
        ok = (execute(pg, COMMIT_NAME) && execute_reset(pg)) || pg_fail_lost(pg, err);
    return ok && pg_send_sync(pg, err);
}

void pg_session_done(struct pg *pg, const struct pg_limits *limits, const PGresult *rows)
{
    if (!pg->pooled && limits->writes)
        return;
    pg->used = false;
    pg->wrote = false;
    pg->prepares = false;
    if (pg->pooled)
        return;
    bool told = rows && PQntuples(rows) > 0 && PQnfields(rows) > 0;
    pg->left_over = !told || strcmp(PQgetvalue(rows, 0, PQnfields(rows) - 1), "t") == 0;
}

/* --- resetting -------------------------------------------------------------------------------- */

bool pg_session_reset(struct pg *pg)
{
    struct error err;
    if (pg->conn.broken || pg->bloated || atomic_load(&pg->interrupted))
        return false;
    PGTransactionStatusType status = PQtransactionStatus(pg->link);
    bool open = status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
    bool needed = open || (pg->used && !pg->pooled);
    if (pg->reset_sent || (!needed && status == PQTRANS_IDLE))
        return true;
    if (!open && status != PQTRANS_IDLE)
        return false;
    pg->reset_sent = true;
    if (pg->pooled)
        return send_pooled_rollback(pg, &err) && pg_send_sync(pg, &err);
    return (!open || pg_send(pg, "ROLLBACK", &err)) && execute_reset(pg) && pg_send_sync(pg, &err);
}

/* Everything goes, prepared statements too; then the session is made anew. */
static bool discard_all(struct pg *pg, struct pg_wait *wait, struct error *err)
{
    pg->left_over = false;
    pg_session_forget(pg);
    return pg_send(pg, "DISCARD ALL", err) && pg_send_sync(pg, err) &&
           pg_finish_flight(pg, wait, err) && pg_session_begin(pg, wait, err);
}

static bool read_reset(struct pg *pg, struct pg_wait *wait, struct error *err)
{
    AUTO(pg_result) rows = NULL;
    static const struct pg_limits reset = { 0 };
    pg->reset_sent = false;
    if (pg_read_flight(pg, wait, PGRES_TUPLES_OK, &rows, err)) {
        pg_session_done(pg, &reset, rows);
        return true;
    }
    /* A function can DEALLOCATE ALL, the statements of the reset with it. */
    return !pg->conn.broken && pg_has_state(err, "26000") && discard_all(pg, wait, err);
}

static bool make_ready(struct pg *pg, struct pg_wait *wait, struct error *err)
{
    /* The same borrower again, with what it left open. */
    if (!pg->reset_sent && !pg_session_reset(pg))
        return pg_fail_lost(pg, err);
    if (pg->reset_sent && !read_reset(pg, wait, err))
        return false;
    if (pg->left_over)
        return discard_all(pg, wait, err);
    return pg->pooled || pg->prepared || prepare_own(pg, wait, err);
}

/* Nobody listens: what came all the same would be kept for as long as the link lives. */
static void drop_notifications(struct pg *pg)
{
    for (PGnotify *each; (each = PQnotifies(pg->link)) != NULL;)
        PQfreemem(each);
}

bool pg_session_ready(struct pg *pg, struct pg_wait *wait, struct error *err)
{
    drop_notifications(pg);
    if (make_ready(pg, wait, err))
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
