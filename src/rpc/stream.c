/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscriptions as server-sent events (httpSubscriptionLink).
 *
 * `connected` comes first, then events as they happen, then `return`. An error is an event too:
 * EventSource shows nobody the body of a failed request, so that 401 and 400 are told inside a
 * stream of status 200. A stream that stops without `return` is opened again by the client, which
 * names the last id it has seen.
 */
#include "rpc/internal.h"

#include <assert.h>

#include "http/text.h"
#include "rpc/status.h"
#include "schema/encode.h"

/* Must be well over HTTP_STREAM_PING_MS. */
#define CONNECTED "event: connected\ndata: {\"reconnectAfterInactivityMs\":45000}\n\n"

#define LAST_EVENT_ID "lastEventId"

/*
 * Three things come to an end, in any order and on any thread: run(), which may still be using what
 * the procedure has made for the subscription; the client's stream; the sequence of events. The
 * procedure's `closed` waits for run(). The exchange, and the call in it, is let go once, by the one
 * who claims that under the lock.
 */
static bool claim(struct rpc_call *call)
{
    bool first = !call->released;

    call->released = true;
    return first;
}

static void finish(struct rpc_call *call)
{
    struct rpc *rpc = call->request->rpc;
    struct exchange *exchange = call->request->exchange;

    if (call->closed)
        call->closed(&call->call);
    buf_done(&call->last_id);
    pthread_mutex_lock(&rpc->lock);
    bool mine = claim(call);
    pthread_mutex_unlock(&rpc->lock);
    if (mine)
        exchange_end(exchange);
}

static void on_closed(void *context)
{
    struct rpc_call *call = context;
    struct rpc *rpc = call->request->rpc;

    pthread_mutex_lock(&rpc->lock);
    call->gone = true;
    bool returned = call->returned;
    pthread_mutex_unlock(&rpc->lock);
    if (returned)
        finish(call);
}

void stream_returned(struct rpc_call *call)
{
    struct rpc *rpc = call->request->rpc;
    struct exchange *exchange = call->request->exchange;

    assert(call->streaming && "a subscription that is pending has subscribed");
    pthread_mutex_lock(&rpc->lock);
    call->returned = true;
    bool gone = call->gone;
    bool over = !gone && call->ended && claim(call);
    pthread_mutex_unlock(&rpc->lock);
    if (gone)
        finish(call);
    else if (over)
        exchange_end(exchange);
}

static void begin(struct rpc_call *call)
{
    static const struct http_response head = {
        .status = 200,
        .content_type = { "text/event-stream", 17 },
        .headers = {
            { { "cache-control", 13 }, { "no-cache, no-store, no-transform", 32 } },
            { { "x-accel-buffering", 17 }, { "no", 2 } },
            { { "x-content-type-options", 22 }, { "nosniff", 7 } },
            { { "vary", 4 }, { "trpc-accept, accept", 19 } },
        },
        .ping = { "event: ping\ndata:\n\n", 19 },
    };
    struct exchange *exchange = call->request->exchange;
    struct http_response response = head;
    char *id = arena_alloc(call->call.arena, ID_TEXT_SIZE);

    response.headers[4] =
        (struct http_header){ STR("x-request-id"), id_format(call->request->http->id, id) };
    call->streaming = true;
    buf_init(&call->last_id, 1024);
    exchange_stream(exchange, &response, on_closed, call);
    exchange_write(exchange, STR(CONNECTED));
}

void call_subscribe(struct call *call, void (*closed)(struct call *call))
{
    struct rpc_call *self = CONTAINER_OF(call, struct rpc_call, call);

    self->closed = closed;
    begin(self);
}

struct str call_last_event_id(const struct call *call)
{
    return ((const struct rpc_call *)(const void *)call)->last_event_id;
}

