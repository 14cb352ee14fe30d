/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol: what is asked, the status and the parts of the answer that come back. */
#include "unit.h"

#include <string.h>

#include "base/str.h"
#include "sample.h"
#include "wire.h"

#define GOOD "authorization: Bearer good\r\n"
#define BAD "authorization: Bearer bad\r\n"
#define JSON "content-type: application/json\r\n"
#define LINES "trpc-accept: application/jsonl\r\n"

static struct sample *sample;

static void send_request(struct wire *wire, const char *line, const char *headers, const char *body)
{
    struct buf text;

    buf_init(&text, (size_t)1 << 20);
    buf_printf(&text, "%s HTTP/1.1\r\nhost: tieline.example\r\n%s", line, headers);
    if (body)
        buf_printf(&text, "content-length: %zu\r\n", strlen(body));
    buf_printf(&text, "\r\n%s", body ? body : "");
    wire_send_str(wire, buf_str(&text));
    buf_done(&text);
}

/* Leaves the answer in wire->last; the caller closes. */
static int ask(struct wire *wire, const char *line, const char *headers, const char *body)
{
    wire_open(wire, sample_address(sample));
    send_request(wire, line, headers, body);
    return wire_answer(wire);
}

static void assert_has(struct wire *wire, const char *part)
{
    struct str body = wire_body(wire);

    if (str_find(body, str_from(part)) == body.len && *part)
        fail_msg("no %s in " STR_FMT, part, STR_ARG(body));
}

static void assert_call(const char *line, const char *headers, const char *body, int status,
                        const char *part)
{
    struct wire wire;
    int got = ask(&wire, line, headers, body);

    if (got != status)
        fail_msg("%s: %d instead of %d: " STR_FMT, line, got, status, STR_ARG(wire_body(&wire)));
    assert_has(&wire, part);
    wire_close(&wire);
}

static void queries_and_mutations_answer(void **state)
{
    (void)state;
    assert_call("GET /trpc/notes.get?input=%7B%22number%22%3A3%7D", GOOD, NULL, 200,
                "{\"result\":{\"data\":{\"number\":3,\"text\":\"a \\\"note\\\"\\n\"}}}");
    assert_call("GET /trpc/notes.get?input={\"number\":3}", GOOD JSON, NULL, 200, "\"number\":3");
    assert_call("GET /trpc/notes%2Eget/?x=y&input={\"number\":3}", GOOD, NULL, 200, "\"number\":3");
    assert_call("POST /trpc/notes.get", GOOD JSON, "{\"number\":4}", 200, "\"number\":4");
    assert_call("POST /trpc/notes.get?input={\"number\":9}", GOOD JSON, " {\"number\":4}\n", 200,
                "\"number\":4");
    assert_call("POST /trpc/notes.get", GOOD JSON, "\xef\xbb\xbf{\"number\":4}", 200,
                "\"number\":4");
    assert_call("POST /trpc/notes.add", GOOD "Content-Type: Application/JSON ; charset=utf-8\r\n",
                "{\"number\":5}", 200, "{\"number\":5,\"text\":\"added\"}");
    /* No output is an absent key; input that nobody wants is not looked at. */
    assert_call("POST /trpc/notes.drop", JSON, "", 200, "{\"result\":{}}");
    assert_call("POST /trpc/notes.drop", JSON, "{not json", 200, "{\"result\":{}}");
}

static void the_whole_request_is_checked_first(void **state)
{
    (void)state;
    assert_call("HEAD /trpc/nothing", "", NULL, 204, "");
    assert_call("GET /trpc/a%zz", "", NULL, 400, "{\"error\":{\"message\":");
    assert_call("GET /trpc/a%FF", "", NULL, 400, "BAD_REQUEST");
    assert_call("POST /trpc/nope", "", "{}", 415, "\"Missing content-type header\"");
    assert_call("POST /trpc/nope", "content-type: text/plain\r\n", "{}", 415,
                "\"code\":-32015,\"data\":{\"code\":\"UNSUPPORTED_MEDIA_TYPE\",\"httpStatus\":415,"
                "\"requestId\":");
    assert_call("POST /trpc/nope", "content-type: application/jsonl\r\n", "{}", 415, "");
    assert_call("OPTIONS /trpc/notes.get", "", NULL, 415, "");
    assert_call("GET /trpc/notes.list,notes.drop?batch=1", "", NULL, 400,
                "{\"error\":{\"message\":\"Cannot mix procedure types in call: query, mutation\"");
    assert_call("GET /trpc/notes.list?connectionParams=[]", "", NULL, 400, "PARSE_ERROR");
    assert_call("GET /trpc/notes.list?connectionParams={\"a\":1}", "", NULL, 400, "PARSE_ERROR");
    assert_call("GET /trpc/notes.list?connectionParams=null", "", NULL, 200, "");
    assert_call("GET /trpc/notes.list", LINES, NULL, 400, "BAD_REQUEST");
}

