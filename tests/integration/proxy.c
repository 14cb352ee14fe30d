/* SPDX-License-Identifier: Apache-2.0 */
/* A misbehaving stretch of wire. */
#include "proxy.h"

#include "unit.h"

#include "base/mem.h"
#include "base/thread.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct proxy {
    int listener, port, server_port;
    char url[512];
    struct proxy_how how;
    atomic_bool cut, stop;
    pthread_t thread;
    size_t message_left; /* of the server's message under way */
    unsigned char head[9];
    size_t head_len;
};

static int connect_server(const struct proxy *proxy)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)proxy->server_port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(server, (const struct sockaddr *)&to, sizeof(to)) != 0)
        abort();
    return server;
}

/* Follows the server's messages, and turns a bit of the process id in the one that tells it ('K'). */
static void change_pid(struct proxy *proxy, unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (proxy->message_left > 0) {
            proxy->message_left--;
            if (proxy->head[0] == 'K' && proxy->message_left == 7)
                bytes[i] ^= 0x40;
            continue;
        }
        proxy->head[proxy->head_len++] = bytes[i];
        if (proxy->head_len < 5)
            continue;
        proxy->message_left = ((size_t)proxy->head[1] << 24 | (size_t)proxy->head[2] << 16 |
                               (size_t)proxy->head[3] << 8 | proxy->head[4]) -
                              4;
        proxy->head_len = 0;
    }
}

static bool relay(struct proxy *proxy, int from, int to, bool from_client)
{
    unsigned char bytes[8192];
    ssize_t count = read(from, bytes, sizeof(bytes));
    if (count <= 0)
        return false;
    if (!from_client && proxy->how.other_pid)
        change_pid(proxy, bytes, (size_t)count);
    for (ssize_t done = 0; done < count;) {
        ssize_t moved = send(to, bytes + done, (size_t)(count - done), MSG_NOSIGNAL);
        if (moved <= 0)
            return false;
        done += moved;
    }
    return !(from_client && atomic_load(&proxy->cut));
}

static void serve(struct proxy *proxy, int client)
{
    int server = connect_server(proxy);
    struct pollfd fds[2] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };
    proxy->message_left = proxy->head_len = 0;
    for (bool going = true; going && !atomic_load(&proxy->stop);) {
        if (poll(fds, 2, 20) <= 0)
            continue;
        if (fds[0].revents)
            going = relay(proxy, client, server, true);
        if (going && fds[1].revents)
            going = relay(proxy, server, client, false);
    }
    close(server);
    close(client);
}

static void *run(void *context)
{
    struct proxy *proxy = context;
    while (!atomic_load(&proxy->stop)) {
        struct pollfd fd = { proxy->listener, POLLIN, 0 };
        if (poll(&fd, 1, 20) <= 0)
            continue;
        int client = accept(proxy->listener, NULL, NULL);
        if (client >= 0)
            serve(proxy, client);
    }
    return NULL;
}

struct proxy *proxy_open(const char *url, struct proxy_how how)
{
    struct proxy *proxy = NEW(proxy);
    const char *at = strchr(url, '@'), *colon = strchr(at, ':'), *path = strchr(at, '/');
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof(own);
    proxy->how = how;
    proxy->server_port = (int)strtol(colon + 1, NULL, 10);
    proxy->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(proxy->listener, (const struct sockaddr *)&own, size), 0);
    assert_int_equal(listen(proxy->listener, 8), 0);
    assert_int_equal(getsockname(proxy->listener, (struct sockaddr *)&own, &size), 0);
    proxy->port = ntohs(own.sin_port);
    (void)snprintf(proxy->url, sizeof(proxy->url), "%.*s@127.0.0.1:%d%s%s", (int)(at - url), url,
                   proxy->port, path ? path : "", path ? "?sslmode=disable" : "");
    proxy->thread = thread_start("proxy", run, proxy);
    return proxy;
}

void proxy_close(struct proxy *proxy)
{
    atomic_store(&proxy->stop, true);
    pthread_join(proxy->thread, NULL);
    close(proxy->listener);
    free(proxy);
}

const char *proxy_url(const struct proxy *proxy)
{
    return proxy->url;
}

void proxy_cut_after_next(struct proxy *proxy)
{
    atomic_store(&proxy->cut, true);
}
