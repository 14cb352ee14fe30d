/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain where TLS was expected, or the other way round. Redis itself says nothing of it: a plain
 * port waits for the end of the line that a TLS hello seems to be, a TLS port hangs up. So when a
 * session could not be opened, the other way is tried, with nothing secret in it.
 */
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connector/dial.h"
#include "connector/redis_wire.h"
#include "connector/tls.h"

static const char ping[] = "*1\r\n$4\r\nPING\r\n";

static bool answers_plain(int socket, struct deadline by)
{
    char first = 0;
    struct pollfd fd = { .fd = socket, .events = POLLIN };
    return send(socket, ping, sizeof(ping) - 1, MSG_NOSIGNAL) == sizeof(ping) - 1 &&
           poll(&fd, 1, deadline_left_ms(by)) > 0 && recv(socket, &first, 1, 0) == 1 &&
           (first == '+' || first == '-');
}

static bool answers_tls(int socket, const struct upstream *upstream, struct deadline by)
{
    struct error ignored;
    struct tls *tls = tls_open(socket, upstream, by, &ignored);
    tls_close(tls);
    return tls != NULL;
}

void redis_explain(const struct upstream *upstream, bool tls, struct deadline by, struct error *err)
{
    struct error ignored;
    int socket = dial(upstream->url.host, upstream->url.port, upstream->egress, NULL, by, &ignored);
    if (socket < 0)
        return;
    if (tls && answers_plain(socket, by))
        (void)fail(err, ERR_TLS_NOT_OFFERED,
                   "the server does not speak TLS on this port: write redis:// in the URL");
    else if (!tls && answers_tls(socket, upstream, by))
        (void)fail(err, ERR_TLS_REQUIRED, "the server demands TLS: write rediss:// in the URL");
    close(socket);
}