static void a_batch_has_a_largest_size(void **state)
{
    struct buf line;

    (void)state;
    buf_init(&line, 65536);
    buf_add_c(&line, "GET /trpc/notes.list");
    for (int i = 1; i < 100; i++)
        buf_add_c(&line, ",x");
    struct str all = buf_str(&line);
    buf_add_c(&line, "?batch=1");
    assert_call(line.ptr, "", NULL, 207, "]");
    line.len = all.len;
    buf_add_c(&line, ",x?batch=1");
    assert_call(line.ptr, "", NULL, 400, "{\"error\":{\"message\":\"Batch call exceeds");
    buf_done(&line);
}

static void calls_are_checked_in_order(void **state)
{
    (void)state;
    assert_call("GET /trpc/nope?input={", BAD, NULL, 404,
                "\"No procedure found on path \\\"nope\\\"\",\"code\":-32004,\"data\":{"
                "\"code\":\"NOT_FOUND\",\"httpStatus\":404,\"path\":\"nope\"");
    assert_call("GET /trpc/notes.list,x", BAD, NULL, 404, "\"path\":\"notes.list,x\"");
    assert_call("GET /trpc/__proto__", "", NULL, 404, "");
    assert_call("GET /trpc/", "", NULL, 404, "\"path\":\"\"");
    assert_call("GET /trpc/notes.add?input={", BAD, NULL, 405,
                "Unsupported GET-request to mutation procedure at path \\\"notes.add\\\"");
    assert_call("PUT /trpc/notes.get", JSON, "{}", 405, "Unsupported PUT-request to query");
    assert_call("GET /trpc/notes.get?input={", BAD, NULL, 401, "unknown token");
    assert_call("GET /trpc/notes.get?input={", "", NULL, 401, "UNAUTHORIZED");
    assert_call("GET /trpc/notes.get?input={", GOOD, NULL, 400, "\"path\":\"notes.get\"");
    assert_call("GET /trpc/notes.get?input=%FF", GOOD, NULL, 400, "UTF-8");
    assert_call("GET /trpc/notes.get", GOOD, NULL, 400, "\"field\":\"number\"");
    assert_call("GET /trpc/notes.get?input=", GOOD, NULL, 400, "\"field\":\"number\"");
    assert_call("GET /trpc/notes.get?input={\"number\":9999}", GOOD, NULL, 400,
                "\"message\":\"number: ");
    assert_call("GET /trpc/notes.get?input={\"number\":403}", GOOD, NULL, 403, "not yours");
    assert_call("GET /trpc/notes.get?input={\"number\":404}", GOOD, NULL, 404, "Note not found");
    /* Who may call anyone's procedure still must not show a bad token. */
    assert_call("GET /trpc/notes.list", BAD, NULL, 401, "unknown token");
}

static void refusals_say_what_would_be_allowed(void **state)
{
    struct wire wire;

    (void)state;
    assert_int_equal(ask(&wire, "GET /trpc/notes.add", "", NULL), 405);
    assert_true(str_eq(wire_header(&wire, "allow"), STR("POST")));
    wire_close(&wire);
    assert_int_equal(ask(&wire, "PATCH /trpc/notes.get", JSON, "{}"), 405);
    assert_true(str_eq(wire_header(&wire, "allow"), STR("GET, POST")));
    wire_close(&wire);
}

static void errors_say_enough_and_not_too_much(void **state)
{
    struct wire wire;

    (void)state;
    assert_int_equal(ask(&wire, "GET /trpc/fail.inside", "", NULL), 500);
    assert_int_equal(str_find(wire_body(&wire), STR("secret table")), wire_body(&wire).len);
    assert_has(&wire, "\"requestId\":\"");
    assert_has(&wire, "\"code\":-32603");
    wire_close(&wire);
    assert_int_equal(ask(&wire, "GET /trpc/fail.full", "", NULL), 503);
    assert_true(str_eq(wire_header(&wire, "retry-after"), STR("5")));
    assert_has(&wire, ",\"workflows\":[\"nightly\"]}}}");
    wire_close(&wire);
    assert_call("GET /trpc/fail.host", "", NULL, 400,
                "\"path\":\"fail.host\",\"field\":\"connectionUrl\",\"reason\":\"INVALID_HOST\"");
}

