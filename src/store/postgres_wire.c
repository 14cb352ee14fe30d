/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands to the server and results from it, in libpq's pipeline mode: a queue of commands, one sync
 * behind them, then the results in the same order. Once a command has failed the server skips those
 * behind it until the sync.
 *
 * The server ends a statement after its own time (postgres_session.c); we wait somewhat longer for
 * its word, so that a server that is gone is told from one that is slow.
 */
#include "store/postgres_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define READ_MS 8000
#define WRITE_MS 40000
#define OWNER_MS (INT64_C(3600) * 1000) /* a migration of a large table */

static struct deadline patience(const struct link *link)
{
    switch (link->kind) {
    case LINK_READ:
        return deadline_in_ms(READ_MS);
    case LINK_WRITE:
    case LINK_SERVE:
        return deadline_in_ms(WRITE_MS);
    case LINK_OWNER:
        break;
    }
    return deadline_in_ms(OWNER_MS);
}

/* False when the time is over. */
static bool wait_for(const struct link *link, short events, struct deadline by)
{
    struct pollfd fd = { .fd = PQsocket(link->session), .events = events };
    int ready;
    do
        ready = poll(&fd, 1, deadline_left_ms(by));
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

static bool flush(struct link *link, struct deadline by, struct error *err)
{
    int left;
    while ((left = PQflush(link->session)) > 0) {
        if (!wait_for(link, POLLIN | POLLOUT, by))
            return postgres_fail_lost(link, "the store's server took nothing in time", err);
        if (!PQconsumeInput(link->session))
            break;
    }
    return left == 0 || postgres_fail_lost(link, "the store's server went away", err);
}

static bool next_result(struct link *link, struct deadline by, PGresult **out, struct error *err)
{
    while (PQisBusy(link->session)) {
        if (!wait_for(link, POLLIN, by))
            return postgres_fail_lost(link, "the store's server did not answer in time", err);
        if (!PQconsumeInput(link->session))
            return postgres_fail_lost(link, "the store's server went away", err);
    }
    *out = PQgetResult(link->session);
    return true;
}

bool postgres_expect(struct link *link, struct pg_awaited awaited, int sent, struct error *err)
{
    if (!sent)
        return postgres_fail_lost(link, "the store's server went away", err);
    link->awaited[link->awaited_count++] = awaited;
    return true;
}

/* --- results --- */

static bool is_error(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
}

/* A transaction that failed before is rolled back by COMMIT, without an error. */
static bool note_commit(PGresult *result, struct error *err)
{
    return strcmp(PQcmdStatus(result), "COMMIT") == 0 ||
           fail(err, ERR_INTERNAL, "the store's server rolled back what was to be committed");
}

struct round {
    PGresult *rows;
    bool failed;
    struct error error;
};

static void note_result(struct link *link, struct pg_awaited awaited, PGresult *result,
                        struct round *round)
{
    if (is_error(result)) {
        if (!round->failed && PQresultStatus(result) != PGRES_PIPELINE_ABORTED)
            (void)postgres_fail(result, &round->error);
        if (link->mode == TX_READ && strcmp(round->error.server_code, "25006") == 0)
            round->error.code = ERR_INTERNAL; /* our own doing */
        round->failed = true;
        return;
    }
    switch (awaited.kind) {
    case PG_PLAIN:
        return;
    case PG_PREPARING:
        postgres_note_prepared(link, awaited.preparing, awaited.role);
        return;
    case PG_TRANSACTION_ID:
        (void)snprintf(link->transaction_id, sizeof(link->transaction_id), "%s",
                       PQgetvalue(result, 0, 0));
        return;
    case PG_COMMITTING:
        round->failed = !note_commit(result, &round->error);
        return;
    case PG_ROWS:
        PQclear(round->rows);
        round->rows = result;
        return;
    }
}

/* One command's result, and the end of its results. */
static bool read_one(struct link *link, struct pg_awaited awaited, struct deadline by,
                     struct round *round, struct error *err)
{
    PGresult *result = NULL, *end = NULL;
    if (!next_result(link, by, &result, err))
        return false;
    if (!result || PQstatus(link->session) == CONNECTION_BAD) {
        PQclear(result);
        return postgres_fail_lost(link, "the store's server went away", err);
    }
    note_result(link, awaited, result, round);
    if (round->rows != result)
        PQclear(result);
    if (!next_result(link, by, &end, err))
        return false;
    if (!end)
        return true;
    PQclear(end);
    return postgres_fail_lost(link, "the store's server answered out of turn", err);
}

static bool read_all(struct link *link, struct deadline by, struct round *round, struct error *err)
{
    unsigned count = link->awaited_count;
    link->awaited_count = 0;
    link->awaited_bytes = 0;
    for (unsigned i = 0; i < count; i++)
        if (!read_one(link, link->awaited[i], by, round, err))
            return false;
    PGresult *sync = NULL;
    if (!next_result(link, by, &sync, err))
        return false;
    bool synced = PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
    PQclear(sync);
    return synced || postgres_fail_lost(link, "the store's server went away", err);
}

static bool send_all(struct link *link, struct deadline by, struct error *err)
{
    if (!PQpipelineSync(link->session))
        return postgres_fail_lost(link, "the store's server went away", err);
    return flush(link, by, err);
}

bool postgres_round(struct link *link, PGresult **rows, struct error *err)
{
    struct deadline by = patience(link);
    struct round round = { 0 };
    *rows = NULL;
    bool ok = send_all(link, by, err) && read_all(link, by, &round, err);
    if (ok)
        link->fresh = false;
    if (ok && round.failed)
        *err = round.error;
    ok = ok && !round.failed;
    if (!ok)
        PQclear(round.rows);
    else
        *rows = round.rows;
    return ok;
}

bool postgres_round_without_rows(struct link *link, struct error *err)
{
    PGresult *rows;
    bool ok = postgres_round(link, &rows, err);
    PQclear(rows);
    return ok;
}

void postgres_send_only(struct link *link)
{
    struct error ignored; /* whoever uses the link next finds it without a session */
    link->unread = send_all(link, patience(link), &ignored);
}

bool postgres_catch_up(struct link *link, struct error *err)
{
    struct round round = { 0 };
    if (!link->unread)
        return true;
    link->unread = false;
    bool ok = read_all(link, patience(link), &round, err);
    PQclear(round.rows);
    return ok;
}

/* --- scripts --- */

bool postgres_script(struct link *link, const char *text, struct error *err)
{
    struct deadline by = patience(link);
    PGresult *result = NULL;
    if (!postgres_catch_up(link, err) || !PQexitPipelineMode(link->session))
        return postgres_fail_lost(link, "the store's server went away", err);
    bool ok = PQsendQuery(link->session, text) && flush(link, by, err);
    if (!ok)
        return postgres_fail_lost(link, "the store's server went away", err);
    while (next_result(link, by, &result, err)) {
        if (!result)
            return PQenterPipelineMode(link->session) && ok;
        if (ok && is_error(result))
            ok = postgres_fail(result, err);
        PQclear(result);
    }
    return false;
}
