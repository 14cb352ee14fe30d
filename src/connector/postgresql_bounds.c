/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds on what libpq does within one call, which its interface does not offer:
 *
 *   reading    it gathers a whole message before it shows any of it, makes room for all that the
 *              message announces, and reads on for as long as the socket has something. Of a server
 *              that is faster than the page faults of that room it takes it all before it comes back
 *              (seen: 150 MB of a field of 900 MB), and no cap of ours is looked at meanwhile;
 *   waiting    PQcancel() reads until the server hangs up, which one that means ill never does;
 *   computing  SCRAM takes as many rounds as the server says, which may be 2^31: half an hour.
 *
 * It reads by recv(), below TLS too, and computes a round by HMAC_Final(). Both are looked up by name
 * when the program starts, and the program's own go before those of the libraries. So there are two
 * here, which the linker exports because libpq asks for them. What they touch:
 *
 *   - Every library of this process that calls recv() or HMAC_Final() comes through here
 *     (libmicrohttpd, GnuTLS and OpenSSL do), and so do our own calls. The bounds are a thread's own
 *     and hold only between two calls of the functions below, with one call of libpq in between: for
 *     everybody else both do what the libraries' own do. What calls recvfrom(), recvmsg() or read()
 *     (the system's resolver does) does not come through here at all.
 *   - Linked statically, libpq finds them as well. Where it would not (a libpq bound to its own
 *     symbols, a program that exports none), pg_bounds_check() ends the program instead of letting the
 *     bounds be silently lost; that a later libpq still reads and computes in this way is what the
 *     tests against hostile servers show.
 *
 * Looked at and left: a small SO_RCVBUF (the sender refills it while it is read: with 64 KiB, 74 MB of
 * 100 were read at once, and with 4 KiB it took minutes); a socket pair between libpq and the wire (two more copies, and four more
 * system calls for each answer); reading only what the socket is said to have (libpq reads on by itself).
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "base/crash.h"
#include "connector/postgresql_internal.h"

static _Thread_local size_t limit = SIZE_MAX;
static _Thread_local struct deadline patience = { INT64_MAX }; /* DEADLINE_NEVER */
static _Thread_local bool waits;

typedef int final_function(void *context, unsigned char *out, unsigned *length);
typedef ssize_t recv_function(int socket, void *to, size_t size, int flags);

static pthread_once_t looked_up = PTHREAD_ONCE_INIT;
static final_function *library_final;

void pg_receive_at_most(size_t bytes)
{
    limit = bytes;
}

void pg_patience(struct deadline by, bool reads)
{
    patience = by;
    waits = reads;
}

/* ISO C knows no cast from an object's address to a function's: they are copied. */
static void look_up(void)
{
    recv_function *ours = recv;
    const void *chosen = dlsym(RTLD_DEFAULT, "recv"), *final = dlsym(RTLD_NEXT, "HMAC_Final");
    if (!chosen || memcmp(&chosen, &ours, sizeof(ours)) != 0)
        crash_fatal("libpq would read without bounds: the program does not export its recv()");
    if (!final)
        crash_fatal("no HMAC_Final() in any library: libpq was built without OpenSSL");
    memcpy(&library_final, &final, sizeof(library_final));
}

void pg_bounds_check(void)
{
    (void)pthread_once(&looked_up, look_up);
}

/* Something to read before our patience ends? */
static bool wait_readable(int socket)
{
    struct pollfd fd = { .fd = socket, .events = POLLIN };
    return !deadline_passed(patience) && poll(&fd, 1, deadline_left_ms(patience)) > 0;
}

/* OpenSSL's, which libpq calls in each round of SCRAM. */
/* NOLINTBEGIN(readability-identifier-naming,readability-inconsistent-declaration-parameter-name) */
__attribute__((visibility("default"))) int HMAC_Final(void *context, unsigned char *out,
                                                      unsigned *length);
int HMAC_Final(void *context, unsigned char *out, unsigned *length)
{
    if (deadline_passed(patience))
        return 0;
    pg_bounds_check();
    return library_final(context, out, length);
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
/* NOLINTEND(readability-identifier-naming,readability-inconsistent-declaration-parameter-name) */
