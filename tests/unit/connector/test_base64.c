/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "connector/base64.h"
#include "json/read.h"

/* Test vectors of RFC 4648, section 10. */
static const char *const vectors[][2] = {
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" },
    { "fooba", "Zm9vYmE=" },
    { "foobar", "Zm9vYmFy" },
};

static void goes_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        AUTO(arena) arena = arena_new();
        struct buf text;
        struct str back;
        buf_init(&text, 100);
        base64_encode(&text, str_from(vectors[i][0]));
        assert_true(str_eq(buf_str(&text), str_from(vectors[i][1])));
        assert_true(base64_decode(arena, str_from(vectors[i][1]), &back));
        assert_true(str_eq(back, str_from(vectors[i][0])));
        buf_done(&text);
    }
}

static void refuses_what_is_not_exact(void **state)
{
    static const char *const bad[] = { "A",    "AA",    "AAA",  "A===", "====", "Zh==",
                                       "Zm9=", "Zm 8=", "Zm8-", "=AAA", "AA=A" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        AUTO(arena) arena = arena_new();
        struct str out;
        if (base64_decode(arena, str_from(bad[i]), &out))
            fail_msg("%s was taken", bad[i]);
    }
}

static bool finds(const char *json)
{
    AUTO(arena) arena = arena_new();
    struct error err;
    return str_set(base64_find(json_read(arena, str_from(json), JSON_DUPLICATES_REFUSED, &err)));
}

static void knows_its_object(void **state)
{
    (void)state;
    assert_true(finds("{\"base64\":\"\"}"));
    assert_false(finds("{\"base64\":\"\",\"a\":1}"));
    assert_false(finds("{\"base64\":1}"));
    assert_false(finds("\"AAAA\""));
    assert_false(finds("[]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_both_ways),
        cmocka_unit_test(refuses_what_is_not_exact),
        cmocka_unit_test(knows_its_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
