/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines. The library only knows how long a connection has been idle, which a client that sends
 * a byte now and then escapes; here the total time of a phase counts.
 *
 * A thread looks at all connections a few times a second. What it does when a deadline passed:
 * a request that waits for its answer gets one (config.overdue); any other connection is shut down,
 * which the HTTP thread then notices. Streams have no deadline: they get pings, and a client that
 * has hung up is noticed here, because the library does not watch suspended connections.
 *
 * The socket of a listed connection is open: it leaves the list, under the lock, before it is closed.
 */
#include "http/internal.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/thread.h"

#define LONGEST_PAUSE_MS 500
#define SHORTEST_PAUSE_MS 10

static bool has_hung_up(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

static void look_after_stream(struct http_conn *conn, int64_t now_us)
{
    struct exchange *exchange = conn->exchange;
    struct str ping = exchange->response.ping;

    if (exchange->state == EXCHANGE_SENDING && exchange->queue.len > exchange->sent &&
        now_us - exchange->taken_at_us >= (int64_t)HTTP_STREAM_STALL_MS * 1000)
        (void)shutdown(conn->socket, SHUT_RDWR);
    if (exchange->state != EXCHANGE_PARKED)
        return;
    if (has_hung_up(conn->socket)) {
        exchange->cut = true;
        exchange_wake(exchange);
    } else if (str_set(ping) &&
               now_us - exchange->written_at_us >= (int64_t)HTTP_STREAM_PING_MS * 1000) {
        buf_add(&exchange->queue, ping);
        exchange->written_at_us = now_us;
        exchange_wake(exchange);
    }
}

static void look_at(struct http_conn *conn, int64_t now_us)
{
    struct exchange *exchange = conn->exchange;

    if (exchange && exchange->streaming) {
        look_after_stream(conn, now_us);
        return;
    }
    if (now_us < atomic_load(&conn->deadline_us))
        return;
    if (exchange && exchange->state == EXCHANGE_PARKED)
        exchange_give_up(exchange);
    else if (!exchange || exchange->state != EXCHANGE_RUNNING)
        (void)shutdown(conn->socket, SHUT_RDWR);
}

static int64_t pause_ms(const struct http_config *config)
{
    int64_t least = config->header_timeout_ms < config->request_timeout_ms
                        ? config->header_timeout_ms
                        : config->request_timeout_ms;
    int64_t pause = least / 4;

    if (pause > LONGEST_PAUSE_MS)
        return LONGEST_PAUSE_MS;
    return pause < SHORTEST_PAUSE_MS ? SHORTEST_PAUSE_MS : pause;
}

static void *sweep(void *context)
{
    struct http_server *server = context;
    int64_t pause = pause_ms(&server->config);

    pthread_mutex_lock(&server->lock);
    while (server->sweeping) {
        struct deadline next = deadline_in_ms(pause);
        while (server->sweeping && !deadline_passed(next))
            (void)cond_wait_until(&server->sweep, &server->lock, next);
        int64_t now_us = clock_us();
        LIST_EACH(&server->conns, http_conn, node, conn)
        look_at(conn, now_us);
    }
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

void sweep_start(struct http_server *server)
{
    server->sweeping = true;
    server->sweeper = thread_start("http-sweep", sweep, server);
}

void sweep_stop(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->sweeping = false;
    pthread_cond_broadcast(&server->sweep);
    pthread_mutex_unlock(&server->lock);
    (void)pthread_join(server->sweeper, NULL);
}
