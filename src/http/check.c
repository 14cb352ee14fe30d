/* SPDX-License-Identifier: Apache-2.0 */
/* Header checks: see check.h. Source: RFC 9110 (tokens, Host), RFC 9112 (framing). */
#include "http/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static bool is_token_byte(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_token_byte(s.ptr[i]))
            return false;
    return s.len > 0;
}

static bool is_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

/* Blank is a control here: no part of a request line or header name may hold either. */
static bool has_control(struct str s, bool blanks_too)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == 0x7f || (c < 0x20 && c != '\t') || (blanks_too && (c == ' ' || c == '\t')))
            return true;
    }
    return false;
}

static int refuse(int status, const char *text, const char **why)
{
    *why = text;
    return status;
}

int http_check_framing(struct str version, struct str target, const struct http_header *headers,
                       size_t count, const char **why)
{
    unsigned lengths = 0, encodings = 0;

    if (target.len == 0 || target.ptr[0] != '/')
        return refuse(400, "the request target must be a path", why);
    if (has_control(target, true))
        return refuse(400, "control character in the request target", why);
    if (count > HTTP_HEADERS_MAX)
        return refuse(431, "too many header fields", why);
    for (size_t i = 0; i < count; i++) {
        struct str name = headers[i].name, value = headers[i].value;
        if (!is_token(name))
            return refuse(400, "malformed header name", why);
        if (has_control(value, false))
            return refuse(400, "control character in a header", why);
        if (str_eq_nocase(name, STR("content-length"))) {
            lengths++;
            if (!is_digits(value))
                return refuse(400, "malformed Content-Length", why);
        } else if (str_eq_nocase(name, STR("transfer-encoding"))) {
            encodings++;
            if (!str_eq_nocase(value, STR("chunked")))
                return refuse(400, "unknown Transfer-Encoding", why);
        }
    }
    if (lengths > 1)
        return refuse(400, "several Content-Length headers", why);
    if (encodings > 1)
        return refuse(400, "several Transfer-Encoding headers", why);
    if (lengths && encodings)
        return refuse(400, "both Content-Length and Transfer-Encoding", why);
    if (encodings && !str_eq(version, STR("HTTP/1.1")))
        return refuse(400, "Transfer-Encoding needs HTTP/1.1", why);
    return 0;
}

/* Splits "name:port", "[v6]:port"; *name has no brackets. False when it is neither. */
static bool split_host(struct str value, struct str *name, bool *literal6, int64_t *port)
{
    size_t end;

    *literal6 = value.len > 0 && value.ptr[0] == '[';
    if (*literal6) {
        end = str_find_byte(value, ']');
        if (end == value.len)
            return false;
        *name = str_slice(value, 1, end++);
    } else {
        end = str_find_byte(value, ':');
        *name = str_slice(value, 0, end);
    }
    *port = 80;
    if (end == value.len)
        return name->len > 0;
    return name->len > 0 && value.ptr[end] == ':' &&
           is_digits(str_slice(value, end + 1, value.len)) &&
           str_to_int64(str_slice(value, end + 1, value.len), port);
}

/* The address of a literal; family 0 when it is none. */
static int parse_address(struct str text, unsigned char out[16])
{
    char copy[INET6_ADDRSTRLEN];

    if (text.len >= sizeof(copy))
        return 0;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, out) == 1)
        return AF_INET;
    return inet_pton(AF_INET6, copy, out) == 1 ? AF_INET6 : 0;
}

static bool is_loopback(int family, const unsigned char *address)
{
    static const unsigned char v6[16] = { [15] = 1 };

    return family == AF_INET ? address[0] == 127
                             : family == AF_INET6 && memcmp(address, v6, sizeof(v6)) == 0;
}

static bool is_wildcard(int family, const unsigned char *address)
{
    static const unsigned char zero[16];

    return family != 0 && memcmp(address, zero, family == AF_INET ? 4 : 16) == 0;
}

static bool host_is_ours(const struct http_hosts *hosts, struct str value)
{
    struct str name;
    bool literal6;
    int64_t port;
    unsigned char theirs[16], ours[16];

    for (const struct str *also = hosts->also; also && str_set(*also); also++)
        if (str_eq_nocase(*also, value))
            return true;
    if (!split_host(value, &name, &literal6, &port) || port != hosts->port)
        return false;
    int family = parse_address(name, theirs);
    if (literal6 != (family == AF_INET6))
        return false;
    int our_family = parse_address(hosts->address, ours);
    bool local = is_loopback(our_family, ours), any = is_wildcard(our_family, ours);
    if (family == 0)
        return (local || any) && str_eq_nocase(name, STR("localhost"));
    if (any || (local && is_loopback(family, theirs)))
        return true;
    return family == our_family && memcmp(theirs, ours, family == AF_INET ? 4 : 16) == 0;
}

int http_check_host(const struct http_hosts *hosts, const struct http_header *headers, size_t count,
                    const char **why)
{
    struct str value = STR_NULL;

    for (size_t i = 0; i < count; i++) {
        if (!str_eq_nocase(headers[i].name, STR("host")))
            continue;
        if (str_set(value))
            return refuse(400, "several Host headers", why);
        value = headers[i].value;
    }
    if (!str_set(value))
        return refuse(400, "no Host header", why);
    if (!host_is_ours(hosts, value))
        return refuse(421, "this server does not answer for that Host", why);
    return 0;
}
