/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd, behind our own types: the only file that includes it.
 *
 * One thread of the library reads, calls us and writes (epoll). What it tells us, in order, for each
 * request: the raw target (on_target); the headers (first on_request); the body in parts; the end of
 * the request (an on_request without data), once more after each resume; completion.
 * Its own time limits are off: sweep.c keeps total ones.
 */
#include "http/internal.h"

#include <signal.h>
#include <string.h>

#include <microhttpd.h>

#include "base/crash.h"
#include "base/mem.h"
#include "http/local.h"

#define REQUEST_MEMORY ((size_t)32 * 1024)
/* Of one part of a stream; the library takes less when its memory is short. */
#define STREAM_BLOCK ((size_t)16 * 1024)

static void set_deadline(struct http_conn *conn, int64_t ms)
{
    atomic_store(&conn->deadline_us, clock_us() + ms * 1000);
}

/* The library wants pointers to non-const bytes, and does not write to them. */
static void *writable(const char *bytes)
{
    void *same;

    memcpy(&same, &bytes, sizeof(same));
    return same;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **held,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http_server *server = context;
    struct http_conn *conn;

    switch (what) {
    case MHD_CONNECTION_NOTIFY_STARTED:
        conn = NEW(http_conn);
        conn->socket =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        http_peer_format(
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
            conn->peer);
        conn->foreign = str_set(server->config.local) && !local_peer_is_ours(conn->socket);
        set_deadline(conn, server->config.header_timeout_ms);
        *held = conn;
        pthread_mutex_lock(&server->lock);
        list_push(&server->conns, &conn->node);
        server->conn_count++;
        pthread_mutex_unlock(&server->lock);
        return;
    case MHD_CONNECTION_NOTIFY_CLOSED:
        conn = *held;
        pthread_mutex_lock(&server->lock);
        list_remove(&conn->node);
        server->conn_count--;
        pthread_mutex_unlock(&server->lock);
        free(conn);
        *held = NULL;
        return;
    }
}

static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct http_server *server = context;
    struct http_conn *conn =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

    set_deadline(conn, server->config.header_timeout_ms);
    return exchange_begin(server, conn, connection, str_from(target ? target : ""));
}

struct header_copy {
    struct arena *arena;
    struct http_header *next;
    size_t left;
};

static enum MHD_Result copy_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   size_t name_size, const char *value, size_t value_size)
{
    struct header_copy *copy = context;

    (void)kind;
    if (copy->left == 0)
        return MHD_NO;
    copy->left--;
    *copy->next++ = (struct http_header){
        .name = arena_str(copy->arena, (struct str){ name, name_size }),
        .value = str_trim(arena_str(copy->arena, (struct str){ value ? value : "", value_size })),
    };
    return MHD_YES;
}

static void take_method(struct http_request *request, struct str method)
{
    request->method_text = method;
    request->method = str_eq(method, STR("GET"))    ? HTTP_GET
                      : str_eq(method, STR("POST")) ? HTTP_POST
                      : str_eq(method, STR("HEAD")) ? HTTP_HEAD
                                                    : HTTP_OTHER;
}

static void take_request(struct exchange *exchange, const char *method)
{
    struct http_request *request = &exchange->request;
    struct arena *arena = exchange->arena;
    struct MHD_Connection *connection = exchange->connection;

    request->id = id_new();
    take_method(request, arena_str(arena, str_from(method)));
    size_t question = str_find_byte(exchange->target, '?');
    request->path = str_slice(exchange->target, 0, question);
    if (question < exchange->target.len)
        request->query = str_slice(exchange->target, question + 1, exchange->target.len);

    int count = MHD_get_connection_values_n(connection, MHD_HEADER_KIND, NULL, NULL);
    request->header_count = count > 0 ? (size_t)count : 0;
    struct http_header *headers = ARENA_ARRAY(arena, http_header, request->header_count);
    struct header_copy copy = { arena, headers, request->header_count };
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, copy_header, &copy);
    request->headers = headers;
    http_peer_find(exchange->server->proxies, str_from(exchange->conn->peer), request, arena);
}

static void add_header(struct MHD_Response *reply, struct arena *arena, const char *name,
                       struct str value)
{
    if (MHD_add_response_header(reply, name, arena_c(arena, value)) != MHD_YES)
        crash_fatal("the HTTP library refused the response header \"%s\"", name);
}

static ssize_t read_stream(void *context, uint64_t position, char *out, size_t max)
{
    ptrdiff_t got = exchange_read(context, out, max);

    (void)position;
    if (got == STREAM_END)
        return MHD_CONTENT_READER_END_OF_STREAM;
    return got == STREAM_CUT ? MHD_CONTENT_READER_END_WITH_ERROR : (ssize_t)got;
}

/* Hands the answer to the library. What it holds lives until the request is completed. */
static enum MHD_Result send_answer(struct exchange *exchange)
{
    struct http_server *server = exchange->server;
    const struct http_response *response = &exchange->response;
    /* Somebody else may still be using the exchange's arena. */
    bool shared = exchange->given_up || exchange->streaming;
    AUTO(arena) own = shared ? arena_new() : NULL;
    struct arena *arena = shared ? own : exchange->arena;
    struct MHD_Response *reply;

