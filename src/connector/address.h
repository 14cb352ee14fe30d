/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binary IP addresses: what kind of place one names, and whether it lies in a range. No I/O, no
 * policy: that is egress.c's.  Threads: any.
 */
#ifndef CONNECTOR_ADDRESS_H
#define CONNECTOR_ADDRESS_H

#include "base/attr.h"
#include "base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct address {
    unsigned len; /* 4 or 16 bytes in use; the rest is zero */
    uint8_t bytes[16];
};

enum address_class {
    ADDRESS_GLOBAL,  /* unicast that the whole Internet agrees on */
    ADDRESS_SPECIAL, /* unicast set aside: carrier NAT, documentation, benchmarks */
    ADDRESS_PRIVATE, /* RFC 1918, unique local */
    ADDRESS_LOOPBACK,
    ADDRESS_LINK_LOCAL,
    ADDRESS_METADATA, /* a cloud's credentials are served there */
    ADDRESS_MULTICAST,
    ADDRESS_UNSPECIFIED, /* Linux connects to itself there */
    ADDRESS_RESERVED,    /* nobody knows what it reaches */
};

#define ADDRESS_TEXT_SIZE 46

/* Canonical text only: four decimal numbers without leading zeros, or IPv6 without a scope. */
MUST_USE bool address_parse(struct str text, struct address *out);
/* The canonical text into text[ADDRESS_TEXT_SIZE]; returns a view of it. */
struct str address_format(const struct address *address, char *text);

/* False for a family that is neither IPv4 nor IPv6. */
MUST_USE bool address_of(const struct sockaddr *socket_address, struct address *out);
struct sockaddr_storage address_with_port(const struct address *address, int64_t port);

/* The IPv4 address that an IPv6 form carries (mapped, translated, 6to4, NAT64, Teredo); else itself. */
struct address address_inner(const struct address *address);
/* The class of the address as it stands: ask for address_inner() first where packets matter. */
enum address_class address_class(const struct address *address);
/* Do the first `bits` bits agree? False when one is IPv4 and the other IPv6. */
bool address_within(const struct address *address, const struct address *range, unsigned bits);

#endif
