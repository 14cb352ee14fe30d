/* SPDX-License-Identifier: Apache-2.0 */
/* The connector "redis": opening sessions, keeping them, ending them. */
#include "connector/redis.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "connector/dial.h"
#include "connector/listener.h"
#include "connector/redis_wire.h"
#include "connector/tls.h"

static const char *const schemes[] = { "redis", "rediss", NULL };

/* The two that the registration of the scheme names; others are some client's own. */
static const struct url_option options[] = {
    { .name = "db", .part = URL_PART_DATABASE },
    { .name = "password", .part = URL_PART_PASSWORD },
    { 0 },
};

#define NO_SOCKETS "sockets are not dialled"
#define NO_SENTINEL "Sentinel is not supported; name the server itself"

static const struct url_refusal refused_schemes[] = {
    { "unix", NO_SOCKETS },
    { "redis+unix", NO_SOCKETS },
    { "redis+socket", NO_SOCKETS },
    { "redis-socket", NO_SOCKETS },
    { "rediss+unix", NO_SOCKETS },
    { "redis+sentinel", NO_SENTINEL },
    { "redis-sentinel", NO_SENTINEL },
    { 0 },
};

/* The number of a database; how many there are only the server knows. */
static bool check_database(struct str decoded, struct error *err)
{
    bool number = decoded.len > 0 && decoded.len <= 5;
    for (size_t i = 0; i < decoded.len; i++)
        number = number && decoded.ptr[i] >= '0' && decoded.ptr[i] <= '9';
    if (number && (decoded.len == 1 || decoded.ptr[0] != '0'))
        return true;
    return fail(err, ERR_BAD_REQUEST, "the database must be a number, as in redis://host:6379/0");
}

/* --- signing in --- */

struct sign_in {
    struct redis_conn *conn;
    struct arena *arena;
    struct deadline by;
    struct error *err;
};

/* Who refuses PING with this word lets us in: it is forbidden to this user, or the server cannot save,
 * and tells so here, but answers all that only reads. */
static bool is_there(struct str word)
{
    return str_eq(word, STR("NOPERM")) || str_eq(word, STR("MISCONF"));
}

static bool expect_ok(struct sign_in *s, const struct redis_command_line *line)
{
    struct redis_reply reply;
    if (!redis_call(s->conn, line, s->arena, s->by, NULL, &reply, s->err)) {
        s->err->maybe_done = false; /* nothing of anybody's was sent */
        return false;
    }
    if (reply.kind == REDIS_REPLY_FAILURE)
        return redis_fail(s->conn, reply.text, s->arena, s->err);
    if (s->conn->conn.broken)
        return fail(s->err, ERR_SERVER_PROTOCOL, "the server says more than it was asked");
    return true;
}

static bool send_password(struct str plain, void *context)
{
    struct sign_in *s = context;
    struct str user = s->conn->upstream->url.user;
    struct redis_command_line line = { { STR("AUTH"), plain }, 2 };
    if (user.len > 0)
        line = (struct redis_command_line){ { STR("AUTH"), user, plain }, 3 };
    return expect_ok(s, &line);
}

static bool sign_in(struct sign_in *s)
{
    const struct upstream *upstream = s->conn->upstream;
    struct str database = upstream->url.database;
    if (upstream->password && !secret_use(upstream->password, send_password, s))
        return false;
    if (database.len > 0 && !str_eq(database, STR("0"))) {
        struct redis_command_line line = { { STR("SELECT"), database }, 2 };
        if (expect_ok(s, &line))
            return true;
        if (str_find(str_from(s->err->message), STR("out of range")) <
            str_from(s->err->message).len)
            s->err->code = ERR_DATABASE_MISSING;
        return false;
    }
    /* A server that wants a password says so at the first command. */
    return expect_ok(s, &(struct redis_command_line){ { STR("PING") }, 1 }) ||
           is_there(str_from(s->err->server_code));
}

static void ask_version(struct sign_in *s, struct trial *trial)
{
    struct redis_reply reply;
    struct redis_command_line line = { { STR("INFO"), STR("server") }, 2 };
    bool ok = redis_call(s->conn, &line, s->arena, s->by, NULL, &reply, s->err);
    struct str key = STR("redis_version:");
    size_t at = ok ? str_find(reply.text, key) : 0;
    if (!ok || at == reply.text.len) {
        (void)snprintf(trial->server_version, sizeof(trial->server_version), "Redis");
        return;
    }
    struct str version = str_slice(reply.text, at + key.len, reply.text.len);
    version = str_slice(version, 0, str_find_byte(version, '\r'));
    (void)snprintf(trial->server_version, sizeof(trial->server_version), "Redis %.*s",
                   version.len > 32 ? 32 : (int)version.len, version.ptr);
}

/* --- opening --- */

static void close_conn(struct conn *base)
{
    if (!base)
        return;
    struct redis_conn *conn = CONTAINER_OF(base, struct redis_conn, conn);
    tls_close(conn->tls);
    if (conn->socket >= 0)
        close(conn->socket);
    free(conn);
}

