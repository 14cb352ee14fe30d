/* SPDX-License-Identifier: Apache-2.0 */
/* Where a call's input is, and how it becomes a struct. The text is read once, when first needed. */
#include "rpc/internal.h"

#include "http/text.h"
#include "json/read.h"
#include "schema/decode.h"

static bool find_text(struct rpc_request *request, struct str *out, struct error *err)
{
    const struct http_request *http = request->http;
    bool utf8 = true;

    if (http->method == HTTP_GET) {
        *out =
            http_query_param(exchange_arena(request->exchange), http->query, STR("input"), &utf8);
    } else if (http->body_too_large) {
        return fail(err, ERR_PAYLOAD_TOO_LARGE, "the request's body is too large");
    } else {
        *out = http->body;
        if (str_starts(*out, STR("\xef\xbb\xbf")))
            *out = str_slice(*out, 3, out->len);
    }
    if (!utf8)
        return fail(err, ERR_BAD_REQUEST, "input: not valid UTF-8");
    return true;
}

static bool read_input(struct rpc_request *request, struct error *err)
{
    struct str text = STR_NULL;

    if (!find_text(request, &text, err))
        return false;
    if (text.len == 0)
        return true;
    request->input =
        json_read(exchange_arena(request->exchange), text, JSON_DUPLICATES_REFUSED, err);
    if (!request->input)
        return false;
    if (request->batch && request->input->kind != JSON_OBJECT)
        return fail(err, ERR_BAD_REQUEST,
                    "\"input\" needs to be an object when doing a batch call");
    return true;
}

const struct json *input_without(struct rpc_call *call, const struct json *input, struct str name)
{
    if (!json_member(input, name))
        return input;
    struct json *rest = ARENA_NEW(call->call.arena, json);
    *rest = *input;
    rest->members = ARENA_ARRAY(call->call.arena, json_member, input->count);
    rest->count = 0;
    for (size_t i = 0; i < input->count; i++)
        if (!str_eq(input->members[i].name, name))
            rest->members[rest->count++] = input->members[i];
    return rest;
}

/*
 * infiniteQueryOptions() of the official client says with each page which way it goes on, and lets a
 * program name the first one by a cursor of null. Ours go one way; a procedure that takes a cursor is
 * spared both.
 */
static bool page_input(struct rpc_call *call, const struct json **input, struct error *err)
{
    const struct shape *shape = call->call.procedure->input;
    const struct json *direction = json_member(*input, STR("direction"));
    const struct json *cursor = json_member(*input, STR("cursor"));

    if (!shape_field(shape, STR("cursor")))
        return true;
    if (direction && !shape_field(shape, STR("direction"))) {
        if (direction->kind != JSON_STRING || !str_eq(direction->text, STR("forward")))
            return fail_field(err, ERR_BAD_REQUEST, "direction",
                              "must be \"forward\": pages go no other way");
        *input = input_without(call, *input, STR("direction"));
    }
    if (cursor && cursor->kind == JSON_NULL)
        *input = input_without(call, *input, STR("cursor"));
    return true;
}

bool rpc_input_decode(struct rpc_call *call, const void **out, struct error *err)
{
    struct rpc_request *request = call->request;
    const struct shape *shape = call->call.procedure->input;

    *out = NULL;
    if (!shape)
        return true;
    if (!request->read) {
        request->read = true;
        request->read_failed = !read_input(request, &request->read_error);
    }
    if (request->read_failed) {
        *err = request->read_error;
        return false;
    }
    const struct json *value = request->input;
    if (request->batch && value)
        value = batch_input(value, (size_t)(call - request->calls));
    if (call->call.procedure->kind == SUBSCRIPTION)
        value = stream_input(call, value);
    if (!page_input(call, &value, err))
        return false;
    void *input = arena_alloc(call->call.arena, shape->size);
    if (!schema_decode(shape, value, call->call.arena, input, err))
        return false;
    *out = input;
    return true;
}
