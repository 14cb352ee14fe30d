/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The batch envelope. The text is a request below /trpc/, for a small table of procedures; the place
 * of the HTTP server is taken by the functions below. Each request is answered exactly once, in
 * JSON, with one envelope for each call; what may not run does not.
 */
#include "fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "http/check.h"
#include "json/read.h"
#include "request.h"
#include "rpc/internal.h"

#define BODY_MAX 4096
#define PENDING_MAX RPC_BATCH_MAX

/* --- in place of the HTTP server --- */

struct exchange {
    struct fuzz_request request;
    struct arena *arena;
    bool gone; /* the client leaves as soon as a stream begins */
    bool signed_in;
    int answers, streams, ends, closes;
    int status;
    struct buf body; /* of the answer or the stream */
    void (*closed)(void *context);
    void *closed_context;
    struct rpc_call *pending[PENDING_MAX];
    size_t pending_count;
    size_t runs, mutations;
};

static struct exchange *now; /* the request under way */

const struct http_request *exchange_request(const struct exchange *exchange)
{
    return &exchange->request.http;
}

struct arena *exchange_arena(struct exchange *exchange)
{
    return exchange->arena;
}

void exchange_wipe(struct exchange *exchange)
{
    arena_wipe_on_reset(exchange->arena);
}

void exchange_answer(struct exchange *exchange, const struct http_response *response)
{
    exchange->answers++;
    exchange->status = response->status;
    if (!response->text) {
        buf_add(&exchange->body, response->body);
        return;
    }
    buf_add(&exchange->body, buf_str(response->text));
    buf_done(response->text);
}

static void close_stream(struct exchange *exchange)
{
    if (exchange->closes > 0)
        return;
    exchange->closes++;
    exchange->closed(exchange->closed_context);
}

void exchange_stream(struct exchange *exchange, const struct http_response *head,
                     void (*closed)(void *context), void *context)
{
    exchange->streams++;
    exchange->status = head->status;
    exchange->closed = closed;
    exchange->closed_context = context;
    if (exchange->gone)
        close_stream(exchange);
}

void exchange_write(struct exchange *exchange, struct str text)
{
    HOLDS(exchange->streams == 1 && exchange->ends == 0);
    buf_add(&exchange->body, text);
}

void exchange_end(struct exchange *exchange)
{
    exchange->ends++;
}

size_t exchange_backlog(struct exchange *exchange)
{
    (void)exchange;
    return 0;
}

/* --- procedures --- */

struct note {
    int64_t number;
    struct str text;
    struct json_text value;
};
static const struct field note_fields[] = {
    { FIELD("number", note, number, REQUIRED, "A number."), .min = 0, .max = 9 },
    { FIELD("text", note, text, OPTIONAL, "A text."), .max = 20 },
    { FIELD("value", note, value, OPTIONAL, "Any value.") },
    { 0 },
};
static const struct shape note_shape = SHAPE("Note", note, note_fields);

static void count_run(const struct call *call)
{
    now->runs++;
    HOLDS(call->procedure->needs == ANYONE || now->signed_in);
    HOLDS(call->procedure->kind != MUTATION || now->request.http.method == HTTP_POST);
}

/* Answers, fails or waits, as the input says. */
static enum answer echo(struct call *call, const void *input, void *output, struct error *err)
{
    const struct note *in = input;

    count_run(call);
    HOLDS(in->number >= 0 && in->number <= 9 && str_is_utf8(in->text));
    *(struct note *)output = *in;
    if (in->number == 1) {
        call_error_data(call, "seen", STR("[1]"));
        (void)fail_field(err, ERR_CONFLICT, "text", "\"" STR_FMT "\" is taken", STR_ARG(in->text));
        return FAILED;
    }
    if (in->number < 5)
        return DONE;
    HOLDS(now->pending_count < PENDING_MAX);
    now->pending[now->pending_count++] = CONTAINER_OF(call, struct rpc_call, call);
    return PENDING;
}

