/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and its answer, between the HTTP thread and whoever answers.
 *
 *     READING ── complete ──► RUNNING ── answered in the handler ──► READY ──► SENDING
 *                                └── not yet ──► PARKED ── answered ──►┘          │ ▲
 *                                                  ▲ └── stream has more ─────────┼─┘
 *                                                  └── stream has nothing ────────┘
 *
 * Two sides need an exchange: the HTTP side until the library is done with the request (`open`), the
 * handler's side until it has answered or ended its stream (`held`). Whoever is last frees it. An
 * exchange that the server answered by itself (deadline, stop) lives on for its handler, and its
 * texts with it: that is why they are copies, not views of the library's memory.
 */
#include "http/internal.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"

#define SPARES_MAX 256
#define KEPT_BUF_MAX ((size_t)64 * 1024)

/* What is thrown away of a body over the cap before the client is cut off: body_max times this. */
#define DISCARD_FACTOR 16

static void drop_text(struct buf *text, bool wipe)
{
    if (wipe && text->ptr)
        secret_wipe(text->ptr, text->size);
    buf_done(text);
}

struct exchange *exchange_begin(struct http_server *server, struct http_conn *conn,
                                struct MHD_Connection *connection, struct str target)
{
    struct exchange *exchange = server->free;
    if (exchange) {
        server->free = exchange->next_free;
        server->free_count--;
    } else {
        exchange = NEW(exchange);
        exchange->arena = arena_new();
    }
    exchange->server = server;
    exchange->conn = conn;
    exchange->connection = connection;
    exchange->target = arena_str(exchange->arena, target);
    buf_init(&exchange->body, server->config.body_max);
    pthread_mutex_lock(&server->lock);
    exchange->state = EXCHANGE_READING;
    exchange->open = true;
    conn->exchange = exchange;
    server->exchanges++;
    pthread_mutex_unlock(&server->lock);
    return exchange;
}

/* Empties it for the next request. */
static void reset(struct exchange *exchange)
{
    struct arena *arena = exchange->arena;

    drop_text(&exchange->body, exchange->wipe);
    drop_text(&exchange->text, exchange->wipe);
    drop_text(&exchange->queue, exchange->wipe);
    /* An arena once told to wipe goes on wiping. */
    if (exchange->wipe) {
        arena_free(arena);
        arena = arena_new();
    } else {
        arena_reset(arena);
    }
    memset(exchange, 0, sizeof(*exchange));
    exchange->arena = arena;
}

static void destroy(struct exchange *exchange)
{
    reset(exchange);
    arena_free(exchange->arena);
    free(exchange);
}

/*
 * Called with the lock held by the side that has just let go; gives the lock back. Only the HTTP
 * thread keeps spares, so that taking one needs no lock.
 */
static void let_go(struct exchange *exchange, bool http_thread)
{
    struct http_server *server = exchange->server;

    if (exchange->open || exchange->held) {
        pthread_mutex_unlock(&server->lock);
        return;
    }
    server->exchanges--;
    bool last = server->closed && server->exchanges == 0;
    pthread_mutex_unlock(&server->lock);
    if (http_thread && server->free_count < SPARES_MAX) {
        reset(exchange);
        exchange->next_free = server->free;
        server->free = exchange;
        server->free_count++;
    } else {
        destroy(exchange);
    }
    if (last)
        http_server_free(server);
}

void exchange_free_spares(struct http_server *server)
{
    while (server->free) {
        struct exchange *exchange = server->free;
        server->free = exchange->next_free;
        destroy(exchange);
    }
    server->free_count = 0;
}

/* All of it at once where the length is known: growing would leave copies that nobody wipes. */
static void reserve_body(struct exchange *exchange)
{
    struct str length = http_header_find(&exchange->request, STR("content-length"));
    int64_t size;

    if (str_to_int64(length, &size) && size > 0 &&
        (uint64_t)size <= exchange->server->config.body_max)
        (void)buf_reserve(&exchange->body, (size_t)size);
}

bool exchange_take_body(struct exchange *exchange, struct str part)
{
    struct http_request *request = &exchange->request;
    size_t max = exchange->server->config.body_max;

    exchange->received += part.len;
    if (exchange->received > max) {
        drop_text(&exchange->body, true);
        request->body = STR_NULL;
        request->body_too_large = true;
        return exchange->received / DISCARD_FACTOR <= max;
    }
    if (!exchange->body.ptr)
        reserve_body(exchange);
    buf_add(&exchange->body, part);
    request->body = buf_str(&exchange->body);
    return true;
}

/* Under the lock. */
static void set_ready(struct exchange *exchange)
{
    bool parked = exchange->state == EXCHANGE_PARKED;

    exchange->state = EXCHANGE_READY;
    if (parked)
        mhd_resume(exchange);
}

void exchange_wake(struct exchange *exchange)
{
    if (exchange->state != EXCHANGE_PARKED)
        return;
    exchange->state = EXCHANGE_SENDING;
    mhd_resume(exchange);
}

void exchange_give_up(struct exchange *exchange)
{
    static const struct http_response plain = {
        .status = 503,
        .content_type = { "text/plain", 10 },
        .body = { "the server did not answer in time\n", 34 },
        .close = true,
    };
    const struct http_response *overdue = exchange->server->config.overdue;

    exchange->given_up = true;
    exchange->response = overdue ? *overdue : plain;
    exchange->response.close = true;
    set_ready(exchange);
}

