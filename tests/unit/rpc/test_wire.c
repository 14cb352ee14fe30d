/* SPDX-License-Identifier: Apache-2.0 */
/* What reaches a handler, and what does not: the sample API driven with hand-made bytes. */
#include "unit.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/time.h"
#include "sample.h"
#include "wire.h"

#define HOST "Host: 127.0.0.1:%s\r\n"
#define LIST "GET /trpc/notes.list HTTP/1.1\r\nHost: localhost:%s\r\n"
#define ADD "POST /trpc/notes.add HTTP/1.1\r\nHost: localhost:%s\r\n"
#define GOOD "Authorization: Bearer good\r\n"
#define JSON "Content-Type: application/json\r\n"

static struct sample *sample;

static const char *port(void)
{
    static char text[8];
    struct str address = sample_address(sample);
    size_t colon = str_find_byte(address, ':');

    memcpy(text, address.ptr + colon + 1, address.len - colon - 1);
    text[address.len - colon - 1] = '\0';
    return text;
}

/* Puts the port where "%s" stands. */
static void with_port(const char *request, struct buf *out)
{
    struct str text = str_from(request);
    size_t at = str_find(text, STR("%s"));

    buf_init(out, (size_t)1 << 20);
    buf_add(out, str_slice(text, 0, at));
    if (at < text.len) {
        buf_add_c(out, port());
        buf_add(out, str_slice(text, at + 2, text.len));
    }
}

static void say(struct wire *wire, const char *request)
{
    struct buf text;

    with_port(request, &text);
    wire_send_str(wire, buf_str(&text));
    buf_done(&text);
}

static int ask(const char *request)
{
    struct buf text;

    with_port(request, &text);
    int status = wire_once(sample_address(sample), text.ptr, NULL);
    buf_done(&text);
    return status;
}

/* Refused, and the connection with it: nobody knows where the next request would begin. */
static void assert_refused(const char *request, int status)
{
    struct wire wire;

    wire_open(&wire, sample_address(sample));
    say(&wire, request);
    assert_int_equal(wire_answer(&wire), status);
    assert_true(str_eq_nocase(wire_header(&wire, "connection"), STR("close")));
    assert_true(wire_closed(&wire));
    wire_close(&wire);
}