static enum answer drop(struct call *call, const void *input, void *output, struct error *err)
{
    (void)output;
    (void)err;
    HOLDS(!input);
    count_run(call);
    now->mutations++;
    call_set_cookie(call, STR("seen=1; Path=/"));
    return DONE;
}

static void unsubscribed(struct call *call)
{
    HOLDS(call->subscription == now);
    call->subscription = NULL;
}

static enum answer follow(struct call *call, const void *input, void *output, struct error *err)
{
    const struct note *in = input;

    (void)output;
    count_run(call);
    if (in->number == 1) {
        (void)fail(err, ERR_NOT_FOUND, "nothing to follow");
        return FAILED;
    }
    call->subscription = now;
    call_subscribe(call, unsubscribed);
    for (int64_t i = 0; i < in->number; i++)
        call_event(call, i % 2 ? STR_NULL : STR("e1"), in);
    if (in->number > 5)
        call_end(call, NULL);
    else if (in->number == 5)
        call_end(call, &(struct error){ .code = ERR_CONFLICT, .message = "enough" });
    return PENDING;
}

static const struct procedure procedures[] = {
    { .path = "n.get",
      .kind = QUERY,
      .needs = ANYONE,
      .input = &note_shape,
      .output = &note_shape,
      .run = echo },
    { .path = "n.own",
      .kind = QUERY,
      .needs = SIGNED_IN,
      .input = &note_shape,
      .output = &note_shape,
      .run = echo },
    { .path = "n.set",
      .kind = MUTATION,
      .needs = SIGNED_IN,
      .input = &note_shape,
      .output = &note_shape,
      .run = echo,
      .carries_secrets = true },
    { .path = "n.drop", .kind = MUTATION, .needs = ANYONE, .sets_cookie = true, .run = drop },
    { .path = "n.on",
      .kind = SUBSCRIPTION,
      .needs = ANYONE,
      .input = &note_shape,
      .output = &note_shape,
      .tracked = true,
      .run = follow },
    { 0 },
};

static bool authenticate(const struct http_request *request, struct arena *arena,
                         struct caller *out, void *services, struct error *err)
{
    struct str word = http_header_find(request, STR("authorization"));

    (void)services;
    (void)rpc_connection_param(request, arena, STR("token"));
    if (str_eq(word, STR("bad")))
        return fail(err, ERR_UNAUTHORIZED, "the token is not valid");
    *out = (struct caller){ .signed_in = str_eq(word, STR("good")) };
    now->signed_in = out->signed_in;
    return true;
}

static bool permit(struct call *call, const void *input, struct error *err)
{
    (void)call;
    (void)input;
    (void)err;
    return true;
}

/* --- answers --- */

static void check_envelope(const struct json *envelope)
{
    const struct json *result = json_member(envelope, STR("result"));
    const struct json *error = json_member(envelope, STR("error"));

    HOLDS(envelope->kind == JSON_OBJECT && !result != !error);
    if (error)
        HOLDS(json_member(error, STR("message")) && json_member(error, STR("code")) &&
              json_member(error, STR("data")));
}

static const struct json *read_json(struct arena *arena, struct str text)
{
    struct error err;
    const struct json *value = json_read(arena, text, JSON_DUPLICATES_REFUSED, &err);

    if (!value)
        fprintf(stderr, "%s\n" STR_FMT "\n", err.message, STR_ARG(text));
    HOLDS(value);
    return value;
}

static void check_answer(const struct exchange *exchange, struct arena *arena)
{
    struct str body = buf_str(&exchange->body), line;

    HOLDS(exchange->status >= 200 && exchange->status < 600);
    if (body.len == 0) {
        HOLDS(exchange->status == 204);
        return;
    }
    if (str_starts(body, STR("{\"0\":[[0],"))) { /* JSON lines of one call */
        while (str_split(&body, '\n', &line))
            if (line.len > 0)
                (void)read_json(arena, line);
        return;
    }
    const struct json *value = read_json(arena, body);
    if (value->kind != JSON_ARRAY) {
        check_envelope(value);
        return;
    }
    HOLDS(value->count >= 1 && value->count <= RPC_BATCH_MAX && exchange->runs <= value->count);
    for (size_t i = 0; i < value->count; i++)
        check_envelope(&value->items[i]);
}

