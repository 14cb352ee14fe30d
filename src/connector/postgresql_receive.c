/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much libpq may read at once. It gathers a whole message before it shows any of it, makes room
 * for all that the message announces, and reads on for as long as the socket has something. Against a
 * server that is faster than the page faults of that room, it comes back only when it has it all (seen:
 * 150 MB of a field of 900 MB). Nothing in its interface bounds that; but it reads by recv(), also below
 * TLS, and a program's own recv() goes before that of the C library. This one is that, except on a
 * thread that set a limit: past it, it says that nothing is there, and libpq comes up for air.
 */
#include <errno.h>
#include <sys/socket.h>

#include "connector/postgresql_internal.h"

static _Thread_local size_t limit = SIZE_MAX;

void pg_receive_at_most(size_t bytes)
{
    limit = bytes;
}

__attribute__((visibility("default"))) ssize_t recv(int socket, void *to, size_t size, int flags)
{
    if (limit == 0) {
        errno = EWOULDBLOCK;
        return -1;
    }
    ssize_t got = recvfrom(socket, to, size < limit ? size : limit, flags, NULL, NULL);
    if (got > 0 && limit != SIZE_MAX)
        limit -= (size_t)got;
    return got;
}
