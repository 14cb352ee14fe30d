/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "base/secret.h"
#include "vault/token.h"

static void a_token_has_its_form_and_matches_its_hash(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct new_token token;
    token_make(arena, &token);
    assert_int_equal(token.text.len, 55);
    assert_int_equal(token.hash.len, 64);
    struct str prefix;
    assert_true(token_prefix(token.text, &prefix));
    assert_true(str_eq(prefix, token.prefix));
    assert_int_equal(prefix.len, 11);
    assert_true(token_matches(token.text, token.hash));
    assert_true(str_eq(token_hash(token.text, arena), token.hash));
}

static void no_two_tokens_are_alike(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct new_token a, b;
    token_make(arena, &a);
    token_make(arena, &b);
    assert_false(str_eq(a.text, b.text));
    assert_false(token_matches(a.text, b.hash));
}

static void any_changed_character_fails(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct new_token token;
    token_make(arena, &token);
    for (size_t i = 0; i < token.text.len; i++) {
        struct str changed = arena_str(arena, token.text);
        char *at = arena_c(arena, changed);
        at[i] = at[i] == '1' ? '2' : '1';
        assert_false(token_matches((struct str){ at, changed.len }, token.hash));
    }
    assert_false(token_matches(token.text, STR("")));
    assert_false(token_matches(token.text, STR_NULL));
    assert_false(token_matches(token.text, str_slice(token.hash, 0, 63)));
}

static void what_is_no_token_has_no_prefix(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "tl_",
        "tl_3fa9c1d2",
        "tl_3fa9c1d2_short",
        "tx_3fa9c1d2_0123456789012345678901234567890123456789012",
        "tl_3fa9c1dZ_0123456789012345678901234567890123456789012",
        "tl_3fa9c1d2-0123456789012345678901234567890123456789012",
        "tl_3fa9c1d2_012345678901234567890123456789012345678901 ",
        "tl_3fa9c1d2_01234567890123456789012345678901234567890123",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct str prefix;
        if (token_prefix(str_from(texts[i]), &prefix))
            fail_msg("\"%s\" was taken for a token", texts[i]);
    }
    struct str prefix;
    assert_true(
        token_prefix(STR("tl_3fa9c1d2_0123456789012345678901234567890123456789-_a"), &prefix));
}

static void a_digest_tells_where_texts_end(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    const struct str a[] = { STR("ab"), STR("c") }, b[] = { STR("a"), STR("bc") };
    assert_false(str_eq(digest_texts(a, 2, arena), digest_texts(b, 2, arena)));
    assert_true(str_eq(digest_texts(a, 2, arena), digest_texts(a, 2, arena)));
    assert_false(str_eq(digest_texts(a, 1, arena), digest_texts(a, 2, arena)));
}

int main(void)
{
    secret_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_has_its_form_and_matches_its_hash),
        cmocka_unit_test(no_two_tokens_are_alike),
        cmocka_unit_test(any_changed_character_fails),
        cmocka_unit_test(what_is_no_token_has_no_prefix),
        cmocka_unit_test(a_digest_tells_where_texts_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
