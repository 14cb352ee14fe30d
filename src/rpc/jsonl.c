/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches as JSON lines (httpBatchStreamLink): a head that promises a value for each call, then a
 * line for each call as it ends. The simplest form that all 11.x clients take:
 *
 *     {"0":[[0],[null,0,0]],"1":[[0],[null,0,1]]}
 *     [1,0,[[{"result":{"data":2}}]]]
 *     [0,0,[[{"error":…}]]]
 *
 * The status is 200 whatever the calls say. A batch of one has nothing to wait for beside itself: it
 * is answered at once when its call has ended. So is a batch when all of its calls have, if one of
 * them may set a cookie: headers leave with the first line.
 */
#include "rpc/internal.h"

static void write_head(const struct rpc_request *request, struct buf *out)
{
    buf_add_byte(out, '{');
    for (size_t i = 0; i < request->count; i++)
        buf_printf(out, "%s\"%zu\":[[0],[null,0,%zu]]", i ? "," : "", i, i);
    buf_add(out, STR("}\n"));
}

static void write_line(const struct rpc_call *call, struct buf *out)
{
    struct json_writer w;

    buf_printf(out, "[%zu,0,[[", (size_t)(call - call->request->calls));
    json_writer_init(&w, out);
    rpc_write_envelope(call, &w);
    buf_add(out, STR("]]]\n"));
}

void jsonl_write_all(const struct rpc_request *request, struct buf *out)
{
    write_head(request, out);
    for (size_t i = 0; i < request->count; i++)
        write_line(&request->calls[i], out);
}

/* The calls go on when the client has gone: what they do is not undone by leaving. */
static void client_gone(void *context)
{
    (void)context;
}

static bool may_set_cookies(const struct rpc_request *request)
{
    for (size_t i = 0; i < request->count; i++) {
        const struct procedure *procedure = request->calls[i].call.procedure;
        if (procedure && procedure->sets_cookie)
            return true;
    }
    return false;
}

void jsonl_begin(struct rpc_request *request)
{
    /* As much may wait as may be in an answer that comes at once. */
    struct http_response head = { .status = 200,
                                  .content_type = STR("application/json"),
                                  .queue_max = RPC_ANSWER_MAX };
    struct buf text;

    if (request->count == 1 || may_set_cookies(request))
        return;
    request->streamed = true;
    rpc_set_headers(request, &head);
    exchange_stream(request->exchange, &head, client_gone, NULL);
    buf_init(&text, RPC_ANSWER_MAX);
    write_head(request, &text);
    exchange_write(request->exchange, buf_str(&text));
    buf_done(&text);
}

void jsonl_call_ended(struct rpc_call *call)
{
    struct buf line;

    buf_init(&line, RPC_ANSWER_MAX);
    write_line(call, &line);
    if (line.failed) {
        buf_reset(&line);
        call->failed = true;
        (void)fail(&call->error, ERR_RESULT_TOO_LARGE, "the answer is larger than %zu bytes",
                   RPC_ANSWER_MAX);
        write_line(call, &line);
    }
    exchange_write(call->request->exchange, buf_str(&line));
    buf_done(&line);
}

void jsonl_end(struct rpc_request *request)
{
    exchange_end(request->exchange);
}
