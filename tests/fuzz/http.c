/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers and cookies. The text is a request; what the checks let through must be free of what they
 * are there for, and what is looked up must be what was sent.
 */
#include "fuzz.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/arena.h"
#include "http/check.h"
#include "http/listen.h"
#include "http/peer.h"
#include "http/text.h"
#include "request.h"

#define COOKIE STR("tieline")

static size_t count_of(const struct http_request *http, struct str name)
{
    size_t count = 0;

    for (size_t i = 0; i < http->header_count; i++)
        count += str_eq_nocase(http->headers[i].name, name);
    return count;
}

static bool has_line_end(struct str text)
{
    return str_find_byte(text, '\r') < text.len || str_find_byte(text, '\n') < text.len ||
           str_find_byte(text, '\0') < text.len;
}

static void check_accepted(const struct fuzz_request *request)
{
    const struct http_request *http = &request->http;
    bool chunked = count_of(http, STR("transfer-encoding")) > 0;

    HOLDS(http->header_count <= HTTP_HEADERS_MAX);
    HOLDS(count_of(http, STR("content-length")) + count_of(http, STR("transfer-encoding")) <= 1);
    HOLDS(!chunked || str_eq(request->version, STR("HTTP/1.1")));
    HOLDS(request->target.len > 0 && request->target.ptr[0] == '/');
    HOLDS(!has_line_end(request->target));
    for (size_t i = 0; i < http->header_count; i++) {
        HOLDS(http->headers[i].name.len > 0 && !has_line_end(http->headers[i].name));
        HOLDS(!has_line_end(http->headers[i].value));
        HOLDS(!fuzz_contains(http->headers[i].name, STR(" ")));
    }
}

static bool is_address(struct str text)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char bytes[16];

    if (text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return inet_pton(AF_INET, copy, bytes) == 1 || inet_pton(AF_INET6, copy, bytes) == 1;
}

/* Forwarded headers count when a trusted proxy speaks, and only then. */
static void check_peer(struct http_request *http, struct arena *arena)
{
    static const char *const trusted[] = { "10.0.0.0/8", "fd00::/8", NULL };
    static const char *const nobody[] = { NULL };
    struct error err;
    struct http_proxies *proxies = http_proxies_new(trusted, &err);
    struct http_proxies *none = http_proxies_new(nobody, &err);

    HOLDS(proxies && none);
    http_peer_find(proxies, STR("10.1.2.3"), http, arena);
    HOLDS(is_address(http->peer));
    http->secure = false;
    http_peer_find(proxies, STR("192.0.2.1"), http, arena);
    HOLDS(str_eq(http->peer, STR("192.0.2.1")) && !http->secure);
    http_peer_find(none, STR("10.1.2.3"), http, arena);
    HOLDS(str_eq(http->peer, STR("10.1.2.3")) && !http->secure);
    http_proxies_free(proxies);
    http_proxies_free(none);
}

/* A cookie stands in a Cookie header, behind its name; one that is put in front is found. */
static void check_cookie(struct fuzz_request *request, struct arena *arena)
{
    struct http_request *http = &request->http;
    struct str found = http_cookie(http, COOKIE);
    bool there = !str_set(found);

    for (size_t i = 0; i < http->header_count && !there; i++) {
        struct str value = http->headers[i].value;
        there = str_eq_nocase(http->headers[i].name, STR("cookie")) && found.ptr >= value.ptr &&
                found.ptr + found.len <= value.ptr + value.len &&
                found.ptr - value.ptr > (ptrdiff_t)COOKIE.len && found.ptr[-1] == '=' &&
                !fuzz_contains(found, STR(";"));
    }
    HOLDS(there);
    for (size_t i = 0; i < http->header_count; i++) {
        if (!str_eq_nocase(http->headers[i].name, STR("cookie")))
            continue;
        request->headers[i].value =
            arena_printf(arena, "tieline=first; " STR_FMT, STR_ARG(http->headers[i].value));
        HOLDS(str_eq(http_cookie(http, COOKIE), STR("first")));
        break;
    }
}

/* "%XX" for every byte: whatever was decoded can be written so, and means the same. */
static struct str encode(struct arena *arena, struct str text)
{
    static const char digits[] = "0123456789abcdef";
    char *out = arena_alloc(arena, 3 * text.len + 1);

    for (size_t i = 0; i < text.len; i++) {
        out[3 * i] = '%';
        out[3 * i + 1] = digits[(unsigned char)text.ptr[i] >> 4];
        out[3 * i + 2] = digits[(unsigned char)text.ptr[i] & 15];
    }
    return (struct str){ out, 3 * text.len };
}

static void check_texts(const struct http_request *http, struct arena *arena)
{
    struct str path, again;
    bool utf8;

    if (http_decode_path(arena, http->path, &path)) {
        HOLDS(str_is_utf8(path) && path.len <= http->path.len);
        HOLDS(http_decode_path(arena, encode(arena, path), &again) && str_eq(path, again));
    }
    struct str input = http_query_param(arena, http->query, STR("input"), &utf8);
    HOLDS(!str_set(input) || utf8 == str_is_utf8(input));
    struct str query = arena_printf(arena, "input=" STR_FMT "&input=second&" STR_FMT,
                                    STR_ARG(encode(arena, input)), STR_ARG(http->query));
    HOLDS(str_eq(http_query_param(arena, query, STR("input"), &utf8), input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str also[] = { { "tieline.example.com", 19 }, { NULL, 0 } };
    static const struct http_hosts hosts = { { "127.0.0.1", 9 }, 8080, also };
    AUTO(arena) arena = arena_new();
    struct fuzz_request request;
    const char *why = NULL;

    fuzz_request_read(fuzz_text(data, size), 65536, &request);
    int status = http_check_framing(request.version, request.target, request.http.headers,
                                    request.http.header_count, &why);
    HOLDS(status == 0 || ((status == 400 || status == 431) && why));
    if (status == 0) {
        check_accepted(&request);
        int host = http_check_host(&hosts, request.http.headers, request.http.header_count, &why);
        HOLDS(host == 0 || host == 400 || host == 421);
        HOLDS(host != 0 || count_of(&request.http, STR("host")) == 1);
    }
    check_peer(&request.http, arena);
    check_cookie(&request, arena);
    check_texts(&request.http, arena);
    return 0;
}
