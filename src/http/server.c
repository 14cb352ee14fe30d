/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, closing, routes. What happens in between: server_mhd.c, exchange.c, sweep.c. */
#include "http/internal.h"

#include <assert.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "http/listen.h"
#include "http/local.h"

/* How long answers may take to leave once the time to wait for them is over. */
#define FAREWELL_MS 1000

const struct http_route *http_route_find(const struct http_server *server, struct str path)
{
    const struct http_route *route = server->config.routes;

    for (; str_set(route->path); route++)
        if (route->subtree ? str_starts(path, route->path) : str_eq(path, route->path))
            return route;
    return NULL;
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    exchange_free_spares(server);
    http_proxies_free(server->proxies);
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->changed);
    pthread_cond_destroy(&server->sweep);
    free(server->local_path);
    free(server);
}

static bool listen_tcp(struct http_server *server, struct error *err)
{
    struct http_listener listener;

    if (!http_listen(server->config.listen, &listener, err))
        return false;
    server->socket = listener.socket;
    (void)snprintf(server->address, sizeof(server->address), "%s", listener.address);
    (void)snprintf(server->host, sizeof(server->host), "%s", listener.host);
    server->hosts = (struct http_hosts){
        .address = str_from(server->host),
        .port = listener.port,
        .also = server->config.hosts,
    };
    return true;
}

static bool listen_locally(struct http_server *server, struct error *err)
{
    struct str path = server->config.local;

    if (path.len == 0)
        return local_listen_unnamed(&server->socket, server->address, err);
    server->local_path = xstrdup(path);
    return local_listen(server->local_path, &server->socket, &server->local_file, err);
}

struct http_server *http_server_open(const struct http_config *config, struct error *err)
{
    struct http_proxies *proxies = http_proxies_new(config->trusted_proxies, err);

    if (!proxies)
        return NULL;
    struct http_server *server = NEW(http_server);
    server->config = *config;
    server->proxies = proxies;
    pthread_mutex_init(&server->lock, NULL);
    cond_init(&server->changed);
    cond_init(&server->sweep);
    list_init(&server->conns);
    if (!(str_set(config->local) ? listen_locally(server, err) : listen_tcp(server, err))) {
        http_server_free(server);
        return NULL;
    }
    if (!mhd_start(server, err)) {
        (void)close(server->socket);
        http_server_free(server);
        return NULL;
    }
    sweep_start(server);
    return server;
}

struct str http_server_address(const struct http_server *server)
{
    return str_from(server->local_path ? server->local_path : server->address);
}

void http_server_stats(struct http_server *server, struct http_stats *out)
{
    for (size_t i = 0; i < HTTP_STATUS_MAX; i++)
        out->answers[i] = atomic_load_explicit(&server->answers[i], memory_order_relaxed);
    pthread_mutex_lock(&server->lock);
    out->connections = server->conn_count;
    pthread_mutex_unlock(&server->lock);
}

void http_server_quiesce(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool first = !server->quiesced;
    server->quiesced = true;
    pthread_mutex_unlock(&server->lock);
    if (!first)
        return;
    mhd_quiesce(server);
    if (server->local_path)
        local_remove(server->local_path, server->local_file);
    /* The library wants the socket open until it is stopped; nobody shall queue up there. */
    (void)shutdown(server->socket, SHUT_RDWR);
}

/* Under the lock. */
static void wait_for_answers(struct http_server *server, struct deadline by)
{
    while (server->active > 0 && cond_wait_until(&server->changed, &server->lock, by))
        ;
}

void http_server_close(struct http_server *server, struct deadline by)
{
    if (!server)
        return;
    http_server_quiesce(server);
    pthread_mutex_lock(&server->lock);
    server->closing = true;
    LIST_EACH(&server->conns, http_conn, node, streaming)
    if (streaming->exchange && streaming->exchange->streaming)
        exchange_wake(streaming->exchange);
    wait_for_answers(server, by);
    if (server->active > 0)
        log_warn("requests were open when the server stopped",
                 LOG_INT("requests", (int64_t)server->active));
    /* From here on nothing is suspended: the library must not be stopped over such connections. */
    server->stopping = true;
    LIST_EACH(&server->conns, http_conn, node, conn)
    if (conn->exchange && conn->exchange->state == EXCHANGE_PARKED)
        exchange_give_up(conn->exchange);
    wait_for_answers(server, deadline_in_ms(FAREWELL_MS));
    pthread_mutex_unlock(&server->lock);

    sweep_stop(server);
    mhd_stop(server);
    (void)close(server->socket);

    pthread_mutex_lock(&server->lock);
    server->closed = true;
    bool last = server->exchanges == 0;
    pthread_mutex_unlock(&server->lock);
    if (last)
        http_server_free(server);
}
