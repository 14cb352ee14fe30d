/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes of addresses, from the IANA special-purpose address registries for IPv4 and IPv6 and the
 * cloud vendors' documentation of their metadata services.
 */
#include "connector/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>
#include <sys/socket.h>

struct address_row {
    unsigned len, bits;
    uint8_t bytes[16];
    enum address_class class;
};

/* The first row that fits decides; what fits none is named in address_class(). */
static const struct address_row address_rows[] = {
    { 4, 32, { 169, 254, 169, 254 }, ADDRESS_METADATA },
    { 4, 32, { 169, 254, 170, 2 }, ADDRESS_METADATA },
    { 4, 32, { 169, 254, 170, 23 }, ADDRESS_METADATA },
    { 4, 32, { 100, 100, 100, 200 }, ADDRESS_METADATA },
    { 4, 32, { 168, 63, 129, 16 }, ADDRESS_METADATA },
    { 4, 32, { 192, 0, 0, 192 }, ADDRESS_METADATA },
    { 4, 8, { 0 }, ADDRESS_UNSPECIFIED },
    { 4, 8, { 10 }, ADDRESS_PRIVATE },
    { 4, 10, { 100, 64 }, ADDRESS_SPECIAL },
    { 4, 8, { 127 }, ADDRESS_LOOPBACK },
    { 4, 16, { 169, 254 }, ADDRESS_LINK_LOCAL },
    { 4, 12, { 172, 16 }, ADDRESS_PRIVATE },
    { 4, 24, { 192, 0, 0 }, ADDRESS_SPECIAL },
    { 4, 24, { 192, 0, 2 }, ADDRESS_SPECIAL },
    { 4, 24, { 192, 88, 99 }, ADDRESS_SPECIAL },
    { 4, 16, { 192, 168 }, ADDRESS_PRIVATE },
    { 4, 15, { 198, 18 }, ADDRESS_SPECIAL },
    { 4, 24, { 198, 51, 100 }, ADDRESS_SPECIAL },
    { 4, 24, { 203, 0, 113 }, ADDRESS_SPECIAL },
    { 4, 4, { 224 }, ADDRESS_MULTICAST },
    { 4, 4, { 240 }, ADDRESS_RESERVED },
    { 16, 128, { 0xfd, 0, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54 }, ADDRESS_METADATA },
    { 16, 128, { 0xfd, 0, 0x0e, 0xc2, [15] = 0x23 }, ADDRESS_METADATA },
    { 16, 128, { 0xfd, 0x20, 0, 0xce, [14] = 0x02, [15] = 0x54 }, ADDRESS_METADATA },
    { 16, 128, { 0xfe, 0x80, [12] = 0xa9, 0xfe, 0xa9, 0xfe }, ADDRESS_METADATA },
    { 16, 128, { 0 }, ADDRESS_UNSPECIFIED },
    { 16, 128, { [15] = 1 }, ADDRESS_LOOPBACK },
    { 16, 7, { 0xfc }, ADDRESS_PRIVATE },
    { 16, 10, { 0xfe, 0x80 }, ADDRESS_LINK_LOCAL },
    { 16, 10, { 0xfe, 0xc0 }, ADDRESS_PRIVATE },
    { 16, 8, { 0xff }, ADDRESS_MULTICAST },
    { 16, 64, { 0x01 }, ADDRESS_SPECIAL },
    { 16, 23, { 0x20, 0x01 }, ADDRESS_SPECIAL },
    { 16, 32, { 0x20, 0x01, 0x0d, 0xb8 }, ADDRESS_SPECIAL },
    { 16, 20, { 0x3f, 0xff }, ADDRESS_SPECIAL },
    { 16, 3, { 0x20 }, ADDRESS_GLOBAL },
};

