/* SPDX-License-Identifier: Apache-2.0 */
/* The hash table, held against a plain array. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"

#define KEYS 500

static struct str key_of(size_t n, char text[16])
{
    int len = snprintf(text, 16, "key-%zu", n);
    return (struct str){ text, (size_t)len };
}

static void puts_finds_replaces_removes(void **state)
{
    (void)state;
    int a, b;
    AUTO(map) map = map_new();
    assert_null(map_find(map, STR("x")));
    assert_null(map_remove(map, STR("x")));
    assert_null(map_put(map, STR("x"), &a));
    assert_ptr_equal(map_put(map, STR("x"), &b), &a);
    assert_int_equal(map_count(map), 1);
    assert_ptr_equal(map_find(map, STR("x")), &b);
    assert_ptr_equal(map_remove(map, STR("x")), &b);
    assert_int_equal(map_count(map), 0);
    assert_null(map_find(map, STR("x")));
    map_free(NULL);
}

static void keys_are_copied_and_may_hold_any_byte(void **state)
{
    (void)state;
    int a, b, c;
    AUTO(map) map = map_new();
    char key[] = { 'k', '\0', '1' };
    assert_null(map_put(map, (struct str){ key, 3 }, &a));
    key[2] = '2';
    assert_null(map_put(map, (struct str){ key, 3 }, &b));
    assert_null(map_put(map, STR(""), &c));
    assert_ptr_equal(map_find(map, STR("k\0"
                                       "1")),
                     &a);
    assert_ptr_equal(map_find(map, STR("")), &c);
    assert_ptr_equal(map_find(map, STR_NULL), &c);
}

static void behaves_like_an_array_under_many_changes(void **state)
{
    (void)state;
    AUTO(map) map = map_new();
    static int values[KEYS];
    bool there[KEYS] = { false };
    size_t count = 0;
    uint64_t dice = 42; /* the same walk each time */
    char text[16];
    for (int i = 0; i < 50000; i++) {
        dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407U;
        size_t n = (size_t)(dice >> 33) % KEYS;
        void *before = there[n] ? &values[n] : NULL;
        if (dice >> 62 & 1) {
            assert_ptr_equal(map_put(map, key_of(n, text), &values[n]), before);
            count += !there[n];
            there[n] = true;
        } else {
            assert_ptr_equal(map_remove(map, key_of(n, text)), before);
            count -= there[n];
            there[n] = false;
        }
        assert_int_equal(map_count(map), count);
        if (i % 1000 != 0)
            continue;
        for (size_t k = 0; k < KEYS; k++)
            assert_ptr_equal(map_find(map, key_of(k, text)), there[k] ? &values[k] : NULL);
    }
    size_t at = 0, walked = 0;
    struct str key;
    void *value;
    while (map_each(map, &at, &key, &value)) {
        size_t n = (size_t)((int *)value - values);
        assert_true(there[n]);
        assert_true(str_eq(key, key_of(n, text)));
        there[n] = false; /* each once */
        walked++;
    }
    assert_int_equal(walked, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_finds_replaces_removes),
        cmocka_unit_test(keys_are_copied_and_may_hold_any_byte),
        cmocka_unit_test(behaves_like_an_array_under_many_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
