/* SPDX-License-Identifier: Apache-2.0 */
/* The connector "postgresql": what a URL may say, and the life of a session. */
#define _GNU_SOURCE /* POLLRDHUP */
#include "connector/postgresql.h"

#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "connector/postgresql_internal.h"

static struct pg *pg_of(struct conn *conn)
{
    return CONTAINER_OF(conn, struct pg, conn);
}

static void close_session(struct conn *conn)
{
    if (!conn)
        return;
    struct pg *pg = pg_of(conn);
    pg_session_forget(pg);
    pg_forget_types(pg);
    PQfinish(pg->link);
    pg_cancel_unref(pg->cancel);
    if (pg->wake >= 0)
        close(pg->wake);
    free(pg);
}

/* "15.18 (Debian 15.18-0+deb12u1)" is PostgreSQL 15.18. */
static void take_version(const struct pg *pg, struct trial *trial)
{
    struct str said = str_from(PQparameterStatus(pg->link, "server_version"));
    if (!trial || !str_set(said))
        return;
    struct str number = str_slice(said, 0, str_find_byte(said, ' '));
    (void)snprintf(trial->server_version, sizeof(trial->server_version), "PostgreSQL " STR_FMT,
                   STR_ARG(number));
}

static bool begin_session(struct pg *pg, const struct opening *how, struct error *err)
{
    struct opening limited = *how;
    struct trial *trial = how->trial;
    limited.by =
        deadline_earlier(how->by, deadline_in_ms(pg->upstream->settings.connect_timeout_ms));
    if (!pg_connect(pg, &limited, err))
        return false;
    pg->cancel = pg_cancel_new(pg->link, pg->upstream->egress);
    trial_begin(trial, STAGE_QUERY);
    struct pg_wait wait = { .by = limited.by, .stop = how->stop };
    pg_limit_received(pg, &wait, PG_CHATTER_MAX);
    bool ok = pg_session_begin(pg, &wait, err);
    take_version(pg, trial);
    if (trial && ok && pg->pooled)
        trial->advice =
            "A pooler such as PgBouncer stands before the server. Each statement runs in a "
            "transaction of its own there; what refuses one, like VACUUM or CREATE "
            "DATABASE, needs a connection that leads to the server itself.";
    trial_end(trial, STAGE_QUERY, ok);
    return ok;
}

static struct conn *open_session(const struct upstream *upstream, const struct opening *how,
                                 struct error *err)
{
    struct pg *pg = NEW(pg);
    pg_bounds_check();
    pg->conn.connector = &postgresql_connector;
    pg->conn.opened_us = clock_us();
    pg->upstream = upstream;
    list_init(&pg->statements);
    list_init(&pg->types);
    pg->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool ok = pg->wake >= 0 || fail(err, ERR_UNAVAILABLE, "out of file descriptors");
    if (ok && begin_session(pg, how, err))
        return &pg->conn;
    close_session(&pg->conn);
    return NULL;
}

/* The answer of a reset may lie there; what counts is whether the other end is open. */
static bool alive(struct conn *conn)
{
    struct pollfd look = { .fd = PQsocket(pg_of(conn)->link), .events = POLLRDHUP };
    return poll(&look, 1, 0) == 0;
}

static bool ping(struct conn *conn, struct deadline by)
{
    struct pg *pg = pg_of(conn);
    struct pg_wait wait = { .by = by };
    struct error err;
    pg_limit_received(pg, &wait, PG_CHATTER_MAX);
    return pg_session_ready(pg, &wait, &err) && pg_send_sync(pg, &err) &&
           pg_finish_flight(pg, &wait, &err);
}

static bool reset(struct conn *conn)
{
    return pg_session_reset(pg_of(conn));
}

static void interrupt(struct conn *conn)
{
    struct pg *pg = pg_of(conn);
    atomic_store(&pg->interrupted, true);
    (void)!write(pg->wake, &(uint64_t){ 1 }, sizeof(uint64_t));
    pg_cancel_aside(pg->cancel);
}

/* --- what a URL may say ----------------------------------------------------------------------- */

static const char *const schemes[] = { "postgresql", "postgres", NULL };
static const char *const tls_modes[] = { "disable",   "prefer",      "require",
                                         "verify-ca", "verify-full", NULL };
