/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the system's resolver, which blocks for as long as it likes, on threads of its own.
 *
 * Two look-ups run at once and 64 wait. Nobody waits beyond a deadline: the answer to an abandoned
 * look-up is dropped when it comes, and while its thread hangs another one takes its place (16 at
 * most), so that one dead name server does not stop everyone else's names.
 */
#ifndef CONNECTOR_RESOLVE_H
#define CONNECTOR_RESOLVE_H

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"
#include "base/time.h"

#include <netdb.h>

struct interrupt;

/*
 * The addresses of a name that host_check() took, for freeaddrinfo().
 *
 *   Returns  NULL with DNS_FAILED (no such name, no answer) or DNS_TIMEOUT (none by `by`, or
 *            too many look-ups wait)
 *            CANCELLED when `stop` (which may be NULL) says so
 *   Blocks   until `by`.   Threads  any.
 */
MUST_USE struct addrinfo *resolve(struct str host, struct deadline by, const struct interrupt *stop,
                                  struct error *err);

#endif