static void answers_have_their_headers(void **state)
{
    struct wire wire;
    struct buf id;

    (void)state;
    assert_int_equal(ask(&wire, "POST /trpc/notes.add", GOOD JSON, "{\"number\":1}"), 200);
    assert_true(str_eq(wire_header(&wire, "content-type"), STR("application/json")));
    assert_true(str_eq(wire_header(&wire, "cache-control"), STR("no-store")));
    assert_true(str_eq(wire_header(&wire, "x-content-type-options"), STR("nosniff")));
    assert_true(str_eq(wire_header(&wire, "vary"), STR("trpc-accept, accept")));
    assert_true(str_eq(wire_header(&wire, "set-cookie"), STR("seen=1; Path=/")));
    wire_close(&wire);
    assert_int_equal(ask(&wire, "GET /trpc/nope", "", NULL), 404);
    buf_init(&id, 100);
    buf_printf(&id, "\"requestId\":\"" STR_FMT "\"", STR_ARG(wire_header(&wire, "x-request-id")));
    assert_int_equal(id.len, 50);
    assert_has(&wire, id.ptr);
    buf_done(&id);
    wire_close(&wire);
}

static void batches_answer_in_order(void **state)
{
    (void)state;
    assert_call("GET /trpc/notes.get,notes.get,nope?batch=1&input={\"0\":{\"number\":1}}", GOOD,
                NULL, 207, "[{\"result\":{\"data\":{\"number\":1,");
    assert_call("GET /trpc/notes.get?batch=1&input={\"0\":{\"number\":1}}", GOOD, NULL, 200,
                "[{\"result\":{\"data\":{\"number\":1,\"text\":\"a \\\"note\\\"\\n\"}}}]");
    assert_call("GET /trpc/notes.get%2Cnotes.get?batch=1&input={\"0\":{\"number\":1},\"1\":"
                "{\"number\":2}}",
                GOOD, NULL, 200, "}}},{\"result\":{\"data\":{\"number\":2,");
    assert_call("GET /trpc/notes.get,notes.get?batch=1", "", NULL, 401, "[{\"error\":");
    assert_call("GET /trpc/notes.get,?batch=1&input={\"0\":{\"number\":1}}", GOOD, NULL, 207,
                "\"path\":\"\"");
    assert_call("POST /trpc/notes.add,notes.drop,notes.add?batch=1", GOOD JSON,
                "{\"0\":{\"number\":1},\"2\":{\"number\":2}}", 200,
                "[{\"result\":{\"data\":{\"number\":1,\"text\":\"added\"}}},{\"result\":{}},"
                "{\"result\":{\"data\":{\"number\":2,\"text\":\"added\"}}}]");
    assert_call("POST /trpc/notes.drop,notes.drop?batch=1", JSON, "", 200,
                "[{\"result\":{}},{\"result\":{}}]");
    /* Keys that are no index are nobody's. */
    assert_call("GET /trpc/notes.get?batch=1&input={\"00\":{\"number\":1},\"7\":{}}", GOOD, NULL,
                400, "[{\"error\":{\"message\":\"number: ");
    assert_call("GET /trpc/notes.get,notes.list?batch=1&input=[]", GOOD, NULL, 207,
                "needs to be an object when doing a batch call");
    assert_call("GET /trpc/notes.onAdd?batch=1", GOOD, NULL, 400, "[{\"error\":");
    assert_call("GET /trpc/notes.list?batch=2", "", NULL, 200, "{\"result\"");
}