static const char *const bindings[] = { "disable", "prefer", "require", NULL };
static const char *const session_attributes[] = { "any",     "read-write", "read-only",
                                                  "primary", "standby",    "prefer-standby",
                                                  NULL };
static const char *const encodings[] = { "UTF8", "utf8", "UTF-8", "utf-8", NULL };
static const char *const kerberos[] = { "disable", "prefer", NULL };
static const char *const yes[] = { "true", NULL };

/* What pg_stat_activity shows: up to 63 bytes of plain text. */
static bool is_application_name(struct str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] < 0x20 || value.ptr[i] > 0x7E)
            return false;
    return value.len > 0 && value.len < 64;
}

static const struct url_option options[] = {
    { .name = "sslmode", .values = tls_modes },
    { .name = "channel_binding", .values = bindings },
    { .name = "application_name", .valid = is_application_name },
    { .name = "connect_timeout" }, /* settings.c reads and checks it */
    { .name = "target_session_attrs", .values = session_attributes },
    { .name = "client_encoding", .values = encodings }, /* the one that is always set */
    { .name = "gssencmode", .values = kerberos },       /* never done */
    { .name = "ssl", .values = yes, .means = "sslmode", .means_value = "require" }, /* JDBC's */
    { .name = "user", .part = URL_PART_USER },
    { .name = "port", .part = URL_PART_PORT },
    { .name = "dbname", .part = URL_PART_DATABASE },
    { .name = "password", .part = URL_PART_PASSWORD },
    { 0 },
};

#define NO_FILES "files are not read; certificates go into config.tls as PEM texts"
#define NO_KERBEROS "Kerberos is not supported"
#define ALWAYS_SET "it is set for every connection"

/* The rest of libpq's parameters, chapter 34.1.2 of PostgreSQL 15's documentation. */
static const struct url_refusal refused_options[] = {
    { "host", "the host stands before the \"?\", once" },
    { "hostaddr", "the address is the one that the host resolves to" },
    { "passfile", NO_FILES },
    { "service", "service files are not read" },
    { "servicefile", "service files are not read" },
    { "sslcert", NO_FILES },
    { "sslkey", NO_FILES },
    { "sslpassword", "a key without a pass phrase goes into config.tls.clientKeyPem" },
    { "sslrootcert", "files are not read; authorities go into config.tls.caPem, and without it the "
                     "system's count" },
    { "sslcrl", NO_FILES },
    { "sslcrldir", NO_FILES },
    { "requiressl", "write sslmode=require" },
    { "sslcompression", "it is always off" },
    { "sslsni", "the name is always sent" },
    { "ssl_min_protocol_version", "it is TLS 1.2 always" },
    { "ssl_max_protocol_version", "the newest that both know is used" },
    { "options", "it could change any setting of the session" },
    { "replication", "replication is not supported" },
    { "requirepeer", "sockets are not dialled" },
    { "krbsrvname", NO_KERBEROS },
    { "gsslib", NO_KERBEROS },
    { "fallback_application_name", "write application_name" },
    { "keepalives", ALWAYS_SET },
    { "keepalives_idle", ALWAYS_SET },
    { "keepalives_interval", ALWAYS_SET },
    { "keepalives_count", ALWAYS_SET },
    { "tcp_user_timeout", ALWAYS_SET },
    { "pgbouncer", "a pooler is noticed by itself" },
    { 0 },
};

static bool check(const struct url *url, const struct connection_settings *settings,
                  struct error *err)
{
    (void)settings;
    if (url->user.len == 0)
        return fail_field(err, ERR_BAD_REQUEST, "connectionUrl",
                          "names no user (there is none by default): "
                          "postgresql://USER:PASSWORD@HOST/DATABASE");
    return true;
}

const struct connector postgresql_connector = {
    .name = "postgresql",
    .title = "PostgreSQL",
    .url_example = "postgresql://user:password@host:5432/database",
    .rules = { .schemes = schemes,
               .default_port = 5432,
               .options = options,
               .refused_options = refused_options },
    .check = check,
    .open = open_session,
    .alive = alive,
    .ping = ping,
    .reset = reset,
    .interrupt = interrupt,
    .close = close_session,
    .operations = pg_operations,
};
