/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way to a socket: resolve, judge every address by the egress policy, connect to a judged
 * one. Runs, tests and later health checks and cancels all come through here, every time anew.
 */
#ifndef CONNECTOR_DIAL_H
#define CONNECTOR_DIAL_H

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"
#include "base/time.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct opening;
struct egress;

enum egress_policy {
    EGRESS_OPEN,   /* all unicast but link-local, cloud metadata, multicast and the unspecified */
    EGRESS_STRICT, /* only global unicast and what the allow-list names */
};

/*
 * A policy with its allow-list, e.g. "10.1.0.0/16:5432,[fd00::/8]:6379,127.0.0.1/32:*". Metadata
 * addresses need an entry of their own (exactly that address).
 *   Fails  BAD_REQUEST naming the entry.
 */
MUST_USE struct egress *egress_new(enum egress_policy policy, struct str allow, struct error *err);
void egress_free(struct egress *egress);
AUTO_DEFINE(egress, egress_free)
/* One binary address; IPv6 forms that carry an IPv4 address are judged as that. No I/O. */
bool egress_allows(const struct egress *egress, const struct sockaddr *address, int64_t port);

#define DIAL_ADDRESSES_MAX 16
struct dial_target {
    struct sockaddr_storage addresses[DIAL_ADDRESSES_MAX];
    unsigned count;
};

/*
 * Resolves in a bounded resolver thread (at most 3 s and the deadline) and judges: one refused address of a
 * name refuses all. Literal addresses need no resolver.
 *   Fails  INVALID_HOST, DNS_FAILED, DNS_TIMEOUT, EGRESS_DENIED (always the same message), CANCELLED.
 */
MUST_USE bool dial_resolve(struct str host, int64_t port, const struct egress *egress,
                           const struct opening *how, struct dial_target *out, struct error *err);

/*
 * Connects to the first address that accepts; a non-blocking socket with TCP_NODELAY, keepalives
 * and TCP_USER_TIMEOUT, or -1 with REFUSED, UNREACHABLE, CONNECT_TIMEOUT, CANCELLED. Stages go to the trial.
 */
MUST_USE int dial(struct str host, int64_t port, const struct egress *egress,
                  const struct opening *how, struct error *err);

#endif