static void find_last_event_id(struct rpc_call *call, const struct json *input)
{
    static const struct str params[] = { { "lastEventId", 11 }, { "Last-Event-Id", 13 } };
    const struct http_request *http = call->request->http;
    const struct json *inner = json_member(input, STR(LAST_EVENT_ID));
    struct str id = http_header_find(http, STR("last-event-id"));
    bool utf8 = true;

    for (size_t i = 0; i < ARRAY_LEN(params) && id.len == 0; i++)
        id = http_query_param(call->call.arena, http->query, params[i], &utf8);
    if (id.len == 0 && inner && inner->kind == JSON_STRING)
        id = inner->text;
    call->last_event_id = id.len > 0 && utf8 ? id : STR_NULL;
}

/* The client puts the last id into the input when it opens anew; it is not the procedure's. */
const struct json *stream_input(struct rpc_call *call, const struct json *input)
{
    find_last_event_id(call, input);
    if (shape_field(call->call.procedure->input, STR(LAST_EVENT_ID)))
        return input;
    return input_without(call, input, STR(LAST_EVENT_ID));
}

/* Line ends would end the field, an empty id would mean none. */
static bool is_event_id(struct str id)
{
    return id.len > 0 && str_find_byte(id, '\n') == id.len && str_find_byte(id, '\r') == id.len &&
           str_find_byte(id, '\0') == id.len;
}

static void add_id(struct rpc_call *call, struct str id, struct buf *out)
{
    struct str last = buf_str(&call->last_id);

    if (str_set(id)) {
        assert(is_event_id(id));
        buf_add(out, STR("id: "));
        buf_add(out, id);
        buf_add(out, STR("\n\n"));
        buf_reset(&call->last_id);
        buf_add(&call->last_id, id);
    } else if (last.len > 0) {
        /* Without a line of its own it would inherit the id before; then that one is put back. */
        buf_add(out, STR("id:\n\nevent: restore-id\ndata:\nid: "));
        buf_add(out, last);
        buf_add(out, STR("\n\n"));
    } else {
        buf_add(out, STR("\n"));
    }
}

void call_event(struct call *call, struct str id, const void *data)
{
    struct rpc_call *self = CONTAINER_OF(call, struct rpc_call, call);
    struct json_writer w;
    struct buf text;

    buf_init(&text, RPC_ANSWER_MAX);
    buf_add(&text, STR("data: "));
    json_writer_init(&w, &text);
    schema_encode(call->procedure->output, data, &w);
    buf_add(&text, STR("\n"));
    add_id(self, id, &text);
    exchange_write(self->request->exchange, buf_str(&text));
    buf_done(&text);
}

size_t call_backlog(struct call *call)
{
    return exchange_backlog(CONTAINER_OF(call, struct rpc_call, call)->request->exchange);
}

static void end(struct rpc_call *call, const struct error *err)
{
    struct rpc *rpc = call->request->rpc;
    struct exchange *exchange = call->request->exchange;
    struct json_writer w;
    struct buf text;

    pthread_mutex_lock(&rpc->lock);
    bool again = call->ended;
    call->ended = true;
    bool over = !again && call->returned && claim(call);
    pthread_mutex_unlock(&rpc->lock);
    if (again)
        return;
    buf_init(&text, RPC_ANSWER_MAX);
    if (err) {
        buf_add(&text, STR("event: serialized-error\ndata: "));
        json_writer_init(&w, &text);
        status_write(err, call->path, call->request->http->id, call->data, &w);
        buf_add(&text, STR("\n\n"));
    } else {
        buf_add(&text, STR("event: return\ndata:\n\n"));
    }
    exchange_write(exchange, buf_str(&text));
    buf_done(&text);
    if (over)
        exchange_end(exchange);
}

void call_end(struct call *call, const struct error *err)
{
    struct rpc_call *self = CONTAINER_OF(call, struct rpc_call, call);

    if (err)
        rpc_log_failure(self, err);
    end(self, err);
}

void stream_fail(struct rpc_call *call, const struct error *err)
{
    if (!call->streaming)
        begin(call);
    end(call, err);
}