static void refuses_requests_of_two_lengths(void **state)
{
    (void)state;
    assert_refused(ADD GOOD JSON "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400);
    assert_refused(ADD GOOD JSON "Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}", 400);
    assert_refused(ADD GOOD JSON "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "0\r\n\r\n",
                   400);
    assert_refused(ADD GOOD JSON "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400);
    assert_refused("POST /trpc/notes.add HTTP/1.0\r\nHost: localhost:%s\r\n" JSON
                   "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                   400);
}

static void refuses_malformed_headers(void **state)
{
    (void)state;
    assert_refused(ADD GOOD JSON "Content-Length : 2\r\n\r\n{}", 400);
    assert_refused(LIST "x y: 1\r\n\r\n", 400);
    assert_refused(LIST "x(y): 1\r\n\r\n", 400);
    assert_refused(LIST "x: a\001b\r\n\r\n", 400);
}

static void refuses_foreign_hosts(void **state)
{
    (void)state;
    assert_refused("GET /trpc/notes.list HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421);
    assert_refused("GET /trpc/notes.list HTTP/1.1\r\nHost: localhost:1\r\n\r\n", 421);
    assert_refused(LIST "Host: localhost:80\r\n\r\n", 400);
    assert_refused("GET /trpc/notes.list HTTP/1.0\r\n\r\n", 400);
    assert_int_equal(ask("GET /trpc/notes.list HTTP/1.1\r\nHost: Tieline.example\r\n\r\n"), 200);
    assert_int_equal(ask("GET /trpc/notes.list HTTP/1.1\r\n" HOST "\r\n"), 200);
    assert_int_equal(ask("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 200);
}

static void matches_the_raw_target(void **state)
{
    struct wire wire;

    (void)state;
    assert_refused("GET http://localhost/trpc/notes.list HTTP/1.1\r\nHost: localhost:%s\r\n\r\n",
                   400);
    assert_refused("OPTIONS * HTTP/1.1\r\nHost: localhost:%s\r\n\r\n", 400);
    assert_refused("GET /trpc/notes\001list HTTP/1.1\r\nHost: localhost:%s\r\n\r\n", 400);
    assert_int_equal(ask("GET /%74rpc/notes.list HTTP/1.1\r\nHost: localhost:%s\r\n\r\n"), 404);
    assert_int_equal(ask("GET /healthz/ HTTP/1.1\r\nHost: localhost:%s\r\n\r\n"), 404);
    assert_int_equal(ask("GET /../healthz HTTP/1.1\r\nHost: localhost:%s\r\n\r\n"), 404);
    /* A NUL does not end the name early. */
    wire_open(&wire, sample_address(sample));
    say(&wire, "GET /trpc/notes.list%00x HTTP/1.1\r\nHost: tieline.example\r\n\r\n");
    assert_int_equal(wire_answer(&wire), 404);
    assert_true(str_find(wire_body(&wire), STR("notes.list\\u0000x")) < wire_body(&wire).len);
    wire_close(&wire);
}

/* The library reads these; what matters is that the request is whole and its own. */
static void bare_line_feeds_are_line_ends(void **state)
{
    (void)state;
    assert_int_equal(ask("GET /trpc/notes.list HTTP/1.1\nHost: localhost:%s\n\n"), 200);
}

static void answers_pipelined_requests_in_order(void **state)
{
    struct wire wire;

    (void)state;
    wire_open(&wire, sample_address(sample));
    say(&wire, ADD GOOD JSON "Content-Length: 12\r\n\r\n{\"number\":1}");
    say(&wire, LIST "\r\n");
    say(&wire, ADD GOOD JSON "Content-Length: 12\r\n\r\n{\"number\":2}");
    assert_int_equal(wire_answer(&wire), 200);
    assert_true(str_find(wire_body(&wire), STR("\"number\":1,\"text\":\"added\"")) < 40);
    assert_int_equal(wire_answer(&wire), 200);
    assert_true(str_starts(wire_body(&wire), STR("{\"result\":{\"data\":{\"notes\":")));
    assert_int_equal(wire_answer(&wire), 200);
    assert_true(str_find(wire_body(&wire), STR("\"number\":2,\"text\":\"added\"")) < 40);
    wire_close(&wire);
}

static void joins_chunked_bodies(void **state)
{
    struct wire wire;

    (void)state;
    wire_open(&wire, sample_address(sample));
    say(&wire, ADD GOOD JSON "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"num\r\n");
    wire_send(&wire, "7\r\nber\":3}\r\n0\r\n\r\n");
    assert_int_equal(wire_answer(&wire), 200);
    say(&wire, LIST "\r\n");
    assert_int_equal(wire_answer(&wire), 200);
    wire_close(&wire);
}

static void refuses_bodies_over_the_cap(void **state)
{
    static const size_t size = 100000; /* the sample takes 65536 */
    struct wire wire;
    char *body = xcalloc(1, size + 1);

    (void)state;
    memset(body, ' ', size);
    wire_open(&wire, sample_address(sample));
    say(&wire, ADD GOOD JSON "Content-Length: 100000\r\n\r\n");
    wire_send(&wire, body);
    assert_int_equal(wire_answer(&wire), 413);
    assert_true(str_find(wire_body(&wire), STR("PAYLOAD_TOO_LARGE")) < wire_body(&wire).len);
    /* What followed it was not taken for a request. */
    say(&wire, LIST "\r\n");
    assert_int_equal(wire_answer(&wire), 200);
    wire_close(&wire);
    free(body);
}

static void cuts_off_who_never_stops_sending(void **state)
{
    struct wire wire;
    struct buf chunk;

    (void)state;
    buf_init(&chunk, 65536 * 2);
    buf_add_c(&chunk, "10000\r\n");
    for (int i = 0; i < 65536; i++)
        buf_add_byte(&chunk, 'x');
    buf_add_c(&chunk, "\r\n");
    wire_open(&wire, sample_address(sample));
    say(&wire, ADD GOOD JSON "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 100; i++)
        wire_send_str(&wire, buf_str(&chunk));
    assert_true(wire_closed(&wire));
    wire_close(&wire);
    buf_done(&chunk);
}

static void takes_long_request_lines(void **state)
{
    struct buf request;

    (void)state;
    buf_init(&request, 65536);
    buf_add_c(&request, "GET /trpc/notes.list?pad=");
    for (int i = 0; i < 16 * 1024; i++)
        buf_add_byte(&request, 'x');
    buf_add_c(&request, " HTTP/1.1\r\nHost: tieline.example\r\n\r\n");
    assert_int_equal(wire_once(sample_address(sample), request.ptr, NULL), 200);
    buf_done(&request);
}

static void forgets_clients_that_hang_up_while_they_wait(void **state)
{
    struct wire wire;

    (void)state;
    for (int i = 0; i < 20; i++) {
        wire_open(&wire, sample_address(sample));
        say(&wire, ADD GOOD JSON "Content-Length: 12\r\n\r\n{\"number\":1}");
        wire_close(&wire);
    }
    assert_int_equal(ask(LIST "\r\n"), 200);
}

static int start(void **state)
{
    (void)state;
    sample = sample_start(&(struct sample_options){ 0 });
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sample_stop(sample, WIRE_PATIENCE_MS);
    return 0;
}

/* Deadlines: servers of their own, with short ones. */

/* One more byte after a moment; false when the server has closed. */
static bool send_byte(struct wire *wire)
{
    struct pollfd closed = { .fd = wire->socket, .events = POLLIN };

    if (poll(&closed, 1, 5) != 0)
        return false;
    return send(wire->socket, "x", 1, MSG_NOSIGNAL) == 1;
}

static void ends_clients_that_drip(void **state)
{
    struct sample_options options = { .header_timeout_ms = 200 };
    struct wire wire;

    (void)state;
    sample = sample_start(&options);
    wire_open(&wire, sample_address(sample));
    wire_send(&wire, "GET /trpc/notes.list HTTP/1.1\r\nX: ");
    struct deadline by = deadline_in_ms(WIRE_PATIENCE_MS);
    /* Never idle for long: an idle limit would let this go on for ever. */
    while (!deadline_passed(by) && send_byte(&wire))
        ;
    assert_false(deadline_passed(by));
    wire_close(&wire);
    sample_stop(sample, 0);
}

static void ends_bodies_that_drip(void **state)
{
    struct sample_options options = { .request_timeout_ms = 200 };
    struct wire wire;

    (void)state;
    sample = sample_start(&options);
    wire_open(&wire, sample_address(sample));
    say(&wire, ADD GOOD JSON "Content-Length: 60000\r\n\r\n");
    struct deadline by = deadline_in_ms(WIRE_PATIENCE_MS);
    while (!deadline_passed(by) && send_byte(&wire))
        ;
    assert_false(deadline_passed(by));
    wire_close(&wire);
    sample_stop(sample, 0);
}

static void answers_for_a_handler_that_does_not(void **state)
{
    struct sample_options options = { .request_timeout_ms = 1000 };
    struct wire wire;

    (void)state;
    sample = sample_start(&options);
    wire_open(&wire, sample_address(sample));
    say(&wire, "GET /trpc/hold.wait HTTP/1.1\r\nHost: localhost:%s\r\n\r\n");
    assert_int_equal(wire_answer(&wire), 503);
    assert_true(str_starts(wire_body(&wire), STR("{\"error\":{")));
    assert_true(wire_closed(&wire));
    /* The late answer of the handler goes nowhere, and harms nobody. */
    sample_release(sample);
    wire_close(&wire);
    sample_stop(sample, WIRE_PATIENCE_MS);
}

/* A subscription whose turn comes when its client was told long ago that it is too late. */
static void a_stream_may_begin_too_late(void **state)
{
    struct sample_options options = { .request_timeout_ms = 1000, .dispatch = true, .busy = true };
    struct wire wire;

    (void)state;
    sample = sample_start(&options);
    wire_open(&wire, sample_address(sample));
    say(&wire, "GET /trpc/notes.onAdd?input={\"number\":0} HTTP/1.1\r\nHost: localhost:%s\r\n" GOOD
               "\r\n");
    assert_int_equal(wire_answer(&wire), 503);
    assert_true(wire_closed(&wire));
    wire_close(&wire);
    sample_release(sample);
    sample_stop(sample, WIRE_PATIENCE_MS);
}

static void stops_over_open_requests(void **state)
{
    struct wire waiting, subscribed, idle;

    (void)state;
    sample = sample_start(&(struct sample_options){ 0 });
    wire_open(&waiting, sample_address(sample));
    wire_open(&subscribed, sample_address(sample));
    wire_open(&idle, sample_address(sample));
    say(&subscribed,
        "GET /trpc/notes.onAdd?input={\"number\":0} HTTP/1.1\r\nHost: localhost:%s\r\n" GOOD
        "\r\n");
    wire_expect(&subscribed, "event: connected");
    say(&waiting, "GET /trpc/hold.wait HTTP/1.1\r\nHost: localhost:%s\r\n\r\n");
    say(&waiting, LIST "\r\n");
    while (sample_held(sample) == 0)
        (void)poll(NULL, 0, 1);
    sample_stop(sample, 20);
    assert_int_equal(wire_answer(&waiting), 503);
    assert_true(wire_closed(&waiting));
    wire_expect(&subscribed, "\r\n0\r\n\r\n");
    assert_true(wire_closed(&idle));
    wire_close(&waiting);
    wire_close(&subscribed);
    wire_close(&idle);
}

static void waits_for_answers_when_it_stops(void **state)
{
    struct wire wire;

    (void)state;
    sample = sample_start(&(struct sample_options){ 0 });
    wire_open(&wire, sample_address(sample));
    say(&wire, "GET /trpc/hold.wait HTTP/1.1\r\nHost: localhost:%s\r\n\r\n");
    while (sample_held(sample) == 0)
        (void)poll(NULL, 0, 1);
    sample_release(sample);
    sample_stop(sample, WIRE_PATIENCE_MS);
    assert_int_equal(wire_answer(&wire), 200);
    wire_close(&wire);
}

static void notices_that_a_subscriber_left(void **state)
{
    struct wire wire;

    (void)state;
    sample = sample_start(&(struct sample_options){ .header_timeout_ms = 100 });
    wire_open(&wire, sample_address(sample));
    say(&wire, "GET /trpc/notes.onAdd?input={\"number\":0} HTTP/1.1\r\nHost: localhost:%s\r\n" GOOD
               "\r\n");
    wire_expect(&wire, "event: connected");
    assert_int_equal(sample_subscribers(sample), 1);
    wire_close(&wire);
    struct deadline by = deadline_in_ms(WIRE_PATIENCE_MS);
    while (sample_subscribers(sample) > 0 && !deadline_passed(by))
        (void)poll(NULL, 0, 1);
    assert_int_equal(sample_subscribers(sample), 0);
    sample_stop(sample, WIRE_PATIENCE_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_requests_of_two_lengths),
        cmocka_unit_test(refuses_malformed_headers),
        cmocka_unit_test(refuses_foreign_hosts),
        cmocka_unit_test(matches_the_raw_target),
        cmocka_unit_test(bare_line_feeds_are_line_ends),
        cmocka_unit_test(answers_pipelined_requests_in_order),
        cmocka_unit_test(joins_chunked_bodies),
        cmocka_unit_test(refuses_bodies_over_the_cap),
        cmocka_unit_test(cuts_off_who_never_stops_sending),
        cmocka_unit_test(takes_long_request_lines),
        cmocka_unit_test(forgets_clients_that_hang_up_while_they_wait),
    };
    const struct CMUnitTest own_servers[] = {
        cmocka_unit_test(ends_clients_that_drip),
        cmocka_unit_test(ends_bodies_that_drip),
        cmocka_unit_test(answers_for_a_handler_that_does_not),
        cmocka_unit_test(a_stream_may_begin_too_late),
        cmocka_unit_test(stops_over_open_requests),
        cmocka_unit_test(waits_for_answers_when_it_stops),
        cmocka_unit_test(notices_that_a_subscriber_left),
    };
    int failed = cmocka_run_group_tests(tests, start, stop);
    return failed + cmocka_run_group_tests(own_servers, NULL, NULL);
}
