/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "http/check.h"

struct pair {
    const char *name, *value;
};

#define HEADERS(...) ((const struct pair[]){ __VA_ARGS__, { NULL, NULL } })

static size_t fill(const struct pair *pairs, struct http_header *out)
{
    size_t count = 0;

    for (; pairs[count].name; count++)
        out[count] =
            (struct http_header){ str_from(pairs[count].name), str_from(pairs[count].value) };
    return count;
}

static int framing(const char *version, const char *target, const struct pair *pairs)
{
    struct http_header headers[8];
    const char *why = NULL;
    size_t count = fill(pairs, headers);
    int status = http_check_framing(str_from(version), str_from(target), headers, count, &why);

    assert_int_equal(status != 0, why != NULL);
    return status;
}

static int host_on(const char *address, uint16_t port, const struct pair *pairs)
{
    static const struct str also[] = { { "tieline.example", 15 }, { NULL, 0 } };
    struct http_hosts hosts = { str_from(address), port, also };
    struct http_header headers[8];
    const char *why;
    size_t count = fill(pairs, headers);

    return http_check_host(&hosts, headers, count, &why);
}

#define ASSERT_FRAMING(status, ...)                                                                \
    assert_int_equal(framing("HTTP/1.1", "/", HEADERS(__VA_ARGS__)), status)

static void a_body_has_one_length(void **state)
{
    (void)state;
    ASSERT_FRAMING(0, { "host", "x" });
    ASSERT_FRAMING(0, { "Content-Length", "12" });
    ASSERT_FRAMING(0, { "Transfer-Encoding", "Chunked" });
    ASSERT_FRAMING(400, { "Content-Length", "12" }, { "content-length", "12" });
    ASSERT_FRAMING(400, { "Content-Length", "12" }, { "transfer-encoding", "chunked" });
    ASSERT_FRAMING(400, { "Transfer-Encoding", "chunked" }, { "Transfer-Encoding", "chunked" });
    ASSERT_FRAMING(400, { "Transfer-Encoding", "gzip, chunked" });
    ASSERT_FRAMING(400, { "Transfer-Encoding", "identity" });
    ASSERT_FRAMING(400, { "Content-Length", "+12" });
    ASSERT_FRAMING(400, { "Content-Length", "12, 12" });
    ASSERT_FRAMING(400, { "Content-Length", "-1" });
    ASSERT_FRAMING(400, { "Content-Length", "0x10" });
    ASSERT_FRAMING(400, { "Content-Length", "" });
    assert_int_equal(framing("HTTP/1.0", "/", HEADERS({ "Transfer-Encoding", "chunked" })), 400);
    assert_int_equal(framing("HTTP/1.0", "/", HEADERS({ "Content-Length", "1" })), 0);
}

static void header_names_are_tokens(void **state)
{
    (void)state;
    ASSERT_FRAMING(0, { "x-a_b.c!#$%&'*+^`|~9", "v" });
    ASSERT_FRAMING(400, { "content-length ", "2" });
    ASSERT_FRAMING(400, { "", "2" });
    ASSERT_FRAMING(400, { "a:b", "2" });
    ASSERT_FRAMING(400, { "a\tb", "2" });
    ASSERT_FRAMING(400, { "ä", "2" });
    ASSERT_FRAMING(400, { "a", "b\x01" });
    ASSERT_FRAMING(400, { "a", "b\x7f" });
    ASSERT_FRAMING(0, { "a", "b\tc é" });
}

