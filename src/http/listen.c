/* SPDX-License-Identifier: Apache-2.0 */
/* The listening socket: ours rather than the library's, because its errors are to name the address. */
#define _GNU_SOURCE /* SOCK_CLOEXEC, SOCK_NONBLOCK */
#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* "host:port" as a socket address. */
static bool parse_listen(struct str listen, union address *out, socklen_t *size)
{
    char host[64];
    int64_t port;
    size_t colon = listen.len;

    while (colon > 0 && listen.ptr[colon - 1] != ':')
        colon--;
    if (colon < 2 || !str_to_int64(str_slice(listen, colon, listen.len), &port) || port < 0 ||
        port > 65535)
        return false;
    struct str name = str_slice(listen, 0, colon - 1);
    if (str_eq_nocase(name, STR("localhost")))
        name = STR("127.0.0.1");
    bool bracketed = name.len > 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']';
    if (bracketed)
        name = str_slice(name, 1, name.len - 1);
    if (name.len >= sizeof(host))
        return false;
    memcpy(host, name.ptr, name.len);
    host[name.len] = '\0';
    memset(out, 0, sizeof(*out));
    if (bracketed) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)port);
        *size = sizeof(out->v6);
        return inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1;
    }
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons((uint16_t)port);
    *size = sizeof(out->v4);
    return inet_pton(AF_INET, host, &out->v4.sin_addr) == 1;
}

/* What was really bound, as text. */
static bool describe(struct http_listener *out)
{
    union address bound = { 0 };
    socklen_t size = sizeof(bound);

    if (getsockname(out->socket, &bound.any, &size) != 0)
        return false;
    bool v6 = bound.any.sa_family == AF_INET6;
    const void *bytes = v6 ? (const void *)&bound.v6.sin6_addr : (const void *)&bound.v4.sin_addr;
    out->port = ntohs(v6 ? bound.v6.sin6_port : bound.v4.sin_port);
    if (!inet_ntop(bound.any.sa_family, bytes, out->host, sizeof(out->host)))
        return false;
    (void)snprintf(out->address, sizeof(out->address), v6 ? "[%s]:%u" : "%s:%u", out->host,
                   (unsigned)out->port);
    return true;
}

static bool open_socket(const union address *address, socklen_t size, struct http_listener *out)
{
    int yes = 1;

    out->socket = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (out->socket < 0)
        return false;
    if (setsockopt(out->socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
        bind(out->socket, &address->any, size) == 0 && listen(out->socket, BACKLOG) == 0 &&
        describe(out))
        return true;
    int reason = errno;
    (void)close(out->socket);
    errno = reason;
    return false;
}

bool http_listen(struct str listen, struct http_listener *out, struct error *err)
{
    union address address;
    socklen_t size;
    char reason[128] = "";

    if (!parse_listen(listen, &address, &size))
        return fail(err, ERR_BAD_REQUEST,
                    "cannot listen on \"" STR_FMT
                    "\": write an address and a port, such as 127.0.0.1:8080",
                    STR_ARG(listen));
    if (open_socket(&address, size, out))
        return true;
    if (errno == EADDRINUSE)
        return fail(err, ERR_CONFLICT, "cannot listen on " STR_FMT ": the address is in use",
                    STR_ARG(listen));
    const char *text = strerror_r(errno, reason, sizeof(reason));
    return fail(err, ERR_UNAVAILABLE, "cannot listen on " STR_FMT ": %s", STR_ARG(listen), text);
}