static bool start_tls(struct redis_conn *conn, const struct opening *how, struct error *err)
{
    struct trial *trial = how->trial;
    const struct upstream *upstream = conn->upstream;
    if (!str_eq(upstream->url.scheme, STR("rediss"))) {
        if (trial)
            trial->tls = TLS_STATE_OFF;
        return true;
    }
    trial_begin(trial, STAGE_TLS);
    /* Half of the time, so that some is left to find out why there was no answer. */
    struct opening half = *how;
    half.by = deadline_earlier(how->by, deadline_in_ms(deadline_left_ms(how->by) / 2));
    conn->tls = tls_open(conn->socket, upstream, &half, err);
    if (!conn->tls && err->code == ERR_DEADLINE_PASSED)
        redis_explain(upstream, true, how, err);
    if (!conn->tls)
        listener_explain(upstream, how, err);
    trial_end(trial, STAGE_TLS, conn->tls != NULL);
    if (conn->tls && trial)
        trial->tls = tls_verified(conn->tls) ? TLS_STATE_VERIFIED : TLS_STATE_UNVERIFIED;
    return conn->tls != NULL;
}

/*
 * Since TLS 1.3 a server judges our certificate, or that there is none, after the handshake is over
 * for us. Its complaint may be lost with the connection; the words are a guess then, and the code
 * stays one that is tried again.
 */
static void explain_end(struct redis_conn *conn, struct error *err)
{
    char byte;
    size_t moved;
    (void)tls_read(conn->tls, &byte, 1, &moved);
    const char *complaint = tls_complaint(conn->tls);
    if (complaint)
        (void)fail(err, ERR_TLS_FAILED, "the server ended TLS after the handshake: %s", complaint);
    else
        (void)fail(
            err, ERR_CONNECTION_LOST,
            "the server closed the connection right after the TLS handshake: does it ask for a "
            "client certificate?");
}

static bool connect_conn(struct redis_conn *conn, const struct opening *how, struct arena *arena,
                         struct error *err)
{
    struct trial *trial = how->trial;
    const struct upstream *upstream = conn->upstream;
    conn->socket = dial(upstream->url.host, upstream->url.port, upstream->egress, how, err);
    if (conn->socket < 0 || !start_tls(conn, how, err))
        return false;
    struct sign_in s = { conn, arena, listener_reserve(how), err };
    trial_begin(trial, STAGE_SIGN_IN);
    bool ok = sign_in(&s);
    if (!ok && !conn->tls && !conn->answered && err->code == ERR_CONNECTION_LOST)
        redis_explain(upstream, false, how, err);
    if (!ok && conn->tls && !conn->answered && err->code == ERR_CONNECTION_LOST)
        explain_end(conn, err);
    if (!ok && !conn->answered)
        listener_explain(upstream, how, err);
    s.by = how->by;
    trial_end(trial, STAGE_SIGN_IN, ok);
    if (ok && trial) {
        trial_begin(trial, STAGE_QUERY);
        ask_version(&s, trial);
        ok = !conn->conn.broken;
        trial_end(trial, STAGE_QUERY, ok);
    }
    return ok;
}

static struct conn *open_conn(const struct upstream *upstream, const struct opening *how,
                              struct error *err)
{
    struct redis_conn *conn = NEW(redis_conn);
    AUTO(arena) arena = arena_new();
    conn->conn.connector = &redis_connector;
    conn->conn.opened_us = clock_us();
    conn->socket = -1;
    conn->upstream = upstream;
    conn->stop = how->stop;
    if (connect_conn(conn, how, arena, err)) {
        conn->stop = NULL;
        return &conn->conn;
    }
    close_conn(&conn->conn);
    return NULL;
}

/* --- keeping --- */

static bool ping(struct conn *base, struct deadline by)
{
    struct redis_conn *conn = CONTAINER_OF(base, struct redis_conn, conn);
    AUTO(arena) arena = arena_new();
    struct redis_reply reply;
    struct error err;
    struct redis_command_line line = { { STR("PING") }, 1 };
    return redis_call(conn, &line, arena, by, NULL, &reply, &err) &&
           (reply.kind == REDIS_REPLY_STATUS_LINE ||
            is_there(str_slice(reply.text, 0, str_find_byte(reply.text, ' '))));
}

/* Commands of ours leave nothing behind in a session. A byte nobody asked for ends it. */
static bool reset(struct conn *base)
{
    return !base->broken;
}

/* An idle session has nothing to say: whatever can be read is its end, or worse. */
static bool alive(struct conn *base)
{
    struct redis_conn *conn = CONTAINER_OF(base, struct redis_conn, conn);
    struct pollfd look = { conn->socket, POLLIN, 0 };
    return poll(&look, 1, 0) == 0;
}

static void interrupt(struct conn *base)
{
    struct redis_conn *conn = CONTAINER_OF(base, struct redis_conn, conn);
    (void)shutdown(conn->socket, SHUT_RDWR);
}

const struct connector redis_connector = {
    .name = "redis",
    .title = "Redis",
    .url_example = "redis://user:password@host:6379/0",
    .rules = { .schemes = schemes,
               .default_port = 6379,
               .options = options,
               .refused_schemes = refused_schemes,
               .database = check_database,
               .user_needs_password = true },
    .open = open_conn,
    .ping = ping,
    .alive = alive,
    .reset = reset,
    .interrupt = interrupt,
    .close = close_conn,
    .operations = redis_operations,
};
