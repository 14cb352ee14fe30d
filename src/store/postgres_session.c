/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session with the store's server. The URL is the operator's and goes to libpq as it is: several
 * hosts, files of certificates, everything that its documentation says. What we set stands before it
 * (and may be overridden) or behind it (and may not).
 *
 * Settings are made by a statement once we are in: poolers drop those of the startup message.
 */
#include "store/postgres_internal.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"

/* Of PgBouncer's modes only the one that keeps a session for us will do. */
static const struct sql settings_sql = {
    NULL, "SELECT current_database()::text, set_config('search_path', 'tieline, pg_temp', false),"
          " set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false),"
          " set_config('idle_in_transaction_session_timeout', '60s', false)"
};

static const struct {
    const char *statement, *lock;
} limits[] = {
    [LINK_READ] = { "5s", "5s" },
    [LINK_WRITE] = { "30s", "5s" },
    [LINK_SERVE] = { "30s", "5s" },
    [LINK_OWNER] = { "0", "60s" },
};

/* Warnings of the server's are for its own log. */
static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context, (void)notice;
}

void postgres_disconnect(struct link *link)
{
    PQfinish(link->session);
    link->session = NULL;
    link->awaited_count = 0;
    link->awaited_bytes = 0;
    link->unread = false;
    postgres_forget_statements(link);
}

/* The lock lasts as long as the session. */
static bool take_over(struct link *link, struct error *err)
{
    static const struct sql sql =
        SQL("SELECT pg_try_advisory_lock(hashtext('tieline.serve'))::text");
    PGresult *rows;
    if (!postgres_ask(link, &sql, NO_BINDS, &rows, err))
        return false;
    bool ours = strcmp(PQgetvalue(rows, 0, 0), "true") == 0;
    PQclear(rows);
    if (ours)
        link->served = true;
    return ours || fail(err, link->served ? ERR_UNAVAILABLE : ERR_CONFLICT,
                        "another server serves from this store");
}

static bool settle(struct link *link, struct error *err)
{
    PGresult *rows;
    if (!postgres_ask(link, &settings_sql,
                      BINDS(bind_text(str_from(limits[link->kind].statement)),
                            bind_text(str_from(limits[link->kind].lock))),
                      &rows, err))
        return false;
    bool named = postgres_name_roles(link, str_from(PQgetvalue(rows, 0, 0)), err);
    PQclear(rows);
    return named && (link->kind != LINK_SERVE || take_over(link, err));
}

bool postgres_connect(struct link *link, struct error *err)
{
    static const char *const names[] = { "connect_timeout",     "keepalives_idle",
                                         "keepalives_interval", "keepalives_count",
                                         "tcp_user_timeout",    "gssencmode",
                                         "application_name",    "dbname",
                                         "client_encoding",     NULL };
    const char *const values[] = { "5",       "30",      "10",      "3",    "15000",
                                   "disable", "tieline", link->url, "UTF8", NULL };
    postgres_disconnect(link);
    link->session = PQconnectdbParams(names, values, 1);
    if (PQstatus(link->session) != CONNECTION_OK)
        return postgres_fail_lost(link, "the store's server could not be reached", err);
    (void)PQsetNoticeReceiver(link->session, ignore_notice, NULL);
    if (PQsetnonblocking(link->session, 1) != 0 || !PQenterPipelineMode(link->session))
        return postgres_fail_lost(link, "the store's server went away", err);
    if (settle(link, err))
        return true;
    postgres_disconnect(link);
    return false;
}