/* Events: nothing but the fields that the format has, and JSON or nothing as data. */
static void check_events(struct str body, struct arena *arena)
{
    struct str line;

    while (str_split(&body, '\n', &line)) {
        bool data = str_starts(line, STR("data: "));
        if (data)
            (void)read_json(arena, str_slice(line, 6, line.len));
        HOLDS(data || line.len == 0 || str_eq(line, STR("data:")) || str_eq(line, STR("id:")) ||
              str_starts(line, STR("id: ")) || str_starts(line, STR("event: ")));
    }
}

static void check_lines(const struct exchange *exchange, struct arena *arena)
{
    struct str body = buf_str(&exchange->body), line;
    size_t lines = 0;
    bool seen[RPC_BATCH_MAX] = { false };

    while (str_split(&body, '\n', &line) && line.len > 0) {
        const struct json *value = read_json(arena, line);
        int64_t index = -1;
        if (lines++ == 0)
            continue;
        HOLDS(value->kind == JSON_ARRAY && value->count == 3);
        HOLDS(json_to_int64(&value->items[0], &index) && index >= 0 && index < RPC_BATCH_MAX);
        HOLDS(!seen[index]);
        seen[index] = true;
        check_envelope(&value->items[2].items[0].items[0]);
    }
    HOLDS(exchange->ends == 1 && lines >= 3);
}

static void check_stream(struct exchange *exchange, struct arena *arena)
{
    HOLDS(exchange->streams == 1 && exchange->answers == 0);
    if (str_starts(buf_str(&exchange->body), STR("{\"0\""))) {
        check_lines(exchange, arena);
        return;
    }
    check_events(buf_str(&exchange->body), arena);
}

/* --- requests --- */

static void finish_pending(struct exchange *exchange)
{
    static const struct error failure = { .code = ERR_UNAVAILABLE, .message = "not now" };
    bool backwards = exchange->request.http.header_count % 2;

    for (size_t i = 0; i < exchange->pending_count; i++) {
        struct rpc_call *call = exchange->pending[backwards ? exchange->pending_count - 1 - i : i];
        const struct note *out = call->call.output;
        call_finish(&call->call, out->number == 9 ? &failure : NULL);
    }
}

static void handle(struct exchange *exchange)
{
    const struct procedure *const tables[] = { procedures, NULL };
    const struct rpc_hooks hooks = { authenticate, permit, NULL, NULL };
    struct rpc *rpc = rpc_new(tables, &hooks);

    rpc_handle(exchange, rpc);
    HOLDS(exchange->answers + exchange->streams <= 1);
    finish_pending(exchange);
    if (exchange->streams > 0)
        close_stream(exchange);
    HOLDS(exchange->answers + exchange->streams == 1);
    HOLDS(exchange->streams == 0 || (exchange->ends == 1 && exchange->closes == 1));
    AUTO(arena) arena = arena_new();
    if (exchange->answers > 0)
        check_answer(exchange, arena);
    else
        check_stream(exchange, arena);
    HOLDS(exchange->mutations == 0 || exchange->request.http.method == HTTP_POST);
    rpc_free(rpc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct exchange exchange = { 0 };
    const char *why;

    log_set_level(LOG_LEVEL_ERROR);
    fuzz_request_read(fuzz_text(data, size), BODY_MAX, &exchange.request);
    struct http_request *http = &exchange.request.http;
    if (!str_starts(http->path, STR("/trpc/")) ||
        http_check_framing(exchange.request.version, exchange.request.target, http->headers,
                           http->header_count, &why) != 0)
        return 0;
    http->id = id_new();
    exchange.gone = str_set(http_header_find(http, STR("x-gone")));
    exchange.arena = arena_new();
    buf_init(&exchange.body, RPC_ANSWER_MAX);
    now = &exchange;
    handle(&exchange);
    buf_done(&exchange.body);
    arena_free(exchange.arena);
    return 0;
}
