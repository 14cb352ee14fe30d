/* SPDX-License-Identifier: Apache-2.0 */
/* Threads for work that blocks: so many at once, so many in line, and nothing forgotten at the end. */
#include "unit.h"

#include "api/blocking.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdatomic.h>

/* A door that jobs wait behind. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;
    int inside, most, done;
} door = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void pass(struct job *job)
{
    (void)job;
    pthread_mutex_lock(&door.lock);
    door.inside++;
    door.most = door.inside > door.most ? door.inside : door.most;
    pthread_cond_broadcast(&door.changed);
    while (!door.open)
        pthread_cond_wait(&door.changed, &door.lock);
    door.inside--;
    door.done++;
    pthread_cond_broadcast(&door.changed);
    pthread_mutex_unlock(&door.lock);
}

static int shut(void **state)
{
    (void)state;
    door.open = false;
    door.inside = door.most = door.done = 0;
    return 0;
}

static void await_inside(int count)
{
    pthread_mutex_lock(&door.lock);
    while (door.inside < count)
        pthread_cond_wait(&door.changed, &door.lock);
    pthread_mutex_unlock(&door.lock);
}

static void open_door(void)
{
    pthread_mutex_lock(&door.lock);
    door.open = true;
    pthread_cond_broadcast(&door.changed);
    pthread_mutex_unlock(&door.lock);
}

static void so_many_run_so_many_wait_and_one_more_is_refused(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct job jobs[6] = { 0 }, extra = { .run = pass };
    struct blocking *pool = blocking_open("test", 2, 4);
    for (int i = 0; i < 2; i++) {
        jobs[i].run = pass;
        assert_true(blocking_run(pool, &jobs[i], &err));
    }
    await_inside(2);
    for (int i = 2; i < 6; i++) {
        jobs[i].run = pass;
        assert_true(blocking_run(pool, &jobs[i], &err));
    }
    assert_false(blocking_run(pool, &extra, &err));
    assert_int_equal(err.code, ERR_TOO_MANY_REQUESTS);
    open_door();
    blocking_close(pool);
    assert_int_equal(door.done, 6);
    assert_int_equal(door.most, 2);
}

static void closing_does_what_stands_in_line(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct job jobs[32] = { 0 };
    open_door();
    struct blocking *pool = blocking_open("test", 1, ARRAY_LEN(jobs));
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
        jobs[i].run = pass;
        assert_true(blocking_run(pool, &jobs[i], &err));
    }
    blocking_close(pool);
    assert_int_equal(door.done, ARRAY_LEN(jobs));
    blocking_close(NULL);
    blocking_close(blocking_open("idle", 100, 1)); /* more threads than there may be, none used */
}

static struct blocking *again;
static void come_back(struct job *job)
{
    struct error err = { 0 };
    job->run = pass;
    assert_true(blocking_run(again, job, &err)); /* a job may hand in itself */
}

static void a_job_may_be_handed_in_again(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct job job = { .run = come_back };
    again = blocking_open("test", 1, 1);
    assert_true(blocking_run(again, &job, &err));
    await_inside(1);
    open_door();
    blocking_close(again);
    assert_int_equal(door.done, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(so_many_run_so_many_wait_and_one_more_is_refused, shut),
        cmocka_unit_test_setup(closing_does_what_stands_in_line, shut),
        cmocka_unit_test_setup(a_job_may_be_handed_in_again, shut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
