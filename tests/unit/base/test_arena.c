/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is given back all at once. */
#include "unit.h"

#include <string.h>

#include "base/arena.h"

struct mixed {
    char c;
    long double widest;
};

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    for (int round = 0; round < 3; round++) {
        unsigned char *before = NULL;
        for (size_t size = 1; size < 3000; size += 7) {
            unsigned char *piece = arena_alloc(arena, size);
            assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(piece[i], 0);
            memset(piece, 0xAA, size); /* seen as dirt by the next round, were it not zeroed */
            if (before)
                assert_int_equal(*before, 0xAA);
            before = piece;
        }
        arena_reset(arena);
    }
}

static void pieces_larger_than_a_block_fit(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    char *first = arena_alloc(arena, 100 * 1024);
    char *small = arena_alloc(arena, 1);
    char *huge = arena_alloc(arena, (size_t)3 * 1024 * 1024);
    first[100 * 1024 - 1] = *small = huge[3 * 1024 * 1024 - 1] = 'x';
    arena_reset(arena);
    char *again = arena_alloc(arena, 200 * 1024);
    assert_int_equal(again[200 * 1024 - 1], 0);
}

static void empty_pieces_are_there(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    assert_non_null(arena_alloc(arena, 0));
    assert_non_null(ARENA_ARRAY(arena, mixed, 0));
    assert_non_null(ARENA_NEW(arena, mixed));
}

static void copies_end_in_nul(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct str copy = arena_str(arena, STR("a\0b"));
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.ptr, "a\0b", 4);
    assert_string_equal(arena_c(arena, str_slice(STR("hello"), 0, 2)), "he");
    assert_false(str_set(arena_str(arena, STR_NULL)));
    assert_null(arena_c(arena, STR_NULL));
    assert_true(str_set(arena_str(arena, STR(""))));
    const int numbers[] = { 1, 2 };
    assert_memory_equal(arena_copy(arena, numbers, sizeof(numbers)), numbers, sizeof(numbers));
}

static void formats_short_and_long_text(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct str text = arena_printf(arena, "%d %s", 7, "seven");
    assert_string_equal(text.ptr, "7 seven");
    for (int width = 250; width < 260; width++) {
        text = arena_printf(arena, "%*d", width, 1);
        assert_int_equal(text.len, width);
        assert_int_equal(text.ptr[width - 1], '1');
        assert_int_equal(text.ptr[width], '\0');
    }
}

static char order[8];

static void note(void *object)
{
    const char *name = object;
    (void)strncat(order, name, 1);
}

static void deferred_calls_run_once_newest_first(void **state)
{
    (void)state;
    char a[] = "a", b[] = "b", c[] = "c";
    order[0] = '\0';
    struct arena *arena = arena_new();
    arena_defer(arena, note, a);
    arena_defer(arena, note, b);
    arena_reset(arena);
    assert_string_equal(order, "ba");
    arena_defer(arena, note, c);
    arena_free(arena);
    assert_string_equal(order, "bac");
    arena_free(NULL);
}

static void counts_what_it_handed_out(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    assert_int_equal(arena_used(arena), 0);
    assert_non_null(arena_alloc(arena, 16));
    assert_non_null(arena_alloc(arena, 16));
    assert_int_equal(arena_used(arena), 32);
    arena_reset(arena);
    assert_int_equal(arena_used(arena), 0);
}

#ifndef TIELINE_SANITIZED
/* Looks at memory after the reset, which the sanitizer build rightly refuses. */
static void wiped_memory_keeps_nothing(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    arena_wipe_on_reset(arena);
    volatile const char *text = arena_str(arena, STR("canary")).ptr;
    assert_int_equal(text[0], 'c');
    arena_reset(arena); /* the first block stays with the arena, so the place may be looked at */
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(text[i], 0);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(pieces_larger_than_a_block_fit),
        cmocka_unit_test(empty_pieces_are_there),
        cmocka_unit_test(copies_end_in_nul),
        cmocka_unit_test(formats_short_and_long_text),
        cmocka_unit_test(deferred_calls_run_once_newest_first),
        cmocka_unit_test(counts_what_it_handed_out),
#ifndef TIELINE_SANITIZED
        cmocka_unit_test(wiped_memory_keeps_nothing),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
