/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call: from a request to a procedure and back.
 *
 * The order of checks is the protocol's. Of the whole request: HEAD, path, content type, number of
 * calls, kinds, connection parameters. Of each call: 404, 405, subscription in a batch, who calls
 * (401), input (400), may they (403, 404), then the procedure.
 */
#include "rpc/internal.h"

#include <assert.h>

#include "base/log.h"
#include "base/mem.h"
#include "http/text.h"
#include "json/read.h"
#include "rpc/status.h"

#define MOUNT "/trpc/"

_Static_assert(offsetof(struct rpc_call, call) == 0, "a call is the beginning of ours");

struct rpc *rpc_new(const struct procedure *const *tables, const struct rpc_hooks *hooks)
{
    struct rpc *rpc = NEW(rpc);

    rpc->hooks = *hooks;
    rpc->procedures = map_new();
    pthread_mutex_init(&rpc->lock, NULL);
    for (; *tables; tables++)
        for (const struct procedure *p = *tables; p->path; p++) {
            /* The map's values are not const; nobody writes to them. */
            union {
                const struct procedure *from;
                void *to;
            } value = { p };
            void *before = map_put(rpc->procedures, str_from(p->path), value.to);
            assert(!before && "two procedures of one path");
        }
    return rpc;
}

void rpc_free(struct rpc *rpc)
{
    if (!rpc)
        return;
    while (rpc->spare_count > 0)
        arena_free(rpc->spares[--rpc->spare_count]);
    pthread_mutex_destroy(&rpc->lock);
    map_free(rpc->procedures);
    free(rpc);
}

static struct arena *take_arena(struct rpc *rpc)
{
    struct arena *arena = NULL;

    pthread_mutex_lock(&rpc->lock);
    if (rpc->spare_count > 0)
        arena = rpc->spares[--rpc->spare_count];
    pthread_mutex_unlock(&rpc->lock);
    return arena ? arena : arena_new();
}

static void give_arena(struct rpc *rpc, struct arena *arena, bool wiped)
{
    if (!wiped) {
        arena_reset(arena);
        pthread_mutex_lock(&rpc->lock);
        if (rpc->spare_count < ARRAY_LEN(rpc->spares)) {
            rpc->spares[rpc->spare_count++] = arena;
            arena = NULL;
        }
        pthread_mutex_unlock(&rpc->lock);
    }
    arena_free(arena);
}

void rpc_release(struct rpc_request *request)
{
    if (!request->batch)
        return;
    for (size_t i = 0; i < request->count; i++) {
        const struct call *call = &request->calls[i].call;
        give_arena(request->rpc, call->arena, call->procedure && call->procedure->carries_secrets);
    }
}

void rpc_log_failure(const struct rpc_call *call, const struct error *err)
{
    int status = status_http(err);
    enum log_level level = err->code == ERR_INTERNAL ? LOG_LEVEL_ERROR
                           : status >= 500           ? LOG_LEVEL_WARN
                                                     : LOG_LEVEL_DEBUG;

    LOG_AT(level, "call failed", LOG_STR("path", call->path),
           LOG_ID("request", call->request->http->id), LOG_ERROR(err), LOG_NONE);
}

/* Drops the caller's part of the join; the last one answers. */
static void drop(struct rpc_request *request)
{
    if (atomic_fetch_sub(&request->left, 1) > 1)
        return;
    if (!request->streamed) {
        rpc_answer(request);
        return;
    }
    rpc_release(request);
    jsonl_end(request);
}

static void end_call(struct rpc_call *call, const struct error *err)
{
    struct rpc_request *request = call->request;

    if (err) {
        call->failed = true;
        call->error = *err;
        rpc_log_failure(call, err);
    }
    if (request->streamed)
        jsonl_call_ended(call);
    drop(request);
}

void call_finish(struct call *call, const struct error *err)
{
    end_call(CONTAINER_OF(call, struct rpc_call, call), err);
}

void call_set_cookie(struct call *call, struct str value)
{
    struct rpc_call *self = CONTAINER_OF(call, struct rpc_call, call);
    struct cookie *cookie = ARENA_NEW(call->arena, cookie);

    assert(call->procedure->sets_cookie && !self->request->streamed);
    *cookie = (struct cookie){ self->cookies, arena_str(call->arena, value) };
    self->cookies = cookie;
}

void call_error_data(struct call *call, const char *name, struct str json)
{
    struct rpc_call *self = CONTAINER_OF(call, struct rpc_call, call);
    struct error_datum *datum = ARENA_NEW(call->arena, error_datum);

    *datum = (struct error_datum){ self->data, arena_str(call->arena, str_from(name)),
                                   arena_str(call->arena, json) };
    self->data = datum;
}

static bool method_fits(const struct rpc_request *request, enum procedure_kind kind)
{
    if (request->http->method == HTTP_POST)
        return true;
    return request->http->method == HTTP_GET && kind != MUTATION;
}

static const char *kind_name(enum procedure_kind kind)
{
    switch (kind) {
    case QUERY:
        return "query";
    case MUTATION:
        return "mutation";
    case SUBSCRIPTION:
        return "subscription";
    }
    return "";
}