static void targets_are_paths(void **state)
{
    static const char *const bad[] = { "",     "*",       "http://x/", "x:80",
                                       "/a b", "/a\x01b", "/a\tb",     "/\x7f" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(framing("HTTP/1.1", bad[i], HEADERS({ "a", "b" })), 400);
    assert_int_equal(framing("HTTP/1.1", "/a?b={\"é\":[1]}", HEADERS({ "a", "b" })), 0);
}

#define ASSERT_HOST(status, address, port, ...)                                                    \
    assert_int_equal(host_on(address, port, HEADERS(__VA_ARGS__)), status)

static void there_is_one_host(void **state)
{
    (void)state;
    ASSERT_HOST(400, "127.0.0.1", 80, { "a", "b" });
    ASSERT_HOST(400, "127.0.0.1", 80, { "host", "localhost" }, { "Host", "localhost" });
    ASSERT_HOST(421, "127.0.0.1", 80, { "host", "" });
}

static void loopback_answers_to_its_names(void **state)
{
    (void)state;
    ASSERT_HOST(0, "127.0.0.1", 8080, { "Host", "127.0.0.1:8080" });
    ASSERT_HOST(0, "127.0.0.1", 8080, { "Host", "LOCALHOST:8080" });
    ASSERT_HOST(0, "127.0.0.1", 8080, { "Host", "[::1]:8080" });
    ASSERT_HOST(0, "::1", 8080, { "Host", "127.0.0.1:8080" });
    ASSERT_HOST(0, "127.0.0.1", 80, { "Host", "localhost" });
    ASSERT_HOST(0, "127.0.0.1", 8080, { "Host", "Tieline.Example" });
    ASSERT_HOST(421, "127.0.0.1", 8080, { "Host", "localhost" });
    ASSERT_HOST(421, "127.0.0.1", 8080, { "Host", "localhost:8081" });
    ASSERT_HOST(421, "127.0.0.1", 8080, { "Host", "localhost:8080:8080" });
    ASSERT_HOST(421, "127.0.0.1", 8080, { "Host", "localhost.:8080" });
    ASSERT_HOST(421, "127.0.0.1", 8080, { "Host", "evil.example:8080" });
    ASSERT_HOST(421, "127.0.0.1", 8080, { "Host", "10.0.0.1:8080" });
    ASSERT_HOST(421, "127.0.0.1", 8080, { "Host", "::1:8080" });
    ASSERT_HOST(421, "127.0.0.1", 8080, { "Host", "[127.0.0.1]:8080" });
    ASSERT_HOST(421, "127.0.0.1", 8080, { "Host", "tieline.example:8080" });
    ASSERT_HOST(421, "127.0.0.1", 8080, { "Host", "localhost:8080, localhost:8080" });
    ASSERT_HOST(421, "127.0.0.1", 8080, { "Host", "[::1" });
}

static void a_wildcard_answers_to_literals_not_to_names(void **state)
{
    (void)state;
    ASSERT_HOST(0, "0.0.0.0", 8080, { "Host", "192.0.2.7:8080" });
    ASSERT_HOST(0, "::", 8080, { "Host", "[2001:db8::1]:8080" });
    ASSERT_HOST(0, "0.0.0.0", 8080, { "Host", "localhost:8080" });
    ASSERT_HOST(421, "0.0.0.0", 8080, { "Host", "rebound.example:8080" });
    ASSERT_HOST(421, "0.0.0.0", 8080, { "Host", "192.0.2.7:80" });
}

static void another_address_answers_to_itself(void **state)
{
    (void)state;
    ASSERT_HOST(0, "192.0.2.7", 8080, { "Host", "192.0.2.7:8080" });
    ASSERT_HOST(421, "192.0.2.7", 8080, { "Host", "192.0.2.8:8080" });
    ASSERT_HOST(421, "192.0.2.7", 8080, { "Host", "localhost:8080" });
    ASSERT_HOST(421, "192.0.2.7", 8080, { "Host", "127.0.0.1:8080" });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_has_one_length),
        cmocka_unit_test(header_names_are_tokens),
        cmocka_unit_test(targets_are_paths),
        cmocka_unit_test(there_is_one_host),
        cmocka_unit_test(loopback_answers_to_its_names),
        cmocka_unit_test(a_wildcard_answers_to_literals_not_to_names),
        cmocka_unit_test(another_address_answers_to_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
