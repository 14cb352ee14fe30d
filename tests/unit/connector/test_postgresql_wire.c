/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for a server that says only what is chosen here. */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/thread.h"
#include "connector/dial.h"
#include "connector/interrupt.h"
#include "connector/postgresql.h"

#define LONG_MS 20000

/* A server that lets one client in, rings a bell of the client's own at its first words, and leaves. */
struct server {
    int listening, client, port, bell;
    pthread_t thread;
};

/* Something of what the client says next. */
static void hear(const struct server *server)
{
    char said[8192];
    (void)!recv(server->client, said, sizeof(said), 0);
}

static void *serve(void *context)
{
    struct server *server = context;
    static const char welcome[] = "R\0\0\0\10\0\0\0\0"
                                  "K\0\0\0\14\0\0\0\1\0\0\0\2"
                                  "Z\0\0\0\5I";
    server->client = accept(server->listening, NULL, NULL);
    hear(server);
    (void)!send(server->client, welcome, sizeof(welcome) - 1, MSG_NOSIGNAL);
    hear(server);
    interrupt_ring(server->bell);
    close(server->client);
    return NULL;
}

static void server_open(struct server *server)
{
    struct sockaddr_in place = { .sin_family = AF_INET };
    socklen_t size = sizeof(place);
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listening, (struct sockaddr *)&place, size), 0);
    assert_int_equal(listen(server->listening, 1), 0);
    assert_int_equal(getsockname(server->listening, (struct sockaddr *)&place, &size), 0);
    server->port = ntohs(place.sin_port);
    server->thread = thread_start("server", serve, server);
}

static void server_close(struct server *server)
{
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    close(server->listening);
}

static struct upstream upstream_of(const struct server *server, const struct egress *egress)
{
    return (struct upstream){
        .connector = &postgresql_connector,
        .url = { .scheme = STR("postgresql"),
                 .host = STR("127.0.0.1"),
                 .port = server->port,
                 .user = STR("u") },
        .settings = { .connect_timeout_ms = LONG_MS,
                      .statement_timeout_ms = LONG_MS,
                      .tls_mode = TLS_MODE_DISABLE },
        .egress = egress,
        .application_name = STR("tieline"),
    };
}

/* It was meant for what the thread did before: it is heard once, and wakes nobody again. */
static void a_late_ring_is_heard_once(void **state)
{
    (void)state;
    atomic_bool told = false;
    struct server server = { .bell = interrupt_bell() };
    struct error err = { 0 };
    const struct interrupt stop = { server.bell, &told };
    server_open(&server);
    AUTO(egress) egress = egress_new(EGRESS_OPEN, STR(""), &err);
    struct upstream upstream = upstream_of(&server, egress);
    const struct opening how = { .by = deadline_in_ms(LONG_MS), .stop = &stop };
    assert_null(postgresql_connector.open(&upstream, &how, &err));
    assert_int_equal(err.code, ERR_CONNECTION_LOST);
    struct pollfd bell = { .fd = server.bell, .events = POLLIN };
    assert_int_equal(poll(&bell, 1, 0), 0);
    server_close(&server);
    close(server.bell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_ring_is_heard_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
