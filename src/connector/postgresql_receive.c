/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much libpq may read at once. It gathers a whole message before it shows any of it, makes room
 * for all that the message announces, and reads on for as long as the socket has something. Against a
 * server that is faster than the page faults of that room, it comes back only when it has it all (seen:
 * 150 MB of a field of 900 MB). Nothing in its interface bounds that; but it reads by recv(), also below
 * TLS, and a program's own recv() goes before that of the C library. This one is that, except on a
 * thread that set a limit: past it, it says that nothing is there, and libpq comes up for air.
 *
 * Two more things in libpq have no end of their own, and get one in the same way:
 *   PQcancel() reads until the server hangs up, which one that means ill never does;
 *   SCRAM computes as many rounds as the server says, which may be 2^31: half an hour.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "connector/postgresql_internal.h"

static _Thread_local size_t limit = SIZE_MAX;
static _Thread_local struct deadline patience = { INT64_MAX }; /* DEADLINE_NEVER */
static _Thread_local bool waits;

void pg_receive_at_most(size_t bytes)
{
    limit = bytes;
}

void pg_patience(struct deadline by, bool reads)
{
    patience = by;
    waits = reads;
}

/* Something to read before our patience ends? */
static bool wait_readable(int socket)
{
    struct pollfd fd = { .fd = socket, .events = POLLIN };
    return !deadline_passed(patience) && poll(&fd, 1, deadline_left_ms(patience)) > 0;
}

typedef int final_function(void *context, unsigned char *out, unsigned *length);

/* OpenSSL's, which libpq calls in each round; nothing else of ours does. */
__attribute__((visibility("default"))) int HMAC_Final(void *context, unsigned char *out,
                                                      unsigned *length);
int HMAC_Final(void *context, unsigned char *out, unsigned *length)
{
    static final_function *_Atomic real;
    if (deadline_passed(patience))
        return 0;
    if (!real) {
        void *found = dlsym(RTLD_NEXT, "HMAC_Final");
        final_function *function;
        assert(found);
        memcpy(&function, &found, sizeof(function)); /* ISO C knows no cast from one to the other */
        real = function;
    }
    return real(context, out, length);
}

__attribute__((visibility("default"))) ssize_t recv(int socket, void *to, size_t size, int flags)
{
    if (limit == 0) {
        errno = EWOULDBLOCK;
        return -1;
    }
    if (waits && !wait_readable(socket)) {
        errno = ETIMEDOUT;
        return -1;
    }
    ssize_t got = recvfrom(socket, to, size < limit ? size : limit, flags, NULL, NULL);
    if (got > 0 && limit != SIZE_MAX)
        limit -= (size_t)got;
    return got;
}
