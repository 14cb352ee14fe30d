/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>
#include <unistd.h>

#include "http/listen.h"

static void listens_on_a_free_port(void **state)
{
    struct http_listener listener;
    struct error err;

    (void)state;
    assert_true(http_listen(STR("localhost:0"), &listener, &err));
    assert_string_equal(listener.host, "127.0.0.1");
    assert_true(listener.port > 0);
    assert_true(str_starts(str_from(listener.address), STR("127.0.0.1:")));
    (void)close(listener.socket);
}

static void names_an_address_in_use(void **state)
{
    struct http_listener listener, second;
    struct error err;

    (void)state;
    assert_true(http_listen(STR("127.0.0.1:0"), &listener, &err));
    assert_false(http_listen(str_from(listener.address), &second, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_non_null(strstr(err.message, listener.address));
    (void)close(listener.socket);
}

static void refuses_what_is_no_address(void **state)
{
    static const char *const bad[] = { "",           "8080",         ":8080",   "127.0.0.1",
                                       "127.0.0.1:", "127.0.0.1:x",  "[::1]",   "::1:8080",
                                       "host:80",    "127.0.0.1:-1", "[::1:80", "127.0.0.1:65536" };
    struct http_listener listener;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(http_listen(str_from(bad[i]), &listener, &err));
        assert_int_equal(err.code, ERR_BAD_REQUEST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listens_on_a_free_port),
        cmocka_unit_test(names_an_address_in_use),
        cmocka_unit_test(refuses_what_is_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