static bool check_procedure(const struct rpc_call *call, struct error *err)
{
    const struct procedure *procedure = call->call.procedure;
    const struct rpc_request *request = call->request;

    if (!procedure)
        return fail(err, ERR_NOT_FOUND, "No procedure found on path \"" STR_FMT "\"",
                    STR_ARG(call->path));
    if (!method_fits(request, procedure->kind))
        return fail(err, ERR_METHOD_NOT_SUPPORTED,
                    "Unsupported " STR_FMT "-request to %s procedure at path \"" STR_FMT "\"",
                    STR_ARG(request->http->method_text), kind_name(procedure->kind),
                    STR_ARG(call->path));
    if (procedure->kind == SUBSCRIPTION && request->batch)
        return fail(err, ERR_BAD_REQUEST, "Cannot batch subscription calls");
    return true;
}

static bool check_caller(struct rpc_call *call, enum procedure_right needs, struct error *err)
{
    struct rpc_request *request = call->request;
    const struct rpc_hooks *hooks = &request->rpc->hooks;

    if (!request->authenticated) {
        request->authenticated = true;
        request->caller_refused =
            !hooks->authenticate(request->http, exchange_arena(request->exchange), &request->caller,
                                 hooks->services, &request->caller_error);
    }
    if (request->caller_refused) {
        *err = request->caller_error;
        return false;
    }
    call->call.caller = request->caller;
    if (needs != ANYONE && !request->caller.signed_in)
        return fail(err, ERR_UNAUTHORIZED, "not signed in");
    return true;
}

bool call_judge_again(struct call *call, struct arena *scratch, struct error *err)
{
    const struct rpc_call *self = CONTAINER_OF(call, struct rpc_call, call);
    const struct rpc_hooks *hooks = &self->request->rpc->hooks;
    struct call again = *call;

    again.arena = scratch;
    if (!hooks->authenticate(self->request->http, scratch, &again.caller, hooks->services, err))
        return false;
    if (call->procedure->needs != ANYONE && !again.caller.signed_in)
        return fail(err, ERR_UNAUTHORIZED, "not signed in any more");
    return hooks->permit(&again, self->input, err);
}

static enum answer try_call(struct rpc_call *call, struct error *err)
{
    const struct procedure *procedure = call->call.procedure;
    const struct rpc_hooks *hooks = &call->request->rpc->hooks;
    const void *input;

    if (!check_procedure(call, err))
        return FAILED;
    assert(procedure);
    if (!check_caller(call, procedure->needs, err) || !rpc_input_decode(call, &input, err) ||
        !hooks->permit(&call->call, input, err))
        return FAILED;
    call->input = input;
    if (procedure->output && procedure->kind != SUBSCRIPTION)
        call->call.output = arena_alloc(call->call.arena, procedure->output->size);
    return procedure->run(&call->call, input, call->call.output, err);
}

static void start_call(struct rpc_call *call)
{
    struct error err = { 0 };
    bool subscription =
        call->call.procedure && call->call.procedure->kind == SUBSCRIPTION && !call->request->batch;

    switch (try_call(call, &err)) {
    case PENDING:
        if (subscription)
            stream_returned(call);
        return;
    case DONE:
        assert(!subscription && "a subscription goes on by itself");
        end_call(call, NULL);
        return;
    case FAILED:
        if (!subscription) {
            end_call(call, &err);
            return;
        }
        rpc_log_failure(call, &err);
        stream_fail(call, &err);
        stream_returned(call);
        return;
    }
}

static void start_calls(void *argument)
{
    struct rpc_request *request = argument;
    bool subscription = !request->batch && request->calls[0].call.procedure &&
                        request->calls[0].call.procedure->kind == SUBSCRIPTION;

    if (request->lines)
        jsonl_begin(request);
    /* A subscription is no part of a join: with its stream the request ends. */
    if (subscription) {
        start_call(&request->calls[0]);
        return;
    }
    for (size_t i = 0; i < request->count; i++)
        start_call(&request->calls[i]);
    drop(request);
}

static struct str media_type(struct str header)
{
    return str_trim(str_slice(header, 0, str_find_byte(header, ';')));
}

static bool check_content_type(const struct http_request *http, struct error *err)
{
    struct str type = http_header_find(http, STR("content-type"));

    if (http->method == HTTP_GET)
        return true;
    if (!str_set(type))
        return fail(err, ERR_UNSUPPORTED_MEDIA_TYPE, "Missing content-type header");
    if (!str_eq_nocase(media_type(type), STR("application/json")))
        return fail(err, ERR_UNSUPPORTED_MEDIA_TYPE, "Unsupported content-type \"" STR_FMT "\"",
                    STR_ARG(type));
    return true;
}

