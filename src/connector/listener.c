/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strangers by their first words. Those who speak first (SSH, MySQL, mail) are heard; to the others
 * goes a line that Redis, HTTP and TLS servers answer in ways of their own, and then the question
 * that only PostgreSQL answers with one letter.
 * Sources: RFC 4253, RFC 5321, RFC 9112; the protocol chapters of MySQL's, PostgreSQL's and Redis'
 * documentation.
 */
#include "connector/listener.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connector/dial.h"
#include "connector/interrupt.h"
#include "connector/postgresql.h"

#define EXPLAIN_MS 1500
#define BANNER_MS 300
#define RESERVE_MS 1000

static const char line[] = "PING\r\n\r\n";

static int redial(const struct upstream *upstream, const struct opening *how)
{
    struct error ignored;
    return dial(upstream->url.host, upstream->url.port, upstream->egress, how, &ignored);
}

/* What comes within the time; empty for silence or a closed connection. */
static struct str hear(int socket, struct deadline by, const struct opening *how, char room[128])
{
    by = deadline_earlier(by, how->by);
    if (wait_ready(socket, POLLIN, by, how->stop) != WAITED_READY)
        return STR("");
    ssize_t count = recv(socket, room, 128, 0);
    return (struct str){ room, count > 0 ? (size_t)count : 0 };
}

static bool is_mysql(struct str said)
{
    /* Length of three bytes, number of the packet, then the version of the protocol or an error. */
    return said.len > 5 && said.ptr[2] == 0 && said.ptr[3] == 0 &&
           (said.ptr[4] == 10 || (unsigned char)said.ptr[4] == 0xff);
}

static bool is_redis(struct str said)
{
    static const char *const beginnings[] = { "+PONG",    "-ERR ",     "-NOAUTH ", "-DENIED ",
                                              "-NOPERM ", "-LOADING ", "-MISCONF " };
    for (size_t i = 0; i < ARRAY_LEN(beginnings); i++)
        if (str_starts(said, str_from(beginnings[i])))
            return true;
    return false;
}

/* The name of one who says that, NULL for an unknown one; "redis" and "postgresql" for kinds of ours. */
static const char *name_of(struct str said)
{
    if (str_starts(said, STR("SSH-")))
        return "an SSH server";
    if (str_starts(said, STR("HTTP/")) || str_starts(said, STR("<")))
        return "a web server (HTTP)";
    if (str_starts(said, STR("220")) || str_starts(said, STR("* OK")) ||
        str_starts(said, STR("+OK")))
        return "a mail or FTP server";
    if (is_mysql(said))
        return "a MySQL or MariaDB server";
    return is_redis(said) ? "redis" : NULL;
}

static const char *ask_by_line(const struct upstream *upstream, const struct opening *how)
{
    char room[128];
    int socket = redial(upstream, how);
    if (socket < 0)
        return NULL;
    struct str said = hear(socket, deadline_in_ms(BANNER_MS), how, room);
    if (said.len == 0 && send(socket, line, sizeof(line) - 1, MSG_NOSIGNAL) == sizeof(line) - 1)
        said = hear(socket, DEADLINE_NEVER, how, room);
    const char *name = name_of(said);
    close(socket);
    return name;
}

static const char *ask_for_tls(const struct upstream *upstream, const struct opening *how)
{
    char room[128];
    int socket = redial(upstream, how);
    if (socket < 0)
        return NULL;
    struct str said = STR("");
    if (send(socket, postgresql_ssl_request, sizeof(postgresql_ssl_request), MSG_NOSIGNAL) ==
        sizeof(postgresql_ssl_request))
        said = hear(socket, DEADLINE_NEVER, how, room);
    close(socket);
    return said.len == 1 && (said.ptr[0] == 'S' || said.ptr[0] == 'N') ? "postgresql" : NULL;
}

/* A stranger's reply may be taken for any of these. */
static bool may_be_stranger(enum error_code code)
{
    return code == ERR_SERVER_PROTOCOL || code == ERR_CONNECTION_LOST ||
           code == ERR_DEADLINE_PASSED || code == ERR_TLS_FAILED || code == ERR_TLS_NOT_OFFERED;
}

void listener_explain(const struct upstream *upstream, const struct opening *how, struct error *err)
{
    struct opening again = { .by = deadline_earlier(how->by, deadline_in_ms(EXPLAIN_MS)),
                             .stop = how->stop };
    if (!may_be_stranger(err->code) || deadline_passed(how->by))
        return;
    const char *name = ask_by_line(upstream, &again);
    if (!name)
        name = ask_for_tls(upstream, &again);
    if (!name || strcmp(name, upstream->connector->name) == 0)
        return;
    const struct connector *known = connector_find(str_from(name));
    (void)fail(
        err, ERR_SERVER_PROTOCOL, "%s%s answers on \"" STR_FMT "\" port %lld, not a %s server",
        known ? "a server of " : "", known ? known->title : name, STR_ARG(upstream->url.host),
        (long long)upstream->url.port, upstream->connector->title);
}

struct deadline listener_reserve(const struct opening *how)
{
    int64_t left = deadline_left_ms(how->by);
    int64_t kept = left / 4 < RESERVE_MS ? left / 4 : RESERVE_MS;
    return deadline_in_ms(left - kept);
}