static void pages_go_on_as_the_official_client_asks(void **state)
{
    (void)state;
    assert_call("GET /trpc/pages.next?input={\"direction\":\"forward\"}", "", NULL, 200,
                "\"first\"");
    assert_call("GET /trpc/pages.next?input={\"cursor\":null,\"direction\":\"forward\"}", "", NULL,
                200, "\"first\"");
    assert_call("POST /trpc/pages.next", JSON, "{\"direction\":\"forward\",\"cursor\":\"next\"}",
                200, "\"next\"");
    assert_call("GET /trpc/pages.next?batch=1&input={\"0\":{\"cursor\":\"b\",\"direction\":"
                "\"forward\"}}",
                "", NULL, 200, "\"text\":\"b\"");
    assert_call("GET /trpc/pages.next?input={\"direction\":\"backward\"}", "", NULL, 400,
                "direction: must be \\\"forward\\\": pages go no other way");
    assert_call("GET /trpc/pages.next?input={\"direction\":1}", "", NULL, 400,
                "\"field\":\"direction\"");
    assert_call("GET /trpc/pages.next?input={\"other\":1}", "", NULL, 400, "\"field\":\"other\"");
    /* Without a cursor it is a member like others. */
    assert_call("GET /trpc/notes.get?input={\"number\":1,\"direction\":\"forward\"}", GOOD, NULL,
                400, "\"field\":\"direction\"");
}

static void lines_come_as_calls_end(void **state)
{
    struct wire wire;

    (void)state;
    wire_open(&wire, sample_address(sample));
    send_request(&wire, "GET /trpc/hold.wait,notes.get,nope?batch=1&input={\"1\":{\"number\":2}}",
                 LINES GOOD, NULL);
    wire_expect(&wire, "HTTP/1.1 200");
    wire_expect(&wire, "{\"0\":[[0],[null,0,0]],\"1\":[[0],[null,0,1]],\"2\":[[0],[null,0,2]]}\n");
    wire_expect(&wire, "[1,0,[[{\"result\":{\"data\":{\"number\":2,");
    wire_expect(&wire, "[2,0,[[{\"error\":{");
    sample_release(sample);
    wire_expect(&wire, "[0,0,[[{\"result\":{}}]]]\n");
    wire_expect(&wire, "\r\n0\r\n\r\n");
    wire_close(&wire);
    /* One call waits for nobody: its cookie reaches the headers. */
    assert_int_equal(ask(&wire, "POST /trpc/notes.add?batch=1",
                         "accept: text/html, application/jsonl;q=1\r\n" GOOD JSON,
                         "{\"0\":{\"number\":2}}"),
                     200);
    assert_true(str_set(wire_header(&wire, "set-cookie")));
    assert_has(&wire, "{\"0\":[[0],[null,0,0]]}\n"
                      "[0,0,[[{\"result\":{\"data\":{\"number\":2,\"text\":\"added\"}}}]]]\n");
    wire_close(&wire);
    /* An answer is no stream that somebody reads too slowly, however long its lines are. */
    assert_int_equal(ask(&wire, "GET /trpc/notes.get,nope?batch=1&input={\"0\":{\"number\":777}}",
                         LINES GOOD, NULL),
                     200);
    assert_true(wire_body(&wire).len > SAMPLE_LONG_BYTES);
    assert_has(&wire, "[1,0,[[{\"error\":");
    wire_close(&wire);
    /* Failures of calls are told inside. */
    assert_call("GET /trpc/notes.get,nope?batch=1", LINES, NULL, 200, "[1,0,[[{\"error\":");
}

static void leaving_a_stream_of_lines_harms_nobody(void **state)
{
    struct wire wire;

    (void)state;
    for (int i = 0; i < 10; i++) {
        wire_open(&wire, sample_address(sample));
        send_request(&wire, "POST /trpc/notes.add,notes.add?batch=1", LINES GOOD JSON,
                     "{\"0\":{\"number\":2},\"1\":{\"number\":2}}");
        wire_close(&wire);
    }
    assert_call("GET /trpc/notes.list", "", NULL, 200, "");
}

static void subscriptions_send_events(void **state)
{
    struct wire wire;

    (void)state;
    assert_int_equal(ask(&wire, "GET /trpc/notes.onAdd?input={\"number\":2}", GOOD, NULL), 200);
    assert_true(str_eq(wire_header(&wire, "content-type"), STR("text/event-stream")));
    assert_true(str_eq(wire_header(&wire, "x-accel-buffering"), STR("no")));
    assert_true(str_starts(wire_body(&wire), STR("event: connected\ndata: {")));
    assert_has(&wire, "}\n\ndata: {\"number\":1,\"text\":\"event\"}\nid: 1\n\n"
                      "data: {\"number\":2,\"text\":\"event\"}\nid: 2\n\n"
                      "event: return\ndata:\n\n");
    wire_close(&wire);
}

