/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's policy about which addresses may be dialled. It knows addresses only, never names. */
#include "base/mem.h"
#include "connector/address.h"
#include "connector/dial.h"

#include <assert.h>

struct egress_range {
    struct address address;
    unsigned bits;
    int64_t port; /* 0: every port */
};

struct egress {
    enum egress_policy policy;
    size_t count;
    struct egress_range *ranges;
};

static bool fail_entry(struct str entry, const char *why, struct error *err)
{
    return fail(err, ERR_BAD_REQUEST, "the egress entry \"" STR_FMT "\" %s", STR_ARG(entry), why);
}

static bool parse_port(struct str text, int64_t *out)
{
    *out = 0;
    if (str_eq(text, STR("*")))
        return true;
    return str_to_int64(text, out) && *out >= 1 && *out <= UINT16_MAX;
}

/* "10.1.0.0/16"; without "/" exactly that address. */
static bool parse_range(struct str entry, struct str text, struct egress_range *out,
                        struct error *err)
{
    size_t slash = str_find_byte(text, '/');
    if (!address_parse(str_slice(text, 0, slash), &out->address))
        return fail_entry(entry, "does not begin with a canonical address", err);
    int64_t bits = 8 * (int64_t)out->address.len, most = bits;
    if (slash < text.len &&
        (!str_to_int64(str_slice(text, slash + 1, text.len), &bits) || bits < 0 || bits > most))
        return fail_entry(entry, "has a wrong number of bits after the \"/\"", err);
    out->bits = (unsigned)bits;
    for (unsigned bit = out->bits; bit < (unsigned)most; bit++) {
        if (out->address.bytes[bit / 8] >> (7 - bit % 8) & 1)
            return fail_entry(entry, "has an address with bits set beyond its \"/\"", err);
    }
    struct address inner = address_inner(&out->address);
    if (inner.len != out->address.len)
        return fail_entry(entry, "carries an IPv4 address; write that one", err);
    return true;
}

static bool parse_entry(struct str entry, struct egress_range *out, struct error *err)
{
    bool bracketed = entry.len > 0 && entry.ptr[0] == '[';
    size_t end = bracketed ? str_find(entry, STR("]:")) : str_find_byte(entry, ':');
    if (end == entry.len)
        return fail_entry(entry, "is not written like 10.1.0.0/16:5432 or [fd00::/8]:*", err);
    struct str range = str_slice(entry, bracketed ? 1 : 0, end);
    struct str port = str_slice(entry, end + (bracketed ? 2 : 1), entry.len);
    if (!bracketed && str_find_byte(port, ':') < port.len)
        return fail_entry(entry, "has an IPv6 address without brackets", err);
    if (!parse_port(port, &out->port))
        return fail_entry(entry, "must end with a port between 1 and 65535, or *", err);
    return parse_range(entry, range, out, err);
}

struct egress *egress_new(enum egress_policy policy, struct str allow, struct error *err)
{
    AUTO(egress) egress = NEW(egress);
    egress->policy = policy;
    struct str rest = allow.len > 0 ? allow : STR_NULL, entry;
    while (str_split(&rest, ',', &entry)) {
        egress->ranges = xrealloc(egress->ranges, (egress->count + 1) * sizeof(egress->ranges[0]));
        if (!parse_entry(str_trim(entry), &egress->ranges[egress->count], err))
            return NULL;
        egress->count++;
    }
    return egress_take(&egress);
}

void egress_free(struct egress *egress)
{
    if (!egress)
        return;
    free(egress->ranges);
    free(egress);
}

static bool is_listed(const struct egress *egress, const struct address *address, int64_t port,
                      bool exactly)
{
    for (size_t i = 0; i < egress->count; i++) {
        const struct egress_range *range = &egress->ranges[i];
        if (range->port != 0 && range->port != port)
            continue;
        if (exactly && range->bits != 8 * range->address.len)
            continue;
        if (address_within(address, &range->address, range->bits))
            return true;
    }
    return false;
}

bool egress_allows(const struct egress *egress, const struct sockaddr *address, int64_t port)
{
    assert(egress);
    struct address outer;
    if (!address_of(address, &outer))
        return false;
    struct address inner = address_inner(&outer);
    bool open = egress->policy == EGRESS_OPEN;
    switch (address_class(&inner)) {
    case ADDRESS_GLOBAL:
        return true;
    case ADDRESS_SPECIAL:
    case ADDRESS_PRIVATE:
    case ADDRESS_LOOPBACK:
        return open || is_listed(egress, &inner, port, false);
    case ADDRESS_LINK_LOCAL:
    case ADDRESS_RESERVED:
        return is_listed(egress, &inner, port, false);
    case ADDRESS_METADATA:
        return is_listed(egress, &inner, port, true);
    case ADDRESS_MULTICAST:
    case ADDRESS_UNSPECIFIED:
        return false;
    }
    return false;
}
