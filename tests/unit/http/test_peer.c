/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "http/peer.h"

static const char *const ranges[] = { "127.0.0.1", "10.0.0.0/8", "2001:db8::/33", NULL };

static void assert_peer(const char *socket, const char *forwarded, const char *wanted)
{
    struct http_header headers[] = { { STR("X-Forwarded-For"), STR_NULL },
                                     { STR("X-Forwarded-Proto"), STR("https") } };
    struct http_request request = { .headers = headers, .header_count = 2 };
    struct error err;
    struct http_proxies *proxies = http_proxies_new(ranges, &err);
    AUTO(arena) arena = arena_new();

    assert_non_null(proxies);
    headers[0].value = str_from(forwarded);
    http_peer_find(proxies, str_from(socket), &request, arena);
    assert_true(str_eq(request.peer, str_from(wanted)));
    assert_int_equal(request.secure, socket[0] != '9');
    http_proxies_free(proxies);
}

static void only_trusted_proxies_are_believed(void **state)
{
    (void)state;
    assert_peer("9.9.9.9", "1.2.3.4", "9.9.9.9");
    assert_peer("127.0.0.1", "1.2.3.4", "1.2.3.4");
    assert_peer("10.255.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4");
    assert_peer("127.0.0.1", "1.2.3.4, 10.0.0.2,127.0.0.1", "1.2.3.4");
    assert_peer("127.0.0.1", "10.0.0.2", "10.0.0.2");
    assert_peer("2001:db8:7fff::1", "2001:db8:8000::9", "2001:db8:8000::9");
}

static void what_is_no_address_ends_the_walk(void **state)
{
    (void)state;
    assert_peer("127.0.0.1", "1.2.3.4, unknown", "127.0.0.1");
    assert_peer("127.0.0.1", "1.2.3.4, nonsense, 10.0.0.3", "10.0.0.3");
    assert_peer("127.0.0.1", "", "127.0.0.1");
}

static void headers_are_walked_backwards_too(void **state)
{
    struct http_header headers[] = { { STR("x-forwarded-for"), STR("6.6.6.6") },
                                     { STR("x-forwarded-for"), STR("1.2.3.4, 10.0.0.1") } };
    struct http_request request = { .headers = headers, .header_count = 2 };
    struct error err;
    struct http_proxies *proxies = http_proxies_new(ranges, &err);
    AUTO(arena) arena = arena_new();

    (void)state;
    http_peer_find(proxies, STR("127.0.0.1"), &request, arena);
    assert_true(str_eq(request.peer, STR("1.2.3.4")));
    assert_false(request.secure);
    http_proxies_free(proxies);
}

static void odd_ranges_are_refused(void **state)
{
    static const char *const bad[] = { "", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/", "x" };
    struct error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *const list[] = { bad[i], NULL };
        assert_null(http_proxies_new(list, &err));
        assert_int_equal(err.code, ERR_BAD_REQUEST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_trusted_proxies_are_believed),
        cmocka_unit_test(what_is_no_address_ends_the_walk),
        cmocka_unit_test(headers_are_walked_backwards_too),
        cmocka_unit_test(odd_ranges_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
