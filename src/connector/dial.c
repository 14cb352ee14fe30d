/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resolve, judge, connect. What was judged is what is dialled: the binary addresses travel from one
 * to the next, the name does not.
 */
#include "connector/dial.h"

#include "connector/address.h"
#include "connector/connector.h"
#include "connector/host.h"
#include "connector/interrupt.h"
#include "connector/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RESOLVE_MS 3000
/* The least that an address gets before the next one is tried, if there is that much left. */
#define CONNECT_SHARE_MS 500

#define KEEPALIVE_IDLE_S 60
#define KEEPALIVE_INTERVAL_S 15
#define KEEPALIVE_COUNT 4
#define USER_TIMEOUT_MS 30000

static bool fail_denied(struct str host, struct error *err)
{
    (void)fail(err, ERR_EGRESS_DENIED, "\"" STR_FMT "\" is an address this server may not reach",
               STR_ARG(host));
    err->hint = "An administrator can allow it.";
    return false;
}

/* Keeps the first DIAL_ADDRESSES_MAX, judges all. */
static bool judge_all(struct str host, int64_t port, const struct egress *egress,
                      const struct addrinfo *found, struct dial_target *out, struct error *err)
{
    struct dial_target target = { .count = 0 };
    for (; found; found = found->ai_next) {
        struct address address;
        if (!egress_allows(egress, found->ai_addr, port) || !address_of(found->ai_addr, &address))
            return fail_denied(host, err);
        if (target.count == DIAL_ADDRESSES_MAX)
            continue;
        struct sockaddr_storage *to = &target.addresses[target.count++];
        *to = address_with_port(&address, port);
        if (found->ai_family == AF_INET6) {
            /* A link-local address that the operator allowed means nothing without its interface. */
            struct sockaddr_in6 six, scoped;
            memcpy(&six, to, sizeof(six));
            memcpy(&scoped, found->ai_addr, sizeof(scoped));
            six.sin6_scope_id = scoped.sin6_scope_id;
            memcpy(to, &six, sizeof(six));
        }
    }
    *out = target;
    return true;
}

bool dial_resolve(struct str host, int64_t port, const struct egress *egress,
                  const struct opening *how, struct dial_target *out, struct error *err)
{
    if (!host_check(host, err))
        return false;
    struct address literal;
    if (address_parse(host, &literal)) {
        struct sockaddr_storage address = address_with_port(&literal, port);
        if (!egress_allows(egress, (const struct sockaddr *)&address, port))
            return fail_denied(host, err);
        *out = (struct dial_target){ .addresses = { address }, .count = 1 };
        return true;
    }
    struct deadline by = deadline_earlier(how->by, deadline_in_ms(RESOLVE_MS));
    struct addrinfo *found = resolve(host, by, how->stop, err);
    if (!found)
        return false;
    bool allowed = judge_all(host, port, egress, found, out, err);
    freeaddrinfo(found);
    return allowed;
}

static void set_option(int fd, int level, int name, int value)
{
    /* Each only makes a dead peer noticed sooner; deadlines do not depend on it. */
    (void)setsockopt(fd, level, name, &value, sizeof(value));
}

static void set_options(int fd)
{
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
}

/* Waits for a started connect; 0 or an errno (ECANCELED: interrupted). */
static int wait_connected(int fd, struct deadline by, const struct interrupt *stop)
{
    enum waited waited = wait_ready(fd, POLLOUT, by, stop);
    if (waited != WAITED_READY)
        return waited == WAITED_STOPPED ? ECANCELED : ETIMEDOUT;
    int result = 0;
    socklen_t size = sizeof(result);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &size) != 0)
        return errno;
    return result;
}

/*
 * A port of this machine that nobody listens on may be given to the very socket that dials it, which
 * then is connected to itself.
 */
static bool is_connected_to_itself(int fd)
{
    struct sockaddr_storage here = { 0 }, there = { 0 };
    socklen_t here_size = sizeof(here), there_size = sizeof(there);
    return getsockname(fd, (struct sockaddr *)&here, &here_size) == 0 &&
           getpeername(fd, (struct sockaddr *)&there, &there_size) == 0 &&
           here_size == there_size && memcmp(&here, &there, here_size) == 0;
}

/* 0 and the socket, or an errno. */
static int connect_to(const struct sockaddr_storage *address, struct deadline by,
                      const struct interrupt *stop, int *out)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    set_options(fd);
    socklen_t size = address->ss_family == AF_INET ? (socklen_t)sizeof(struct sockaddr_in)
                                                   : (socklen_t)sizeof(struct sockaddr_in6);
    int result = connect(fd, (const struct sockaddr *)address, size) == 0 ? 0 : errno;
    if (result == EINPROGRESS || result == EINTR)
        result = wait_connected(fd, by, stop);
    if (result == 0 && is_connected_to_itself(fd))
        result = ECONNREFUSED;
    if (result != 0) {
        (void)close(fd);
        return result;
    }
    *out = fd;
    return 0;
}

/* Of several addresses' failures, the one that says most about the server is told. */
static int rank(int result)
{
    return result == ECONNREFUSED ? 2 : result == ETIMEDOUT ? 1 : 0;
}

static int fail_connect(struct str host, int64_t port, int result, struct error *err)
{
    bool six = str_find_byte(host, ':') < host.len;
    char place[HOST_MAX + 16];
    (void)snprintf(place, sizeof(place), "%s" STR_FMT "%s:%d", six ? "[" : "", STR_ARG(host),
                   six ? "]" : "", (int)port);
    if (result == ECANCELED) {
        (void)fail_stopped(err);
    } else if (result == ECONNREFUSED) {
        (void)fail(err, ERR_REFUSED, "connection refused by %s", place);
    } else if (result == ETIMEDOUT) {
        (void)fail(err, ERR_CONNECT_TIMEOUT, "no answer from %s in time", place);
    } else {
        char why[128] = "";
        (void)strerror_r(result, why, sizeof(why));
        why[0] = (char)(why[0] >= 'A' && why[0] <= 'Z' ? why[0] - 'A' + 'a' : why[0]);
        (void)fail(err, ERR_UNREACHABLE, "could not reach %s: %s", place, why);
    }
    return -1;
}

/* Addresses in the resolver's order; each may take its share of the time that is left. */
static int connect_any(const struct dial_target *target, const struct opening *how, int *out)
{
    struct deadline by = how->by;
    int told = ETIMEDOUT;
    for (unsigned i = 0; i < target->count; i++) {
        int left = deadline_left_ms(by);
        int share = left / (int)(target->count - i);
        struct deadline until = deadline_earlier(
            by, deadline_in_ms(share > CONNECT_SHARE_MS ? share : CONNECT_SHARE_MS));
        if (left == 0)
            break;
        int result = connect_to(&target->addresses[i], until, how->stop, out);
        if (result == 0 || result == ECANCELED)
            return result;
        if (i == 0 || rank(result) > rank(told))
            told = result;
    }
    return told;
}

int dial(struct str host, int64_t port, const struct egress *egress, const struct opening *how,
         struct error *err)
{
    struct dial_target target;
    trial_begin(how->trial, STAGE_RESOLVE);
    bool resolved = dial_resolve(host, port, egress, how, &target, err);
    trial_end(how->trial, STAGE_RESOLVE, resolved);
    if (!resolved)
        return -1;

    int fd = -1;
    trial_begin(how->trial, STAGE_CONNECT);
    int result = connect_any(&target, how, &fd);
    trial_end(how->trial, STAGE_CONNECT, result == 0);
    return result == 0 ? fd : fail_connect(host, port, result, err);
}
