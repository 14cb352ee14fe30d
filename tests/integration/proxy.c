/* SPDX-License-Identifier: Apache-2.0 */
/* A misbehaving stretch of wire. */
#include "proxy.h"

#include "unit.h"

#include "base/mem.h"
#include "base/thread.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
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
    SSL_CTX *identity;   /* for large records */
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

/* --- large records ---------------------------------------------------------------------------- */

#define GATHER_MS 50 /* so long after its last byte, what the server has to say is over */
#define GATHERED_MAX ((size_t)1 << 20)

static SSL_CTX *make_identity(void)
{
    SSL_CTX *identity = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_int_equal(SSL_CTX_use_certificate(identity, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(identity, key), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return identity;
}

static bool relay_up(SSL *client, int server)
{
    char bytes[16384];
    int count = SSL_read(client, bytes, sizeof(bytes));
    return count > 0 && send(server, bytes, (size_t)count, MSG_NOSIGNAL) == count;
}

static bool relay_down(int server, SSL *client, char *gathered)
{
    struct pollfd fd = { server, POLLIN, 0 };
    size_t used = 0;
    while (used < GATHERED_MAX && poll(&fd, 1, GATHER_MS) > 0) {
        ssize_t count = read(server, gathered + used, GATHERED_MAX - used);
        if (count <= 0)
            return false;
        used += (size_t)count;
    }
    return SSL_write(client, gathered, (int)used) == (int)used;
}

static void serve_large_records(struct proxy *proxy, int socket)
{
    int server = connect_server(proxy);
    char request[8], *gathered = xmalloc(GATHERED_MAX);
    SSL *client = SSL_new(proxy->identity);
    struct pollfd fds[2] = { { socket, POLLIN, 0 }, { server, POLLIN, 0 } };
    bool going = recv(socket, request, sizeof(request), MSG_WAITALL) == sizeof(request) &&
                 send(socket, "S", 1, MSG_NOSIGNAL) == 1 && SSL_set_fd(client, socket) == 1 &&
                 SSL_accept(client) == 1;
    while (going && !atomic_load(&proxy->stop)) {
        if (SSL_pending(client) == 0 && poll(fds, 2, 20) <= 0)
            continue;
        if (SSL_pending(client) > 0 || fds[0].revents)
            going = relay_up(client, server);
        else if (fds[1].revents)
            going = relay_down(server, client, gathered);
    }
    SSL_free(client);
    free(gathered);
    close(server);
    close(socket);
}

static void *run(void *context)
{
    struct proxy *proxy = context;
    while (!atomic_load(&proxy->stop)) {
        struct pollfd fd = { proxy->listener, POLLIN, 0 };
        if (poll(&fd, 1, 20) <= 0)
            continue;
        int client = accept(proxy->listener, NULL, NULL);
        if (client >= 0 && proxy->identity)
            serve_large_records(proxy, client);
        else if (client >= 0)
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
                   proxy->port, path ? path : "",
                   !path               ? ""
                   : how.large_records ? "?sslmode=require"
                                       : "?sslmode=disable");
    proxy->identity = how.large_records ? make_identity() : NULL;
    proxy->thread = thread_start("proxy", run, proxy);
    return proxy;
}

void proxy_close(struct proxy *proxy)
{
    atomic_store(&proxy->stop, true);
    pthread_join(proxy->thread, NULL);
    close(proxy->listener);
    SSL_CTX_free(proxy->identity);
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