/* The calls' paths, and the procedures they name. */
static bool find_procedures(struct rpc_request *request, struct str path, struct error *err)
{
    struct arena *arena = exchange_arena(request->exchange);
    struct str part;
    unsigned kinds = 0;
    const char *first = NULL, *other = NULL;

    request->count = 1;
    for (size_t i = 0; request->batch && i < path.len; i++)
        request->count += path.ptr[i] == ',';
    if (request->count > RPC_BATCH_MAX)
        return fail(err, ERR_BAD_REQUEST, "Batch call exceeds maximum size");
    request->calls = ARENA_ARRAY(arena, rpc_call, request->count);
    for (size_t i = 0; i < request->count; i++) {
        struct rpc_call *call = &request->calls[i];
        if (request->batch)
            (void)str_split(&path, ',', &part);
        call->path = request->batch ? part : path;
        call->request = request;
        call->call.procedure = map_find(request->rpc->procedures, call->path);
        if (!call->call.procedure || kinds & 1U << call->call.procedure->kind)
            continue;
        kinds |= 1U << call->call.procedure->kind;
        *(first ? &other : &first) = kind_name(call->call.procedure->kind);
    }
    if (other)
        return fail(err, ERR_BAD_REQUEST, "Cannot mix procedure types in call: %s, %s", first,
                    other);
    return true;
}

/* What a client without headers sends along: null, or an object of strings. */
static bool check_connection_params(struct rpc_request *request, struct error *err)
{
    struct arena *arena = exchange_arena(request->exchange);
    struct error ignored;
    bool utf8;
    struct str text = http_query_param(arena, request->http->query, STR("connectionParams"), &utf8);

    if (!str_set(text))
        return true;
    const struct json *value = json_read(arena, text, JSON_DUPLICATES_LAST, &ignored);
    bool fits = value && (value->kind == JSON_NULL || value->kind == JSON_OBJECT);
    for (size_t i = 0; fits && value->kind == JSON_OBJECT && i < value->count; i++)
        fits = value->members[i].value.kind == JSON_STRING;
    return fits || fail(err, ERR_PARSE_ERROR, "connectionParams: not an object of strings");
}

struct str rpc_connection_param(const struct http_request *http, struct arena *arena,
                                struct str name)
{
    struct error ignored;
    bool utf8;
    struct str text = http_query_param(arena, http->query, STR("connectionParams"), &utf8);

    if (!str_set(text))
        return STR_NULL;
    const struct json *value =
        json_member(json_read(arena, text, JSON_DUPLICATES_LAST, &ignored), name);
    return value && value->kind == JSON_STRING ? value->text : STR_NULL;
}

static bool wants_lines(const struct http_request *http)
{
    struct str ours = http_header_find(http, STR("trpc-accept")), part;
    struct str accept = http_header_find(http, STR("accept"));

    if (str_set(ours))
        return str_eq(ours, STR("application/jsonl"));
    while (str_split(&accept, ',', &part))
        if (str_eq_nocase(media_type(part), STR("application/jsonl")))
            return true;
    return false;
}

static bool read_request(struct rpc_request *request, struct error *err)
{
    struct arena *arena = exchange_arena(request->exchange);
    const struct http_request *http = request->http;
    struct str path = str_slice(http->path, sizeof(MOUNT) - 1, http->path.len);
    bool utf8;

    if (!http_decode_path(arena, path, &path))
        return fail(err, ERR_BAD_REQUEST, "the path is not valid percent-encoded UTF-8");
    if (str_ends(path, STR("/")))
        path.len--;
    request->batch = str_eq(http_query_param(arena, http->query, STR("batch"), &utf8), STR("1"));
    request->lines = wants_lines(http);
    if (!check_content_type(http, err) || !find_procedures(request, path, err) ||
        !check_connection_params(request, err))
        return false;
    if (request->lines && !request->batch && str_set(http_header_find(http, STR("trpc-accept"))))
        return fail(err, ERR_BAD_REQUEST, "Streaming requests must be batched");
    request->lines = request->lines && request->batch;
    return true;
}

static void prepare_calls(struct rpc_request *request)
{
    struct arena *own = exchange_arena(request->exchange);

    for (size_t i = 0; i < request->count; i++) {
        struct call *call = &request->calls[i].call;
        bool secret = call->procedure && call->procedure->carries_secrets;
        call->arena = request->batch ? take_arena(request->rpc) : own;
        call->request = request->http;
        call->services = request->rpc->hooks.services;
        if (secret) {
            exchange_wipe(request->exchange);
            arena_wipe_on_reset(call->arena);
        }
    }
    atomic_init(&request->left, request->count + 1);
}

void rpc_handle(struct exchange *exchange, void *context)
{
    struct rpc *rpc = context;
    struct rpc_request *request;
    struct error err = { 0 };

    if (exchange_request(exchange)->method == HTTP_HEAD) {
        exchange_answer(exchange, &(struct http_response){ .status = 204 });
        return;
    }
    request = ARENA_NEW(exchange_arena(exchange), rpc_request);
    request->rpc = rpc;
    request->exchange = exchange;
    request->http = exchange_request(exchange);
    if (!read_request(request, &err)) {
        rpc_refuse(exchange, &err);
        return;
    }
    prepare_calls(request);
    if (rpc->hooks.dispatch)
        rpc->hooks.dispatch(start_calls, request, rpc->hooks.services);
    else
        start_calls(request);
}
