/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: one thread that reads requests and writes answers, for everyone else an exchange
 * at a time. It knows nothing of tRPC or of Tieline's procedures.
 *
 * A handler runs on the HTTP thread when a request and its body are complete. It must not block: it
 * answers at once, or keeps the exchange and some other thread answers later. Until then the request
 * is suspended and costs no thread. Each exchange is answered exactly once.
 *
 * Before a handler sees a request, http/check.c has refused what the library lets through (several
 * Host or Content-Length headers, Content-Length with Transfer-Encoding, odd header names, foreign
 * Host names) with 400 or 421 and a closed connection; a body over the cap gets 413.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "base/str.h"
#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_OTHER, /* known by its text only: PUT, DELETE, OPTIONS, … */
};

struct http_header {
    struct str name; /* as sent; compare without regard to case */
    struct str value;
};

/* A request as it came. All texts live until the exchange was answered. */
struct http_request {
    struct id id; /* goes into answers and logs */
    enum http_method method;
    struct str method_text;
    struct str path;     /* raw: up to the first "?", not decoded */
    struct str query;    /* raw: behind the "?"; absent when there is none */
    struct str body;     /* absent when none was sent or the method has none */
    bool body_too_large; /* over the cap: body is absent, what was sent is thrown away */
    struct str peer;     /* address of the client, through trusted proxies; "local" */
    bool local;          /* came through the Unix socket, from our own user or root */
    bool secure;         /* came over TLS, by the word of a trusted proxy */
    const struct http_header *headers;
    size_t header_count;
};

/* First header of that name (lower case given), or the absent str. */
struct str http_header_find(const struct http_request *request, struct str name);
/* Value of a cookie, or the absent str. */
struct str http_cookie(const struct http_request *request, struct str name);

/* One request and its answer to come. */
struct exchange;

const struct http_request *exchange_request(const struct exchange *exchange);
/* Memory that lives until the answer was sent.  Threads: one at a time. */
struct arena *exchange_arena(struct exchange *exchange);

/* The request's body, its memory and its answer are overwritten before they are given back. */
void exchange_wipe(struct exchange *exchange);

#define HTTP_EXTRA_HEADERS_MAX 12

struct http_response {
    int status;
    struct str content_type; /* absent: no body */
    struct str body;         /* lives in the exchange's arena, or is static, or in `text` */
    struct buf *text;        /* the body when not absent: taken over, freed when sent */
    struct http_header headers[HTTP_EXTRA_HEADERS_MAX]; /* in use up to an absent name */
    bool close;                                         /* close the connection behind the answer */
    struct str ping;  /* of a stream: static text, or absent for none */
    size_t queue_max; /* of a stream: bytes that may wait; 0: HTTP_STREAM_QUEUE_MAX */
};

/* Answers. The exchange is gone for the caller.  Blocks: no.  Threads: any. */
void exchange_answer(struct exchange *exchange, const struct http_response *response);

/*
 * A streamed answer (server-sent events, JSON lines): start once, write as text comes up, end once.
 * Text is queued; when the client reads so slowly that more waits than the head allows, the
 * connection is closed. Writing after the client went does nothing.
 *
 * `closed` is called once: when the client went, the server stops, or what was written before the
 * end has been sent. It runs on the HTTP thread (or inside exchange_stream() when the client was
 * given up before), and it may call exchange_end(). The exchange is gone when `closed` has returned
 * and exchange_end() was called, whichever comes last: both always happen.
 *
 * The request keeps no deadline. A head that names a ping has it sent whenever nothing else was
 * written for HTTP_STREAM_PING_MS, which keeps proxies patient and finds dead clients. A client that
 * takes nothing for HTTP_STREAM_STALL_MS, while something waits, is cut off.
 * Threads: any.
 */
#define HTTP_STREAM_QUEUE_MAX ((size_t)4 << 20)
#define HTTP_STREAM_PING_MS 15000
#define HTTP_STREAM_STALL_MS 60000
void exchange_stream(struct exchange *exchange, const struct http_response *head,
                     void (*closed)(void *context), void *context);
void exchange_write(struct exchange *exchange, struct str text);
void exchange_end(struct exchange *exchange);
/* Bytes that wait to be sent. */
size_t exchange_backlog(struct exchange *exchange);

/* Routes are exact, or subtrees ("/trpc/" serves everything below); the first match counts. */
struct http_route {
    struct str path;
    bool subtree;
    bool any_host; /* answers whatever the Host header says: health checks */
    void (*handle)(struct exchange *exchange, void *context);
    void *context;
};

/*
 * Host values that are always answered: the listen address; with a loopback address also localhost
 * and the other loopback addresses; with a wildcard address any address literal (names that an
 * attacker makes resolve to us are what the check is for). All with the listen address's port, which
 * may be left out when it is 80.
 */
struct http_config {
    struct str listen; /* "127.0.0.1:8080", "[::1]:8080"; port 0 = any free one */
    /*
     * Set: a Unix socket at this path takes the place of `listen` ("": one without a path). Only
     * processes of our own user and of root are answered, whatever Host they name.
     */
    struct str local;
    const struct str *hosts; /* Host values answered beside those below; absent str ends */
    const char *const *trusted_proxies; /* CIDRs whose forwarded headers count; NULL ends */
    size_t body_max;                    /* bytes */
    unsigned connections_max, connections_per_address_max;
    int64_t header_timeout_ms, request_timeout_ms; /* total, not idle */
    const struct http_route *routes;               /* absent path ends the list */
    const struct http_response *overdue; /* what a request gets that nobody answered in time, all
                                            static; NULL: 503 in plain text */
};

struct http_server;

/*
 * Binds, listens and starts the HTTP thread.
 *
 *   Returns  the server, or NULL: ERR_BAD_REQUEST listen address not understood,
 *            ERR_CONFLICT address in use (named in the message)
 *   Owns     the caller closes it; the config's texts must live as long.
 */
MUST_USE struct http_server *http_server_open(const struct http_config *config, struct error *err);
/* "127.0.0.1:8080" with the real port, or what http/local.h connects to; lives as long as the server. */
struct str http_server_address(const struct http_server *server);

#define HTTP_STATUS_MAX 600
struct http_stats {
    int64_t
        answers[HTTP_STATUS_MAX]; /* since the start, by status; not the library's own refusals */
    int64_t connections;          /* open now */
};
/* Threads: any. */
void http_server_stats(struct http_server *server, struct http_stats *out);

/* Accepts nothing new; open exchanges go on. */
void http_server_quiesce(struct http_server *server);
/* Waits until all exchanges were answered or `by`, answers the rest with 503, stops. NULL is fine. */
void http_server_close(struct http_server *server, struct deadline by);

#endif