static void subscriptions_go_on_from_the_last_event(void **state)
{
    static const char *const only_third = "}\n\ndata: {\"number\":3,";

    (void)state;
    assert_call("GET /trpc/notes.onAdd?input={\"number\":3}&lastEventId=1",
                GOOD "last-event-id: 2\r\n", NULL, 200, only_third);
    assert_call("GET /trpc/notes.onAdd?lastEventId=2&input={\"number\":3,\"lastEventId\":\"1\"}",
                GOOD, NULL, 200, only_third);
    assert_call("GET /trpc/notes.onAdd?Last-Event-Id=2&input={\"number\":3}", GOOD, NULL, 200,
                only_third);
    assert_call("GET /trpc/notes.onAdd?input={\"lastEventId\":\"2\",\"number\":3}", GOOD, NULL, 200,
                only_third);
}

static void an_event_without_id_does_not_inherit_one(void **state)
{
    (void)state;
    assert_call("GET /trpc/notes.onAdd?input={\"number\":5}", GOOD, NULL, 200,
                "id: 5\n\ndata: {\"number\":0,\"text\":\"untracked\"}\nid:\n\n"
                "event: restore-id\ndata:\nid: 5\n\nevent: return");
}

static void leaving_a_subscription_at_once_harms_nobody(void **state)
{
    struct wire wire;

    (void)state;
    for (int i = 0; i < 20; i++) {
        wire_open(&wire, sample_address(sample));
        send_request(&wire,
                     i % 2 ? "GET /trpc/notes.onAdd?input={\"number\":0}"
                           : "GET /trpc/notes.onAdd?input={\"number\":9}",
                     GOOD, NULL);
        wire_close(&wire);
    }
    assert_call("GET /trpc/notes.list", "", NULL, 200, "");
}

static void failing_subscriptions_tell_it_as_an_event(void **state)
{
    (void)state;
    assert_call(
        "GET /trpc/notes.onAdd?input={\"number\":2}", "", NULL, 200,
        "}\n\nevent: serialized-error\ndata: {\"message\":\"not signed in\",\"code\":-32001");
    assert_call("GET /trpc/notes.onAdd?input={}", GOOD, NULL, 200, "\"field\":\"number\"");
    assert_call("GET /trpc/notes.onAdd", GOOD, NULL, 200, "\"field\":\"number\"");
    assert_call("GET /trpc/notes.onAdd?connectionParams={\"token\":\"good\"}&input={\"number\":1}",
                "", NULL, 200, "event: return");
    assert_call("PUT /trpc/notes.onAdd", GOOD JSON, "{}", 200, "serialized-error");
    assert_call("GET /trpc/notes.nope", GOOD, NULL, 404, "{\"error\"");
}

static int start(void **state)
{
    (void)state;
    sample = sample_start(&(struct sample_options){ 0 });
    return 0;
}

static int start_dispatching(void **state)
{
    (void)state;
    sample = sample_start(&(struct sample_options){ .dispatch = true });
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sample_stop(sample, WIRE_PATIENCE_MS);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_and_mutations_answer),
        cmocka_unit_test(the_whole_request_is_checked_first),
        cmocka_unit_test(a_batch_has_a_largest_size),
        cmocka_unit_test(calls_are_checked_in_order),
        cmocka_unit_test(refusals_say_what_would_be_allowed),
        cmocka_unit_test(errors_say_enough_and_not_too_much),
        cmocka_unit_test(answers_have_their_headers),
        cmocka_unit_test(batches_answer_in_order),
        cmocka_unit_test(pages_go_on_as_the_official_client_asks),
        cmocka_unit_test(lines_come_as_calls_end),
        cmocka_unit_test(leaving_a_stream_of_lines_harms_nobody),
        cmocka_unit_test(subscriptions_send_events),
        cmocka_unit_test(subscriptions_go_on_from_the_last_event),
        cmocka_unit_test(an_event_without_id_does_not_inherit_one),
        cmocka_unit_test(leaving_a_subscription_at_once_harms_nobody),
        cmocka_unit_test(failing_subscriptions_tell_it_as_an_event),
    };
    /* The same on the HTTP thread and on another one. */
    int failed = cmocka_run_group_tests_name("inline", tests, start, stop);
    return failed + cmocka_run_group_tests_name("dispatched", tests, start_dispatching, stop);
}
