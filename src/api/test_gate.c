/* SPDX-License-Identifier: Apache-2.0 */
/* How many connection tests may run. */
#include "api/test_gate.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

#define MINUTE_US INT64_C(60000000)
/* When so many users are known, those who have been quiet are forgotten. */
#define USERS_KEPT 1024

/* The last tests of a user, oldest overwritten first. */
struct recent {
    int64_t at_us[TESTS_PER_MINUTE]; /* 0 = none */
    unsigned next;
};

struct test_gate {
    pthread_mutex_t lock;
    struct map *running; /* connection id → the gate itself */
    struct map *users;   /* user id → struct recent */
};

struct test_gate *test_gate_new(void)
{
    struct test_gate *gate = NEW(test_gate);

    pthread_mutex_init(&gate->lock, NULL);
    gate->running = map_new();
    gate->users = map_new();
    return gate;
}

static void free_users(struct map *users)
{
    size_t at = 0;
    struct str key;
    void *recent;

    while (map_each(users, &at, &key, &recent))
        free(recent);
    map_free(users);
}

void test_gate_free(struct test_gate *gate)
{
    if (!gate)
        return;
    map_free(gate->running);
    free_users(gate->users);
    pthread_mutex_destroy(&gate->lock);
    free(gate);
}

/* Keeps only those who tested within the last minute. */
static void forget_quiet_users(struct test_gate *gate, int64_t now_us)
{
    struct map *kept = map_new();
    size_t at = 0;
    struct str key;
    void *value;

    while (map_each(gate->users, &at, &key, &value)) {
        struct recent *recent = value;
        unsigned last = (recent->next + TESTS_PER_MINUTE - 1) % TESTS_PER_MINUTE;
        if (now_us - recent->at_us[last] < MINUTE_US)
            (void)map_put(kept, key, recent);
        else
            free(recent);
    }
    map_free(gate->users);
    gate->users = kept;
}

static struct recent *recent_of(struct test_gate *gate, struct id user, int64_t now_us)
{
    struct recent *recent = map_find(gate->users, id_key(&user));

    if (recent)
        return recent;
    if (map_count(gate->users) >= USERS_KEPT)
        forget_quiet_users(gate, now_us);
    recent = NEW(recent);
    (void)map_put(gate->users, id_key(&user), recent);
    return recent;
}

static bool enter(struct test_gate *gate, struct id user, struct id connection, int64_t now_us,
                  struct error *err)
{
    struct recent *recent = recent_of(gate, user, now_us);
    int64_t oldest = recent->at_us[recent->next];

    if (id_set(connection) && map_find(gate->running, id_key(&connection)))
        return fail_for_now(err, ERR_TOO_MANY_REQUESTS, 0,
                            "this connection is being tested right now");
    if (oldest != 0 && now_us - oldest < MINUTE_US)
        return fail_for_now(err, ERR_TOO_MANY_REQUESTS, oldest + MINUTE_US - now_us,
                            "at most %d tests a minute", TESTS_PER_MINUTE);
    recent->at_us[recent->next] = now_us;
    recent->next = (recent->next + 1) % TESTS_PER_MINUTE;
    if (id_set(connection))
        (void)map_put(gate->running, id_key(&connection), gate);
    return true;
}

bool test_gate_enter(struct test_gate *gate, struct id user, struct id connection, int64_t now_us,
                     struct error *err)
{
    pthread_mutex_lock(&gate->lock);
    bool entered = enter(gate, user, connection, now_us, err);
    pthread_mutex_unlock(&gate->lock);
    return entered;
}

void test_gate_leave(struct test_gate *gate, struct id connection)
{
    if (!id_set(connection))
        return;
    pthread_mutex_lock(&gate->lock);
    (void)map_remove(gate->running, id_key(&connection));
    pthread_mutex_unlock(&gate->lock);
}
