/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "connector/scrub.h"
#include "connector/url.h"

#include <string.h>

static void check(const char *password, const char *text, const char *expected)
{
    AUTO(arena) arena = arena_new();
    AUTO(secret) secret = password ? secret_new(str_from(password)) : NULL;
    assert_string_equal(scrub(arena, str_from(text), secret).ptr, expected);
}

static void finds_it_as_it_is(void **state)
{
    (void)state;
    check("hunter2", "no user hunter2, hunter2!", "no user " URL_MASK ", " URL_MASK "!");
    check("hunter2", "xhunter2x", "x" URL_MASK "x");
    check("hunter2", "hunter", "hunter");
    check("hunter2", "hunterhunter2", "hunter" URL_MASK);
    check("hunter2", "", "");
}

static void finds_it_however_it_is_written(void **state)
{
    (void)state;
    check("p@ss/w\"d", "url://u:p%40ss%2Fw%22d@h", "url://u:" URL_MASK "@h");
    check("p@ss/w\"d", "url://u:p%40ss%2fw\"d@h", "url://u:" URL_MASK "@h");
    check("p@ss/w\"d", "{\"p\":\"p@ss/w\\\"d\"}", "{\"p\":\"" URL_MASK "\"}");
    check("p@ss/w\"d", "{\"p\":\"p\\u0040ss\\/w\\u0022d\"}", "{\"p\":\"" URL_MASK "\"}");
    check("tab\there", "tab\\there", URL_MASK);
    check("naïve", "na%C3%AFve", URL_MASK);
    check("100%", "100%25 100%", URL_MASK " " URL_MASK);
}

static void leaves_words_around_a_short_one(void **state)
{
    (void)state;
    check("a", "a cat said \"a\"", URL_MASK " cat said \"" URL_MASK "\"");
    check("ab", "ab abc cab", URL_MASK " abc cab");
}

static void does_nothing_without_a_secret(void **state)
{
    (void)state;
    check(NULL, "some text", "some text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_it_as_it_is),
        cmocka_unit_test(finds_it_however_it_is_written),
        cmocka_unit_test(leaves_words_around_a_short_one),
        cmocka_unit_test(does_nothing_without_a_secret),
    };
    secret_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