/* Where an IPv6 form keeps its IPv4 address; `flipped`: as its complement. */
static const struct {
    struct address prefix;
    unsigned bits, offset;
    bool flipped;
} address_carriers[] = {
    { { 16, { [10] = 0xff, 0xff } }, 96, 12, false },   /* mapped */
    { { 16, { [8] = 0xff, 0xff } }, 96, 12, false },    /* translated, RFC 2765 */
    { { 16, { 0 } }, 96, 12, false },                   /* "compatible", RFC 4291 */
    { { 16, { 0, 0x64, 0xff, 0x9b } }, 96, 12, false }, /* NAT64, RFC 6052 */
    { { 16, { 0x20, 0x02 } }, 16, 2, false },           /* 6to4, RFC 3056 */
    { { 16, { 0x20, 0x01 } }, 32, 12, true },           /* Teredo, RFC 4380 */
};

bool address_parse(struct str text, struct address *out)
{
    char copy[ADDRESS_TEXT_SIZE] = "";
    if (!str_set(text) || text.len >= sizeof(copy) || memchr(text.ptr, 0, text.len))
        return false;
    memcpy(copy, text.ptr, text.len);
    struct address address = { 0 };
    address.len = strchr(copy, ':') ? 16 : 4;
    /* Unlike inet_aton(), inet_pton() takes neither octal nor missing numbers. */
    if (inet_pton(address.len == 16 ? AF_INET6 : AF_INET, copy, address.bytes) != 1)
        return false;
    *out = address;
    return true;
}

struct str address_format(const struct address *address, char *text)
{
    const char *written =
        inet_ntop(address->len == 16 ? AF_INET6 : AF_INET, address->bytes, text, ADDRESS_TEXT_SIZE);
    assert(written);
    return str_from(written);
}

bool address_of(const struct sockaddr *socket_address, struct address *out)
{
    struct address address = { 0 };
    if (socket_address->sa_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, socket_address, sizeof(four));
        address.len = 4;
        memcpy(address.bytes, &four.sin_addr, 4);
    } else if (socket_address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, socket_address, sizeof(six));
        address.len = 16;
        memcpy(address.bytes, &six.sin6_addr, 16);
    } else {
        return false;
    }
    *out = address;
    return true;
}

struct sockaddr_storage address_with_port(const struct address *address, int64_t port)
{
    assert(port > 0 && port <= UINT16_MAX);
    struct sockaddr_storage out = { 0 };
    if (address->len == 4) {
        struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
        memcpy(&four.sin_addr, address->bytes, 4);
        memcpy(&out, &four, sizeof(four));
    } else {
        struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
        memcpy(&six.sin6_addr, address->bytes, 16);
        memcpy(&out, &six, sizeof(six));
    }
    return out;
}

bool address_within(const struct address *address, const struct address *range, unsigned bits)
{
    assert(bits <= 8 * range->len);
    if (address->len != range->len)
        return false;
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(address->bytes, range->bytes, whole) != 0)
        return false;
    return rest == 0 || (address->bytes[whole] ^ range->bytes[whole]) >> (8 - rest) == 0;
}

struct address address_inner(const struct address *address)
{
    enum address_class class = address_class(address);
    if (class == ADDRESS_UNSPECIFIED || class == ADDRESS_LOOPBACK)
        return *address; /* :: and ::1 look like the "compatible" form */
    for (size_t i = 0; i < ARRAY_LEN(address_carriers); i++) {
        if (!address_within(address, &address_carriers[i].prefix, address_carriers[i].bits))
            continue;
        struct address inner = { .len = 4 };
        memcpy(inner.bytes, address->bytes + address_carriers[i].offset, 4);
        for (unsigned b = 0; b < 4 && address_carriers[i].flipped; b++)
            inner.bytes[b] ^= 0xff;
        return inner;
    }
    return *address;
}

enum address_class address_class(const struct address *address)
{
    for (size_t i = 0; i < ARRAY_LEN(address_rows); i++) {
        const struct address_row *row = &address_rows[i];
        struct address range = { .len = row->len };
        memcpy(range.bytes, row->bytes, sizeof(range.bytes));
        if (address_within(address, &range, row->bits))
            return row->class;
    }
    return address->len == 4 ? ADDRESS_GLOBAL : ADDRESS_RESERVED;
}
