/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <pthread.h>

#include "base/thread.h"
#include "base/time.h"
#include "vault/password.h"

static bool matches(const char *text, struct str stored)
{
    AUTO(secret) password = secret_new(str_from(text));
    return password_matches(password, stored);
}

static void only_the_password_itself_matches(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    AUTO(secret) password = secret_new(STR("correct horse"));
    struct str stored = password_hash(password, arena);
    assert_true(str_starts(stored, STR("$argon2id$v=19$m=19456,t=2,p=1$")));
    assert_true(matches("correct horse", stored));
    assert_false(matches("correct hors", stored));
    assert_false(matches("", stored));
    /* A salt of its own each time. */
    assert_false(str_eq(stored, password_hash(password, arena)));
}

static void what_was_never_a_hash_matches_nothing(void **state)
{
    (void)state;
    assert_false(matches("", STR_NULL));
    assert_false(matches("", STR("")));
    assert_false(matches("x", STR("x")));
    static char long_text[300];
    for (size_t i = 0; i < sizeof(long_text); i++)
        long_text[i] = 'a';
    assert_false(matches("x", (struct str){ long_text, sizeof(long_text) }));
}

static int64_t best_of_five(struct str stored)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        int64_t start = clock_us();
        assert_false(matches("wrong", stored));
        int64_t took = clock_us() - start;
        if (took < best)
            best = took;
    }
    return best;
}

/* The same work is done: a wide bound still tells hashing from not hashing, which is 1 : 1000. */
static void an_unknown_user_costs_what_a_wrong_password_costs(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    AUTO(secret) password = secret_new(STR("correct horse"));
    int64_t wrong = best_of_five(password_hash(password, arena));
    int64_t unknown = best_of_five(STR_NULL);
    assert_in_range(unknown, wrong / 3, wrong * 3);
}

#define CROWD 8

static void *hash_one(void *context)
{
    AUTO(arena) arena = arena_new();
    AUTO(secret) password = secret_new(STR("one of many"));
    *(bool *)context = password_matches(password, password_hash(password, arena));
    return NULL;
}

static void a_crowd_gets_through(void **state)
{
    (void)state;
    pthread_t threads[CROWD];
    bool right[CROWD] = { false };
    for (int i = 0; i < CROWD; i++)
        threads[i] = thread_start("hashes", hash_one, &right[i]);
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(right[i]);
    }
}

int main(void)
{
    secret_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_password_itself_matches),
        cmocka_unit_test(what_was_never_a_hash_matches_nothing),
        cmocka_unit_test(an_unknown_user_costs_what_a_wrong_password_costs),
        cmocka_unit_test(a_crowd_gets_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