bool exchange_run(struct exchange *exchange)
{
    struct http_server *server = exchange->server;

    pthread_mutex_lock(&server->lock);
    exchange->state = EXCHANGE_RUNNING;
    exchange->complete = true;
    exchange->held = true;
    server->active++;
    pthread_mutex_unlock(&server->lock);

    exchange->route->handle(exchange, exchange->route->context);

    pthread_mutex_lock(&server->lock);
    if (exchange->state == EXCHANGE_RUNNING) {
        if (server->stopping) {
            exchange_give_up(exchange);
        } else {
            exchange->state = EXCHANGE_PARKED;
            mhd_suspend(exchange);
        }
    }
    bool ready = exchange->state == EXCHANGE_READY;
    pthread_mutex_unlock(&server->lock);
    return ready;
}

void exchange_completed(struct exchange *exchange)
{
    struct http_server *server = exchange->server;

    pthread_mutex_lock(&server->lock);
    if (exchange->complete)
        server->active--;
    exchange->conn->exchange = NULL;
    exchange->cut = true;
    bool call_closed = exchange->streaming && !exchange->closed_called;
    exchange->closed_called = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);

    /* Still open, so that an exchange_end() inside does not free it. */
    if (call_closed)
        exchange->closed(exchange->closed_context);

    pthread_mutex_lock(&server->lock);
    exchange->open = false;
    let_go(exchange, true);
}

const struct http_request *exchange_request(const struct exchange *exchange)
{
    return &exchange->request;
}

struct arena *exchange_arena(struct exchange *exchange)
{
    return exchange->arena;
}

void exchange_wipe(struct exchange *exchange)
{
    exchange->wipe = true;
    arena_wipe_on_reset(exchange->arena);
}

/* Under the lock. The text is taken over in any case. */
static void set_response(struct exchange *exchange, const struct http_response *response)
{
    assert(exchange->held && !exchange->streaming);
    if (response->text) {
        exchange->text = *response->text;
        *response->text = (struct buf){ 0 };
    }
    if (exchange->given_up)
        return;
    exchange->response = *response;
    exchange->response.text = response->text ? &exchange->text : NULL;
    if (response->text)
        exchange->response.body = buf_str(&exchange->text);
}

void exchange_answer(struct exchange *exchange, const struct http_response *response)
{
    pthread_mutex_lock(&exchange->server->lock);
    set_response(exchange, response);
    exchange->held = false;
    if (!exchange->given_up)
        set_ready(exchange);
    let_go(exchange, false);
}

void exchange_stream(struct exchange *exchange, const struct http_response *head,
                     void (*closed)(void *context), void *context)
{
    struct http_server *server = exchange->server;

    pthread_mutex_lock(&server->lock);
    set_response(exchange, head);
    exchange->streaming = true;
    exchange->closed = closed;
    exchange->closed_context = context;
    exchange->written_at_us = exchange->taken_at_us = clock_us();
    buf_init(&exchange->queue, head->queue_max ? head->queue_max : HTTP_STREAM_QUEUE_MAX);
    bool gone = exchange->given_up;
    exchange->closed_called = gone;
    exchange->cut = gone;
    if (!gone)
        set_ready(exchange);
    pthread_mutex_unlock(&server->lock);
    if (gone)
        closed(context);
}

void exchange_write(struct exchange *exchange, struct str text)
{
    struct http_server *server = exchange->server;

    pthread_mutex_lock(&server->lock);
    assert(exchange->streaming && !exchange->ended);
    if (!exchange->cut) {
        buf_add(&exchange->queue, text);
        exchange->cut = exchange->queue.failed;
        exchange->written_at_us = clock_us();
        exchange_wake(exchange);
    }
    pthread_mutex_unlock(&server->lock);
}

void exchange_end(struct exchange *exchange)
{
    pthread_mutex_lock(&exchange->server->lock);
    assert(exchange->streaming && !exchange->ended);
    exchange->ended = true;
    exchange->held = false;
    exchange_wake(exchange);
    let_go(exchange, false);
}

size_t exchange_backlog(struct exchange *exchange)
{
    pthread_mutex_lock(&exchange->server->lock);
    size_t waiting = exchange->queue.len - exchange->sent;
    pthread_mutex_unlock(&exchange->server->lock);
    return waiting;
}

ptrdiff_t exchange_read(struct exchange *exchange, char *out, size_t max)
{
    struct http_server *server = exchange->server;
    struct buf *queue = &exchange->queue;
    ptrdiff_t result = 0;

    pthread_mutex_lock(&server->lock);
    size_t waiting = queue->len - exchange->sent;
    if (exchange->cut) {
        result = STREAM_CUT;
    } else if (waiting > 0) {
        size_t size = waiting < max ? waiting : max;
        memcpy(out, queue->ptr + exchange->sent, size);
        exchange->sent += size;
        exchange->taken_at_us = clock_us();
        if (exchange->sent == queue->len) {
            exchange->sent = 0;
            if (queue->size > KEPT_BUF_MAX) {
                size_t most = queue->max;
                drop_text(queue, exchange->wipe);
                buf_init(queue, most);
            } else {
                buf_reset(queue);
            }
        }
        result = (ptrdiff_t)size;
    } else if (exchange->ended || server->closing) {
        result = STREAM_END;
    } else {
        exchange->taken_at_us = clock_us();
        exchange->state = EXCHANGE_PARKED;
        mhd_suspend(exchange);
    }
    pthread_mutex_unlock(&server->lock);
    return result;
}
