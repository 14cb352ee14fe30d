/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PostgreSQL driver: transactions.
 *
 *     queued:   BEGIN · who it is for (role and settings, local to it) · its number
 *     round 1:  all that, and the first statement
 *     round n:  a statement each
 *     last:     COMMIT; or ROLLBACK, which is sent and not waited for
 *
 * Who a transaction is for is said in it, never in the session: behind COMMIT or ROLLBACK it is
 * nobody again, and row security shows nobody anything.
 *
 * A session that is lost before anything of a transaction was answered is replaced once, in silence.
 * One that is lost while COMMIT was on its way leaves a question, which the server itself answers: a
 * writing transaction knows its number, and pg_xact_status() what became of it.
 */
#include "store/postgres_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "store/migrate.h"

/* How long the fate of a COMMIT is asked for, and the pauses between. */
#define FATE_MS 30000
#define FATE_PAUSE_NS 100000000L

static const struct sql begin_read = SQL("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
static const struct sql begin_write = SQL("BEGIN");
static const struct sql commit_sql = SQL("COMMIT");
static const struct sql rollback_sql = SQL("ROLLBACK");
static const struct sql savepoint_sql = SQL("SAVEPOINT operation");
static const struct sql release_sql = SQL("RELEASE operation");
static const struct sql back_sql = SQL("ROLLBACK TO operation");
static const struct sql number_sql = SQL("SELECT pg_current_xact_id()::text");
static const struct sql fate_sql = SQL("SELECT pg_xact_status($1::xid8)");
static const struct sql scope_sql =
    SQL("SELECT set_config('role', $1, true), set_config('tieline.user_id', $2, true),"
        " set_config('tieline.project_id', $3, true), set_config('tieline.system', $4, true)");

/* --- scope --- */

static enum pg_role role_of(const struct scope *scope)
{
    switch (scope->kind) {
    case SCOPE_USER:
        return PG_APP;
    case SCOPE_PROJECT:
    case SCOPE_SYSTEM:
        return PG_ENGINE;
    case SCOPE_OWNER:
        break;
    }
    return PG_SELF;
}

static bool queue_plain(struct link *link, const struct sql *sql, struct error *err)
{
    return postgres_queue(link, sql, PG_SELF, NO_BINDS, PG_PLAIN, err);
}

static bool link_scope(struct link *link, const struct scope *scope, struct error *err)
{
    char id[ID_TEXT_SIZE];
    if (link->scope_known && link->scope.kind == scope->kind && id_eq(link->scope.id, scope->id))
        return true;
    struct str id_text = id_format(scope->id, id), none = STR("");
    struct str role = str_from(link->roles[role_of(scope)]);
    if (!postgres_queue(link, &scope_sql, PG_SELF,
                        BINDS(bind_text(role),
                              bind_text(scope->kind == SCOPE_USER ? id_text : none),
                              bind_text(scope->kind == SCOPE_PROJECT ? id_text : none),
                              bind_text(scope->kind == SCOPE_SYSTEM ? STR("on") : none)),
                        PG_PLAIN, err))
        return false;
    link->scope = *scope;
    link->scope_known = true;
    return true;
}

/* --- transactions --- */

static bool queue_begin(struct link *link, struct error *err)
{
    link->scope_known = false;
    link->transaction_id[0] = '\0';
    link->fresh = true;
    bool writes = link->mode == TX_WRITE;
    return queue_plain(link, writes ? &begin_write : &begin_read, err) &&
           (!writes ||
            postgres_queue(link, &number_sql, PG_SELF, NO_BINDS, PG_TRANSACTION_ID, err)) &&
           link_scope(link, &link->begun_as, err);
}

static bool link_begin(struct link *link, enum tx_mode mode, const struct scope *scope,
                       struct error *err)
{
    assert(!link->in_transaction);
    link->mode = mode;
    link->begun_as = *scope;
    bool there = link->session && postgres_catch_up(link, err) && queue_begin(link, err);
    if (!there && !(postgres_connect(link, err) && queue_begin(link, err)))
        return false;
    link->in_transaction = true;
    return true;
}

static bool try_run(struct link *link, const struct sql *sql, const struct bind *binds,
                    PGresult **result, struct error *err)
{
    return postgres_queue(link, sql, role_of(&link->scope), binds, PG_ROWS, err) &&
           postgres_round(link, result, err);
}

/* The server has forgotten a statement, or what it gives has changed: a new session knows better. */
static bool is_stale(const struct error *err)
{
    return strcmp(err->server_code, "26000") == 0 || strcmp(err->server_code, "0A000") == 0;
}

static bool link_run(struct link *link, const struct sql *sql, const struct bind *binds,
                     struct rows *rows, struct error *err)
{
    PGresult *result;
    bool fresh = link->fresh;
    struct scope scope = link->scope;
    bool ok = try_run(link, sql, binds, &result, err);
    if (!ok && fresh && (!link->session || is_stale(err)))
        ok = postgres_connect(link, err) && queue_begin(link, err) &&
             link_scope(link, &scope, err) && try_run(link, sql, binds, &result, err);
    if (!ok)
        return false;
    if (rows) {
        bool reads = strncmp(PQcmdStatus(result), "SELECT", 6) == 0;
        rows->changes = reads ? 0 : strtoll(PQcmdTuples(result), NULL, 10);
        ok = postgres_deliver(result, rows, err);
    }
    PQclear(result);
    return ok;
}

static bool link_script(struct link *link, const char *text, struct error *err)
{
    AUTO(arena) arena = arena_new();
    /* The transaction begins before the script does. */
    return postgres_round_without_rows(link, err) &&
           postgres_script(link, postgres_with_roles(link, text, arena), err);
}

static bool link_savepoint(struct link *link, struct error *err)
{
    link->fresh = false; /* a new session would not have it */
    return queue_plain(link, &savepoint_sql, err);
}

static bool link_later(struct link *link, const struct sql *sql, const struct bind *binds,
                       struct error *err)
{
    link->fresh = false; /* a new session would not have it */
    return postgres_queue(link, sql, role_of(&link->scope), binds, PG_PLAIN, err);
}

/* Waits, so that what was left for later fails where it belongs. */
static bool link_release(struct link *link, struct error *err)
{
    return queue_plain(link, &release_sql, err) && postgres_round_without_rows(link, err);
}

/* Whoever cannot do it has lost the session, and the transaction with it: the next command says so. */
static void link_rollback_to_savepoint(struct link *link)
{
    struct error ignored;
    link->scope_known = false; /* it was said behind the savepoint, perhaps */
    (void)(queue_plain(link, &back_sql, &ignored) && queue_plain(link, &release_sql, &ignored));
}

static void link_rollback(struct link *link)
{
    struct error ignored;
    link->in_transaction = false;
    if (link->session && queue_plain(link, &rollback_sql, &ignored))
        postgres_send_only(link);
}

static bool link_size(struct link *link, int64_t *bytes, int64_t *free_bytes, struct error *err)
{
    static const struct sql sql = SQL("SELECT pg_database_size(current_database())::text");
    PGresult *result;
    *free_bytes = 0;
    if (!try_run(link, &sql, NO_BINDS, &result, err))
        return false;
    *bytes = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return true;
}

/* --- the fate of a COMMIT --- */

/* What the server says of it: "committed", "aborted", "in progress"; or nothing. */
static bool ask_fate(struct link *link, const char *number, char *out, size_t size,
                     struct error *err)
{
    PGresult *rows;
    if (!(link->session || postgres_connect(link, err)) ||
        !postgres_ask(link, &fate_sql, BINDS(bind_text(str_from(number))), &rows, err))
        return false;
    (void)snprintf(out, size, "%s", PQgetvalue(rows, 0, 0));
    PQclear(rows);
    return true;
}

static bool settle_fate(struct link *link, const char *number, struct error *err)
{
    struct deadline by = deadline_in_ms(FATE_MS);
    char fate[32] = "";
    log_warn("the store's server went away during a commit: asking what became of it",
             LOG_STR("transaction", str_from(number)));
    while (!deadline_passed(by)) {
        if (ask_fate(link, number, fate, sizeof(fate), err) && strcmp(fate, "in progress") != 0)
            break;
        (void)nanosleep(&(struct timespec){ .tv_nsec = FATE_PAUSE_NS }, NULL);
    }
    if (strcmp(fate, "committed") == 0)
        return true;
    if (strcmp(fate, "aborted") == 0)
        return fail(err, ERR_UNAVAILABLE, "the store's server went away before the commit");
    (void)fail(err, ERR_UNAVAILABLE,
               "the store's server went away during a commit, and did not "
               "come back in time to say what became of it");
    err->maybe_done = true;
    return false;
}

static bool link_commit(struct link *link, struct error *err)
{
    char number[sizeof(link->transaction_id)];
    /* Its number must be known before, or nobody could ask for its fate. */
    if (link->session && !link->transaction_id[0] && !postgres_round_without_rows(link, err))
        return false;
    bool was_there = link->session != NULL; /* else it ended with the session */
    (void)snprintf(number, sizeof(number), "%s", link->transaction_id);
    bool ok = postgres_queue(link, &commit_sql, PG_SELF, NO_BINDS, PG_COMMITTING, err) &&
              postgres_round_without_rows(link, err);
    if (!ok && was_there && !link->session && number[0])
        ok = settle_fate(link, number, err);
    if (ok)
        link->in_transaction = false;
    return ok;
}

/* --- opening and closing --- */

static void link_close(struct link *link)
{
    if (!link)
        return;
    postgres_disconnect(link);
    secret_wipe(link->url, strlen(link->url));
    free(link->url);
    free(link);
}

static struct link *link_open(struct str url, enum link_kind kind, struct error *err)
{
    struct link *link = NEW(link);
    link->url = xstrdup(url);
    link->kind = kind;
    if (postgres_connect(link, err) && (kind != LINK_OWNER || postgres_make_roles(link, err)))
        return link;
    link_close(link);
    return NULL;
}

static const char *const schemes[] = { "postgresql:", "postgres:", NULL };

const struct store_driver postgres_driver = {
    .name = "postgresql",
    .schemes = schemes,
    .remote = true,
    .migrations = postgres_migrations,
    .open = link_open,
    .judge = postgres_judge,
    .begin = link_begin,
    .run = link_run,
    .later = link_later,
    .scope = link_scope,
    .script = link_script,
    .savepoint = link_savepoint,
    .release = link_release,
    .rollback_to_savepoint = link_rollback_to_savepoint,
    .commit = link_commit,
    .rollback = link_rollback,
    .close = link_close,
    .size = link_size,
};
