/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: envelopes of calls, their headers, and the join of a request. */
#include "rpc/internal.h"

#include "rpc/status.h"
#include "schema/encode.h"

void rpc_write_envelope(const struct rpc_call *call, struct json_writer *w)
{
    const struct procedure *procedure = call->call.procedure;

    json_begin_object(w);
    if (call->failed) {
        json_key(w, STR("error"));
        status_write(&call->error, call->path, call->request->http->id, call->data, w);
    } else {
        json_key(w, STR("result"));
        json_begin_object(w);
        if (procedure->output) {
            json_key(w, STR("data"));
            schema_encode(procedure->output, call->call.output, w);
        }
        json_end_object(w);
    }
    json_end_object(w);
}

int rpc_call_status(const struct rpc_call *call)
{
    return call->failed ? status_http(&call->error) : 200;
}

struct header_list {
    struct http_response *response;
    size_t count;
};

static void add_header(struct header_list *list, struct str name, struct str value)
{
    if (list->count == HTTP_EXTRA_HEADERS_MAX)
        return;
    list->response->headers[list->count++] = (struct http_header){ name, value };
}

/* The longest wait that a call asks for, and what may be done instead of what was refused. */
static void add_error_headers(const struct rpc_request *request, struct header_list *list)
{
    struct arena *arena = exchange_arena(request->exchange);
    int wait_s = 0;
    bool post_only = false, refused = false;

    for (size_t i = 0; i < request->count; i++) {
        const struct rpc_call *call = &request->calls[i];
        if (!call->failed)
            continue;
        int wanted = status_retry_after_s(&call->error);
        wait_s = wanted > wait_s ? wanted : wait_s;
        if (call->error.code == ERR_METHOD_NOT_SUPPORTED) {
            refused = true;
            post_only = post_only || call->call.procedure->kind == MUTATION;
        }
    }
    if (wait_s > 0)
        add_header(list, STR("retry-after"), arena_printf(arena, "%d", wait_s));
    if (refused)
        add_header(list, STR("allow"), post_only ? STR("POST") : STR("GET, POST"));
}

/* Copied, because a batch's calls are given back before the answer is sent. */
static void add_cookies(const struct rpc_request *request, struct header_list *list)
{
    struct arena *arena = exchange_arena(request->exchange);

    for (size_t i = 0; i < request->count; i++)
        for (const struct cookie *c = request->calls[i].cookies; c; c = c->next)
            add_header(list, STR("set-cookie"), arena_str(arena, c->value));
}

static void add_common_headers(struct exchange *exchange, struct header_list *list)
{
    char *id = arena_alloc(exchange_arena(exchange), ID_TEXT_SIZE);

    add_header(list, STR("x-request-id"), id_format(exchange_request(exchange)->id, id));
    add_header(list, STR("cache-control"), STR("no-store"));
    add_header(list, STR("x-content-type-options"), STR("nosniff"));
    add_header(list, STR("vary"), STR("trpc-accept, accept"));
}

void rpc_set_headers(const struct rpc_request *request, struct http_response *response)
{
    struct header_list list = { response, 0 };

    add_common_headers(request->exchange, &list);
    if (request->streamed)
        return;
    add_error_headers(request, &list);
    add_cookies(request, &list);
}

static void write_body(const struct rpc_request *request, struct buf *text)
{
    struct json_writer w;

    if (request->lines) {
        jsonl_write_all(request, text);
        return;
    }
    json_writer_init(&w, text);
    if (request->batch)
        batch_write(request, &w);
    else
        rpc_write_envelope(&request->calls[0], &w);
}

void rpc_answer(struct rpc_request *request)
{
    struct exchange *exchange = request->exchange;
    struct http_response response = { .content_type = STR("application/json") };
    struct buf text;
    struct str body;
    struct error err;

    buf_init(&text, RPC_ANSWER_MAX);
    write_body(request, &text);
    if (!buf_finish(&text, &body, &err)) {
        buf_done(&text);
        rpc_release(request);
        rpc_refuse(exchange, &err);
        return;
    }
    if (request->lines)
        response.status = 200;
    else
        response.status =
            request->batch ? batch_status(request) : rpc_call_status(&request->calls[0]);
    rpc_set_headers(request, &response);
    response.text = &text;
    rpc_release(request);
    exchange_answer(exchange, &response);
}

/* Written by hand, because nobody has memory for it: the request is still somebody else's. */
#define OVERDUE                                                                                    \
    "{\"error\":{\"message\":\"the server did not answer in time\",\"code\":-32603,"               \
    "\"data\":{\"code\":\"SERVICE_UNAVAILABLE\",\"httpStatus\":503}}}"

const struct http_response rpc_overdue = {
    .status = 503,
    .content_type = { "application/json", 16 },
    .body = { OVERDUE, sizeof(OVERDUE) - 1 },
    .headers = { { { "cache-control", 13 }, { "no-store", 8 } },
                 { { "x-content-type-options", 22 }, { "nosniff", 7 } },
                 { { "retry-after", 11 }, { "1", 1 } } },
};

void rpc_refuse(struct exchange *exchange, const struct error *err)
{
    struct http_response response = { .status = status_http(err),
                                      .content_type = STR("application/json") };
    struct header_list list = { &response, 0 };
    struct json_writer w;
    struct buf text;

    add_common_headers(exchange, &list);
    buf_init(&text, RPC_ANSWER_MAX);
    json_writer_init(&w, &text);
    json_begin_object(&w);
    json_key(&w, STR("error"));
    status_write(err, STR_NULL, exchange_request(exchange)->id, NULL, &w);
    json_end_object(&w);
    response.text = &text;
    exchange_answer(exchange, &response);
}
