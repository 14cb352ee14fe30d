/* SPDX-License-Identifier: Apache-2.0 */
/* Ids and randomness. */
#include "unit.h"

#include <stdlib.h>

#include "base/id.h"
#include "base/thread.h"

static void an_id_is_a_uuid_of_version_7(void **state)
{
    (void)state;
    int64_t before_ms = instant_now().us / 1000;
    for (int i = 0; i < 1000; i++) {
        struct id id = id_new();
        assert_int_equal(id.bytes[6] >> 4, 7);
        assert_int_equal(id.bytes[8] >> 6, 2);
    }
    struct id id = id_new();
    int64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id.bytes[i];
    assert_true(ms >= before_ms && ms <= instant_now().us / 1000 + 1);
}

#define THREADS 4
#define IDS 20000

static void *make_ids(void *context)
{
    struct id *ids = context;
    for (size_t i = 0; i < IDS; i++)
        ids[i] = id_new();
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct id));
}

static void each_id_is_larger_than_the_one_before(void **state)
{
    (void)state;
    static struct id ids[THREADS * IDS];
    pthread_t threads[THREADS];
    for (size_t t = 0; t < THREADS; t++)
        threads[t] = thread_start("ids", make_ids, ids + t * IDS);
    for (size_t t = 0; t < THREADS; t++)
        assert_int_equal(pthread_join(threads[t], NULL), 0);
    for (size_t t = 0; t < THREADS; t++) {
        for (size_t i = 1; i < IDS; i++)
            assert_true(compare_ids(&ids[t * IDS + i - 1], &ids[t * IDS + i]) < 0);
    }
    qsort(ids, THREADS * IDS, sizeof(ids[0]), compare_ids);
    /* The first 8 bytes alone tell all ids of a process apart: random bits do not hide a race. */
    for (size_t i = 1; i < (size_t)THREADS * IDS; i++)
        assert_true(memcmp(ids[i - 1].bytes, ids[i].bytes, 8) < 0);
}

static void text_and_back(void **state)
{
    (void)state;
    char text[ID_TEXT_SIZE];
    struct id id, back;
    assert_true(id_parse(STR("0189ABCD-ef01-7234-8567-89abcdef0123"), &id));
    struct str formatted = id_format(id, text);
    assert_string_equal(text, "0189abcd-ef01-7234-8567-89abcdef0123");
    assert_int_equal(formatted.len, 36);
    id = id_new();
    assert_true(id_parse(id_format(id, text), &back));
    assert_true(id_eq(id, back));
    assert_true(id_hash(id) == id_hash(back));
    assert_true(id_hash(id) != id_hash(id_new()));
}

static void refuses_other_text(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "00000000-0000-0000-0000-000000000000",
        "0189abcd-ef01-7234-8567-89abcdef012",
        "0189abcd-ef01-7234-8567-89abcdef01234",
        "0189abcdef01-7234-8567-89abcdef0123--",
        "0189abcd-ef01-7234-8567-89abcdef012g",
        "0189abcd-ef01-7234-8567-89abcdef012 ",
        "{189abcd-ef01-7234-8567-89abcdef0123",
        "0189abcd_ef01_7234_8567_89abcdef0123",
    };
    struct id id = ID_NONE;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_false(id_parse(str_from(rows[i]), &id));
    assert_false(id_set(id));
}

static void random_numbers_stay_below_and_spread(void **state)
{
    (void)state;
    unsigned seen[7] = { 0 };
    for (int i = 0; i < 7000; i++) {
        uint64_t n = random_below(7);
        assert_true(n < 7);
        seen[n]++;
    }
    for (size_t i = 0; i < 7; i++)
        assert_in_range(seen[i], 700, 1300); /* more than 9 standard deviations */
    assert_true(random_below(0) == 0);
    assert_true(random_below(1) == 0);
    assert_true(random_below(UINT64_MAX) < UINT64_MAX);
}

static void random_bytes_fill_all_of_it(void **state)
{
    (void)state;
    unsigned char a[1000] = { 0 }, or [8] = { 0 };
    random_bytes(a, sizeof(a));
    for (size_t i = 0; i < sizeof(a); i++)
        or [i % 8] |= a[i];
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(or [i], 0xFF);
    unsigned char tail[64] = { 0 };
    assert_memory_not_equal(a + sizeof(a) - 64, tail, 64);
}

static void an_id_knows_when_it_was_made(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct instant before = instant_now();
        struct id id = id_new();
        struct instant after = instant_now();
        struct instant made_at = id_made_at(id);
        /* Parts of a millisecond are 4096, so a microsecond may be short; a tick is never used twice. */
        assert_in_range(made_at.us, before.us - 1, after.us + 1000);
        struct id first = id_first_at(made_at);
        assert_true(memcmp(first.bytes, id.bytes, sizeof(id.bytes)) <= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_knows_when_it_was_made), /* first: no flood of ids went before */
        cmocka_unit_test(an_id_is_a_uuid_of_version_7),
        cmocka_unit_test(each_id_is_larger_than_the_one_before),
        cmocka_unit_test(text_and_back),
        cmocka_unit_test(refuses_other_text),
        cmocka_unit_test(random_numbers_stay_below_and_spread),
        cmocka_unit_test(random_bytes_fill_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
