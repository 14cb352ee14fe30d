/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes beside /trpc. Files come from the built-in table only: a path is looked up there as it was
 * sent, never decoded and never opened.
 */
#include "app/pages.h"

#include "app/page_files.h"
#include "base/id.h"
#include "store/store.h"

#define NONCE_BYTES 16
#define HTML_MAX ((size_t)64 << 10)

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
    struct store_stats stats;
    if (!is_read(exchange_request(exchange))) {
        refuse_method(exchange);
        return;
    }
    store_stats(context, &stats);
    bool damaged = stats.check == STORE_CHECK_DAMAGED;
    struct http_response response = {
        .status = damaged ? 503 : 200,
        .content_type = STR("text/plain; charset=utf-8"),
        .body = damaged ? STR("the store is damaged: see the log\n") : STR("ok\n"),
        .headers = { { STR("cache-control"), STR("no-store") } },
    };
    exchange_answer(exchange, &response);
}

/* --- a build without a page -------------------------------------------------------------------- */

static const char welcome[] =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Tieline</title>\n"
    "<h1>Tieline " TIELINE_VERSION "</h1>\n"
    "<p>The server runs, but this binary was built without the web page, because Node.js was not "
    "there. Build it again with <code>./dev build</code> on a machine that has Node.js.</p>\n"
    "<p>The API is at <code>/trpc</code>, and <code>tieline types</code> prints its types for the "
    "tRPC client.</p>\n</html>\n";

static void answer_welcome(struct exchange *exchange)
{
    struct http_response response = {
        .status = 200,
        .content_type = STR("text/html; charset=utf-8"),
        .body = { welcome, sizeof(welcome) - 1 },
        .headers = { { STR("cache-control"), STR("no-store") },
                     { STR("content-security-policy"),
                       STR("default-src 'none'; base-uri 'none'; form-action 'none'; "
                           "frame-ancestors 'none'") },
                     { STR("x-content-type-options"), STR("nosniff") },
                     { STR("referrer-policy"), STR("no-referrer") } },
    };
    exchange_answer(exchange, &response);
}

static void answer_nothing_here(struct exchange *exchange)
{
    struct http_response response = {
        .status = 404,
        .content_type = STR("application/json"),
        .body = STR("{\"error\":\"nothing is here; the API is at /trpc\"}\n"),
    };
    exchange_answer(exchange, &response);
}

/* --- files ------------------------------------------------------------------------------------- */

static const struct page_file *find_file(struct str path)
{
    for (const struct page_file *file = page_files; str_set(file->path); file++)
        if (str_eq(file->path, path))
            return file;
    return NULL;
}

/*
 * Whether "br;q=1, gzip" takes a coding. Without the header any is welcome (RFC 9110, 12.5.3); a
 * weight of zero, however many digits it has, says no.
 */
static bool accepts(struct str list, struct str coding)
{
    struct str part, name;
    bool any = false;

    if (!str_set(list))
        return true;
    while (str_split(&list, ',', &part)) {
        (void)str_split(&part, ';', &name);
        name = str_trim(name);
        bool named = str_eq_nocase(name, coding);
        if (!named && !str_eq(name, STR("*")))
            continue;
        struct str weight = str_set(part) ? str_trim(part) : STR_NULL;
        bool wanted = !str_starts(weight, STR("q=0"));
        for (size_t i = 3; i < weight.len; i++)
            wanted = wanted || (weight.ptr[i] >= '1' && weight.ptr[i] <= '9');
        if (named)
            return wanted;
        any = wanted;
    }
    return any;
}

/* Whether an If-None-Match holds this tag. Tags of ours hold no comma. */
static bool matches(struct str list, struct str etag)
{
    struct str part;

    while (str_split(&list, ',', &part)) {
        part = str_trim(part);
        if (str_starts(part, STR("W/")))
            part = str_slice(part, 2, part.len);
        if (str_eq(part, etag) || str_eq(part, STR("*")))
            return true;
    }
    return false;
}

