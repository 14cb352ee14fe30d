/* SPDX-License-Identifier: Apache-2.0 */
/* Which host texts are taken, and which of them mean something nearby. */
#include "connector/host.h"

#include "connector/address.h"

#define HOST_LABEL_MAX 63

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

static bool is_hex_digit(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/*
 * Would an address parser of the old kind take this label for a number? "0x" alone counts, because
 * some do. No top-level domain looks like that.
 */
static bool is_number(struct str label)
{
    bool hex =
        label.len >= 2 && label.ptr[0] == '0' && (label.ptr[1] == 'x' || label.ptr[1] == 'X');
    for (size_t i = hex ? 2 : 0; i < label.len; i++) {
        if (hex ? !is_hex_digit(label.ptr[i]) : !is_digit(label.ptr[i]))
            return false;
    }
    return label.len > 0;
}

static bool label_check(struct str label, struct error *err)
{
    if (label.len == 0)
        return fail(err, ERR_INVALID_HOST,
                    "the host has an empty part between, before or after dots");
    if (label.len > HOST_LABEL_MAX)
        return fail(err, ERR_INVALID_HOST, "a part of the host is longer than %d bytes",
                    HOST_LABEL_MAX);
    for (size_t i = 0; i < label.len; i++) {
        if (!is_name_byte(label.ptr[i]))
            return fail(err, ERR_INVALID_HOST,
                        "the host may hold only letters, digits, hyphens, underscores and dots");
    }
    if (label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
        return fail(err, ERR_INVALID_HOST, "no part of the host may begin or end with a hyphen");
    return true;
}

bool host_check(struct str host, struct error *err)
{
    struct address address;
    if (address_parse(host, &address))
        return true;
    if (host.len == 0)
        return fail(err, ERR_INVALID_HOST, "the host is missing");
    if (host.len > HOST_MAX)
        return fail(err, ERR_INVALID_HOST, "the host is longer than %d bytes", HOST_MAX);
    if (str_find_byte(host, ':') < host.len)
        return fail(err, ERR_INVALID_HOST,
                    "the host is not an IPv6 address (scopes such as %%eth0 are not taken)");

    struct str rest = host, label = STR_NULL;
    while (str_split(&rest, '.', &label)) {
        if (!label_check(label, err))
            return false;
    }
    if (is_number(label))
        return fail(err, ERR_INVALID_HOST,
                    "the host \"" STR_FMT "\" is not a canonical IPv4 address, such as 192.0.2.1",
                    STR_ARG(host));
    return true;
}

bool host_is_near(struct str host)
{
    struct address address;
    if (address_parse(host, &address)) {
        enum address_class class = address_class(&address);
        return class == ADDRESS_LOOPBACK || class == ADDRESS_PRIVATE;
    }
    return str_find_byte(host, '.') == host.len || str_ends(host, STR(".local")) ||
           str_ends(host, STR(".internal"));
}
