/* SPDX-License-Identifier: Apache-2.0 */
/* Forwarded addresses: see peer.h. Everything is compared as an IPv6 address. */
#include "http/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

struct range {
    unsigned char address[16];
    unsigned bits;
};

struct http_proxies {
    size_t count;
    struct range ranges[];
};

static const unsigned char v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

/* An address literal of either family as IPv6; *bits is its length in bits. */
static bool parse_address(struct str text, unsigned char out[16], unsigned *bits)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char v4[4];

    if (text.len == 0 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    *bits = 128;
    if (inet_pton(AF_INET6, copy, out) == 1)
        return true;
    if (inet_pton(AF_INET, copy, v4) != 1)
        return false;
    memcpy(out, v4_prefix, sizeof(v4_prefix));
    memcpy(out + 12, v4, sizeof(v4));
    *bits = 32;
    return true;
}

static bool parse_range(const char *cidr, struct range *out)
{
    struct str rest = str_from(cidr), address;
    unsigned bits;
    int64_t prefix;

    if (!str_split(&rest, '/', &address) || !parse_address(address, out->address, &bits))
        return false;
    prefix = bits;
    if (str_set(rest) && (!str_to_int64(rest, &prefix) || prefix < 0 || prefix > bits))
        return false;
    out->bits = 128 - bits + (unsigned)prefix;
    return true;
}

struct http_proxies *http_proxies_new(const char *const *cidrs, struct error *err)
{
    size_t count = 0;

    while (cidrs && cidrs[count])
        count++;
    struct http_proxies *proxies = xcalloc(1, sizeof(*proxies) + count * sizeof(struct range));
    proxies->count = count;
    for (size_t i = 0; i < count; i++) {
        if (!parse_range(cidrs[i], &proxies->ranges[i])) {
            http_proxies_free(proxies);
            return fail_null(err, ERR_BAD_REQUEST,
                             "trusted proxy \"%s\" is no address range such as 10.0.0.0/8",
                             cidrs[i]);
        }
    }
    return proxies;
}

void http_proxies_free(struct http_proxies *proxies)
{
    free(proxies);
}

static bool in_range(const struct range *range, const unsigned char address[16])
{
    size_t whole = range->bits / 8;
    unsigned left = range->bits % 8;

    if (memcmp(range->address, address, whole) != 0)
        return false;
    return left == 0 || ((range->address[whole] ^ address[whole]) >> (8 - left)) == 0;
}

static bool is_proxy(const struct http_proxies *proxies, struct str text)
{
    unsigned char address[16];
    unsigned bits;

    if (proxies->count == 0 || !parse_address(text, address, &bits))
        return false;
    for (size_t i = 0; i < proxies->count; i++)
        if (in_range(&proxies->ranges[i], address))
            return true;
    return false;
}

void http_peer_format(const struct sockaddr *address, char text[HTTP_PEER_SIZE])
{
    text[0] = '\0';
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        (void)inet_ntop(AF_INET, &v4->sin_addr, text, HTTP_PEER_SIZE);
    } else if (address->sa_family == AF_INET6) {
        const unsigned char *bytes =
            ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
        if (memcmp(bytes, v4_prefix, sizeof(v4_prefix)) == 0)
            (void)inet_ntop(AF_INET, bytes + 12, text, HTTP_PEER_SIZE);
        else
            (void)inet_ntop(AF_INET6, bytes, text, HTTP_PEER_SIZE);
    } else if (address->sa_family == AF_UNIX) {
        (void)snprintf(text, HTTP_PEER_SIZE, "local");
    }
}

/* Takes the last element off a comma-separated list. */
static struct str last_of(struct str *list)
{
    size_t comma = list->len;

    while (comma > 0 && list->ptr[comma - 1] != ',')
        comma--;
    struct str last = str_trim(str_slice(*list, comma, list->len));
    *list = comma > 0 ? str_slice(*list, 0, comma - 1) : STR_NULL;
    return last;
}

void http_peer_find(const struct http_proxies *proxies, struct str socket_peer,
                    struct http_request *request, struct arena *arena)
{
    struct str peer = socket_peer;
    unsigned char address[16];
    unsigned bits;

    /* Proxies append, so the walk goes backwards as long as a trusted one is speaking. */
    for (size_t i = request->header_count; i-- > 0 && is_proxy(proxies, peer);) {
        if (!str_eq_nocase(request->headers[i].name, STR("x-forwarded-for")))
            continue;
        struct str list = request->headers[i].value;
        while (str_set(list) && is_proxy(proxies, peer)) {
            struct str before = last_of(&list);
            if (!parse_address(before, address, &bits)) {
                i = 0; /* not an address: nothing further left can be believed */
                break;
            }
            peer = before;
        }
    }
    request->peer = arena_str(arena, peer);
    if (is_proxy(proxies, socket_peer)) {
        struct str protocol = http_header_find(request, STR("x-forwarded-proto"));
        request->secure = str_eq_nocase(protocol, STR("https"));
    }
}
