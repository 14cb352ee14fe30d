/* SPDX-License-Identifier: Apache-2.0 */
/* Routes beside /trpc. */
#include "app/pages.h"

static bool is_read(const struct http_request *request)
{
    return request->method == HTTP_GET || request->method == HTTP_HEAD;
}

static void refuse_method(struct exchange *exchange)
{
    struct http_response response = {
        .status = 405,
        .content_type = STR("application/json"),
        .body = STR("{\"error\":\"only GET and HEAD\"}\n"),
        .headers = { { STR("allow"), STR("GET, HEAD") } },
    };
    exchange_answer(exchange, &response);
}

void page_health(struct exchange *exchange, void *context)
{
    (void)context;
    if (!is_read(exchange_request(exchange))) {
        refuse_method(exchange);
        return;
    }
    struct http_response response = {
        .status = 200,
        .content_type = STR("text/plain; charset=utf-8"),
        .body = STR("ok\n"),
        .headers = { { STR("cache-control"), STR("no-store") } },
    };
    exchange_answer(exchange, &response);
}

static const char welcome[] =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Tieline</title>\n"
    "<h1>Tieline " TIELINE_VERSION "</h1>\n"
    "<p>The server runs. This build has no web page; the API is at <code>/trpc</code>, and "
    "<code>tieline types</code> prints its types for the tRPC client.</p>\n</html>\n";

void page_other(struct exchange *exchange, void *context)
{
    const struct http_request *request = exchange_request(exchange);
    (void)context;

    if (!str_eq(request->path, STR("/"))) {
        struct http_response response = {
            .status = 404,
            .content_type = STR("application/json"),
            .body = STR("{\"error\":\"nothing is here; the API is at /trpc\"}\n"),
        };
        exchange_answer(exchange, &response);
        return;
    }
    if (!is_read(request)) {
        refuse_method(exchange);
        return;
    }
    struct http_response response = {
        .status = 200,
        .content_type = STR("text/html; charset=utf-8"),
        .body = { welcome, sizeof(welcome) - 1 },
        .headers = { { STR("content-security-policy"),
                       STR("default-src 'none'; base-uri 'none'; form-action 'none'; "
                           "frame-ancestors 'none'") },
                     { STR("x-content-type-options"), STR("nosniff") },
                     { STR("referrer-policy"), STR("no-referrer") } },
    };
    exchange_answer(exchange, &response);
}
