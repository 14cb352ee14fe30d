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
#include "connector/interrupt.h"
#include "connector/redis_wire.h"
#include "connector/tls.h"

#define EXPLAIN_MS 1000 /* a plain server waits for ever behind half a TLS hello */

static const char ping[] = "*1\r\n$4\r\nPING\r\n";

static bool answers_plain(int socket, const struct opening *how)
{
    char first = 0;
    return send(socket, ping, sizeof(ping) - 1, MSG_NOSIGNAL) == sizeof(ping) - 1 &&
           wait_ready(socket, POLLIN, how->by, how->stop) == WAITED_READY &&
           recv(socket, &first, 1, 0) == 1 && (first == '+' || first == '-');
}

static bool answers_tls(int socket, const struct upstream *upstream, const struct opening *how)
{
    struct error ignored;
    struct tls *tls = tls_open(socket, upstream, how, &ignored);
    tls_close(tls);
    return tls != NULL;
}

void redis_explain(const struct upstream *upstream, bool tls, const struct opening *how,
                   struct error *err)
{
    struct error ignored;
    const struct opening again = { .by = deadline_earlier(how->by, deadline_in_ms(EXPLAIN_MS)),
                                   .stop = how->stop };
    int socket = dial(upstream->url.host, upstream->url.port, upstream->egress, &again, &ignored);
    if (socket < 0)
        return;
    if (tls && answers_plain(socket, &again))
        (void)fail(err, ERR_TLS_NOT_OFFERED,
                   "the server does not speak TLS on this port: write redis:// in the URL");
    else if (!tls && answers_tls(socket, upstream, &again))
        (void)fail(err, ERR_TLS_REQUIRED, "the server demands TLS: write rediss:// in the URL");
    close(socket);
}