static void answer_file(struct exchange *exchange, const struct page_file *file)
{
    const struct http_request *request = exchange_request(exchange);
    struct str codings = http_header_find(request, STR("accept-encoding"));
    /* Who does not say what they can read gets what everybody can. */
    bool brotli = str_set(codings) && accepts(codings, STR("br"));
    struct http_response response = {
        .status = 200,
        .content_type = file->type,
        .body = brotli ? file->brotli : file->gzip,
        .headers = { { STR("cache-control"), file->hashed
                                                 ? STR("public, max-age=31536000, immutable")
                                                 : STR("no-cache") },
                     { STR("etag"), file->etag },
                     { STR("vary"), STR("accept-encoding") },
                     { STR("x-content-type-options"), STR("nosniff") },
                     { STR("content-encoding"), brotli ? STR("br") : STR("gzip") } },
    };

    if (matches(http_header_find(request, STR("if-none-match")), file->etag)) {
        response.status = 304;
        response.content_type = STR_NULL;
        response.body = STR_NULL;
        response.headers[4] = (struct http_header){ STR_NULL, STR_NULL };
    } else if (!brotli && !accepts(codings, STR("gzip"))) {
        response.status = 406;
        response.content_type = STR("application/json");
        response.body = STR("{\"error\":\"files come with the content codings br and gzip\"}\n");
        response.headers[4] = (struct http_header){ STR_NULL, STR_NULL };
    }
    exchange_answer(exchange, &response);
}

/* --- the page ---------------------------------------------------------------------------------- */

/* First parts of the page's own routes; what follows them is the page's affair. */
static bool is_route(struct str path)
{
    static const char *const routes[] = {
        "account", "admin", "invite", "login", "projects", "setup"
    };
    struct str first = STR_NULL, rest = str_slice(path, 1, path.len);

    (void)str_split(&rest, '/', &first);
    if (first.len == 0)
        return path.len == 1;
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
        if (str_eq(first, str_from(routes[i])))
            return true;
    return false;
}

static struct str new_nonce(struct arena *arena)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[NONCE_BYTES];
    char text[2 * NONCE_BYTES];

    random_bytes(bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return arena_str(arena, (struct str){ text, sizeof(text) });
}

static struct str with_nonce(struct str html, struct str nonce, struct arena *arena)
{
    struct buf buf;

    buf_init(&buf, HTML_MAX);
    for (;;) {
        size_t at = str_find(html, STR(PAGE_NONCE));
        buf_add(&buf, str_slice(html, 0, at));
        if (at == html.len)
            break;
        buf_add(&buf, nonce);
        html = str_slice(html, at + sizeof(PAGE_NONCE) - 1, html.len);
    }
    struct str text = arena_str(arena, buf_str(&buf));
    buf_done(&buf);
    return text;
}

/* Styles that scripts add carry the nonce; scripts are files of ours, and nothing else runs. */
static struct str new_policy(struct str nonce, struct arena *arena)
{
    struct buf buf;

    buf_init(&buf, HTML_MAX);
    buf_add_c(&buf, "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-");
    buf_add(&buf, nonce);
    buf_add_c(&buf, "'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
                    "form-action 'self'; frame-ancestors 'none'; "
                    "require-trusted-types-for 'script'");
    struct str text = arena_str(arena, buf_str(&buf));
    buf_done(&buf);
    return text;
}

static void answer_page(struct exchange *exchange, const struct page_file *file, int status)
{
    struct arena *arena = exchange_arena(exchange);
    struct str nonce = new_nonce(arena);
    struct http_response response = {
        .status = status,
        .content_type = file->type,
        .body = with_nonce(file->plain, nonce, arena),
        .headers = { { STR("cache-control"), STR("no-store") },
                     { STR("content-security-policy"), new_policy(nonce, arena) },
                     { STR("cross-origin-opener-policy"), STR("same-origin") },
                     { STR("referrer-policy"), STR("no-referrer") },
                     { STR("x-content-type-options"), STR("nosniff") } },
    };
    exchange_answer(exchange, &response);
}

void page_other(struct exchange *exchange, void *context)
{
    const struct http_request *request = exchange_request(exchange);
    const struct page_file *file = find_file(request->path);
    const struct page_file *page = find_file(STR("/index.html"));
    bool route = is_route(request->path);
    /* A lost person gets the page, which says so in its own words; a lost program does not. */
    bool person = !str_starts(request->path, STR("/assets/")) &&
                  str_find(http_header_find(request, STR("accept")), STR("text/html")) <
                      http_header_find(request, STR("accept")).len;

    (void)context;
    if (!is_read(request)) {
        if (route || file)
            refuse_method(exchange);
        else
            answer_nothing_here(exchange);
    } else if (!page) {
        if (str_eq(request->path, STR("/")))
            answer_welcome(exchange);
        else
            answer_nothing_here(exchange);
    } else if (file && file != page) {
        answer_file(exchange, file);
    } else if (route || person) {
        answer_page(exchange, page, route ? 200 : 404);
    } else {
        answer_nothing_here(exchange);
    }
}