    if (exchange->streaming)
        reply = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream,
                                                  exchange, NULL);
    else
        reply = MHD_create_response_from_buffer(response->body.len, writable(response->body.ptr),
                                                MHD_RESPMEM_PERSISTENT);
    if (!reply)
        crash_fatal("out of memory: an HTTP response");
    if (str_set(response->content_type))
        add_header(reply, arena, "content-type", response->content_type);
    for (size_t i = 0; i < HTTP_EXTRA_HEADERS_MAX && str_set(response->headers[i].name); i++)
        add_header(reply, arena, arena_c(arena, response->headers[i].name),
                   response->headers[i].value);

    pthread_mutex_lock(&server->lock);
    bool close = response->close || server->quiesced;
    exchange->state = EXCHANGE_SENDING;
    pthread_mutex_unlock(&server->lock);
    if (close)
        add_header(reply, arena, "connection", STR("close"));
    if (response->status < HTTP_STATUS_MAX)
        atomic_fetch_add_explicit(&server->answers[response->status], 1, memory_order_relaxed);
    set_deadline(exchange->conn, server->config.request_timeout_ms);
    enum MHD_Result queued =
        MHD_queue_response(exchange->connection, (unsigned)response->status, reply);
    MHD_destroy_response(reply); /* drops our reference */
    return queued;
}

/* Our own words: of refusals, and of paths that nobody serves. */
static enum MHD_Result answer_plainly(struct exchange *exchange, int status, const char *text,
                                      bool close)
{
    char *id = arena_alloc(exchange->arena, ID_TEXT_SIZE);

    exchange->response = (struct http_response){
        .status = status,
        .content_type = STR("text/plain"),
        .body = arena_printf(exchange->arena, "%s\n", text),
        .headers = { { STR("x-request-id"), id_format(exchange->request.id, id) },
                     { STR("x-content-type-options"), STR("nosniff") },
                     { STR("cache-control"), STR("no-store") } },
        .close = close,
    };
    return send_answer(exchange);
}

/* The headers are here: refuse, or let the body come. */
static enum MHD_Result begin_request(struct exchange *exchange, const char *method,
                                     const char *version)
{
    struct http_request *request = &exchange->request;
    const char *why = NULL;

    take_request(exchange, method);
    if (exchange->conn->foreign)
        return answer_plainly(exchange, 403, "this socket is its owner's", true);
    request->local = str_set(exchange->server->config.local);
    int status = http_check_framing(str_from(version), exchange->target, request->headers,
                                    request->header_count, &why);
    if (status != 0)
        return answer_plainly(exchange, status, why, true);
    exchange->route = http_route_find(exchange->server, request->path);
    if (!request->local && (!exchange->route || !exchange->route->any_host))
        status = http_check_host(&exchange->server->hosts, request->headers, request->header_count,
                                 &why);
    if (status != 0)
        return answer_plainly(exchange, status, why, true);
    set_deadline(exchange->conn, exchange->server->config.request_timeout_ms);
    return MHD_YES;
}

static enum MHD_Result finish_request(struct exchange *exchange)
{
    if (exchange->route)
        return exchange_run(exchange) ? send_answer(exchange) : MHD_YES;
    return answer_plainly(exchange, 404, "not found", false);
}

/* NOLINTNEXTLINE(readability-function-size): so many parameters are the library's wish */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_size, void **held)
{
    struct exchange *exchange = *held;

    (void)context;
    (void)connection;
    (void)url; /* decoded: we match the raw target */
    if (!exchange->begun) {
        exchange->begun = true;
        return begin_request(exchange, method, version);
    }
    if (*data_size > 0) {
        struct str part = { data, *data_size };
        *data_size = 0;
        return exchange_take_body(exchange, part) ? MHD_YES : MHD_NO;
    }
    return exchange->complete ? send_answer(exchange) : finish_request(exchange);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **held,
                         enum MHD_RequestTerminationCode why)
{
    struct exchange *exchange = *held;

    (void)context;
    (void)connection;
    (void)why;
    if (!exchange)
        return;
    *held = NULL;
    set_deadline(exchange->conn, HTTP_IDLE_MS);
    exchange_completed(exchange);
}

static void on_panic(void *context, const char *file, unsigned int line, const char *reason)
{
    (void)context;
    crash_fatal("the HTTP library gave up at %s:%u: %s", file, line, reason ? reason : "");
}

/* Signals are for the main thread: the library's inherits the mask that we have here. */
static struct MHD_Daemon *start_daemon(struct http_server *server, unsigned per_address)
{
    sigset_t all, before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, server,
        MHD_OPTION_LISTEN_SOCKET, server->socket, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, REQUEST_MEMORY, MHD_OPTION_CONNECTION_LIMIT,
        server->config.connections_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT, per_address,
        MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        server, MHD_OPTION_END);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return daemon;
}

bool mhd_start(struct http_server *server, struct error *err)
{
    const struct http_config *config = &server->config;
    /* Behind a proxy every client has the proxy's address: then it is the proxy's job to count. */
    bool proxied = config->trusted_proxies && config->trusted_proxies[0];

    MHD_set_panic_func(on_panic, NULL);
    server->daemon = start_daemon(server, proxied ? 0 : config->connections_per_address_max);
    if (!server->daemon)
        return fail(err, ERR_UNAVAILABLE, "could not start the HTTP thread on %s", server->address);
    return true;
}

void mhd_quiesce(struct http_server *server)
{
    (void)MHD_quiesce_daemon(server->daemon);
}

void mhd_stop(struct http_server *server)
{
    MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
}

void mhd_suspend(struct exchange *exchange)
{
    MHD_suspend_connection(exchange->connection);
}

void mhd_resume(struct exchange *exchange)
{
    MHD_resume_connection(exchange->connection);
}
