/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "http/server.h"

static const struct http_header headers[] = {
    { { "Cookie", 6 }, { "a=1; tieline_session=x=y ;b=", 28 } },
    { { "X-One", 5 }, { "first", 5 } },
    { { "x-one", 5 }, { "second", 6 } },
    { { "cookie", 6 }, { "c=3", 3 } },
};
static const struct http_request request = { .headers = headers,
                                             .header_count = ARRAY_LEN(headers) };

static void finds_the_first_header_of_a_name(void **state)
{
    (void)state;
    assert_true(str_eq(http_header_find(&request, STR("x-one")), STR("first")));
    assert_false(str_set(http_header_find(&request, STR("x-two"))));
}

static void finds_cookies(void **state)
{
    (void)state;
    assert_true(str_eq(http_cookie(&request, STR("a")), STR("1")));
    assert_true(str_eq(http_cookie(&request, STR("tieline_session")), STR("x=y")));
    assert_true(str_eq(http_cookie(&request, STR("b")), STR("")));
    assert_true(str_eq(http_cookie(&request, STR("c")), STR("3")));
    assert_false(str_set(http_cookie(&request, STR("session"))));
    assert_false(str_set(http_cookie(&request, STR(""))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_first_header_of_a_name),
        cmocka_unit_test(finds_cookies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
