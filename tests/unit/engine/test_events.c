/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/thread.h"
#include "engine/events.h"

#define ROUNDS 20000

static struct events *events;
static struct topic execution, project;

static int open_events(void **state)
{
    (void)state;
    events = events_new();
    execution = (struct topic){ .project_id = id_new(), .execution_id = id_new() };
    project = (struct topic){ .project_id = execution.project_id };
    return 0;
}

static int close_events(void **state)
{
    (void)state;
    events_free(events);
    return 0;
}

static struct topic *next(void)
{
    return events_wait(events, deadline_in_ms(0));
}

static void publish(int status, bool turned)
{
    events_publish(events, execution.project_id, (struct event){ execution.execution_id, status },
                   turned);
}

static void who_watches_is_told_once(void **state)
{
    (void)state;
    publish(1, true);
    events_add(events, &execution);
    assert_null(next());
    publish(2, true);
    publish(2, false);
    assert_ptr_equal(next(), &execution);
    assert_null(next());
    events_publish(events, execution.project_id, (struct event){ id_new(), 2 }, true);
    assert_null(next());
    events_touch(events, &execution);
    assert_ptr_equal(next(), &execution);
    publish(2, false);
    events_remove(events, &execution);
    assert_null(next());
    publish(3, true);
    assert_null(next());
}

static void a_project_is_told_of_turns_only(void **state)
{
    struct event got[4];
    size_t count;

    (void)state;
    events_add(events, &project);
    publish(2, false);
    assert_null(next());
    publish(2, true);
    publish(4, true);
    assert_ptr_equal(next(), &project);
    assert_int_equal(events_count(events, &project), 2);
    assert_true(events_read(events, &project, 0, got, 4, &count));
    assert_int_equal(count, 2);
    assert_int_equal(got[0].status, 2);
    assert_int_equal(got[1].status, 4);
    assert_true(id_eq(got[1].execution_id, execution.execution_id));
    assert_true(events_read(events, &project, 1, got, 4, &count));
    assert_int_equal(count, 1);
    assert_true(events_read(events, &project, 2, got, 4, &count));
    assert_int_equal(count, 0);
    assert_false(events_read(events, &project, 3, got, 4, &count));
    events_remove(events, &project);
}

static void the_oldest_are_forgotten(void **state)
{
    struct event got[2];
    size_t count;

    (void)state;
    events_add(events, &project);
    for (int i = 0; i < EVENTS_KEPT + 5; i++)
        publish(i, true);
    assert_false(events_read(events, &project, 4, got, 2, &count));
    assert_true(events_read(events, &project, 5, got, 2, &count));
    assert_int_equal(count, 2);
    assert_int_equal(got[0].status, 5);
    assert_int_equal(got[1].status, 6);
    assert_true(events_read(events, &project, EVENTS_KEPT + 4, got, 2, &count));
    assert_int_equal(count, 1);
    assert_int_equal(got[0].status, EVENTS_KEPT + 4);
    events_remove(events, &project);
}

static void a_poke_ends_the_wait(void **state)
{
    (void)state;
    events_poke(events);
    assert_null(events_wait(events, DEADLINE_NEVER));
}

static void *publish_all(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++)
        publish(i, true);
    return NULL;
}

/* However they meet, who waits learns of the last change. */
static void no_change_is_lost_between_threads(void **state)
{
    uint64_t seen = 0;
    size_t count;
    struct event last;

    (void)state;
    events_add(events, &project);
    pthread_t thread = thread_start("publish", publish_all, NULL);
    while (seen < ROUNDS) {
        assert_ptr_equal(events_wait(events, DEADLINE_NEVER), &project);
        uint64_t now = events_count(events, &project);
        assert_true(now >= seen); /* as before: counted after the last wait, and then told of */
        seen = now;
    }
    pthread_join(thread, NULL);
    assert_true(events_read(events, &project, ROUNDS - 1, &last, 1, &count));
    assert_int_equal(last.status, ROUNDS - 1);
    events_remove(events, &project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_watches_is_told_once, open_events, close_events),
        cmocka_unit_test_setup_teardown(a_project_is_told_of_turns_only, open_events, close_events),
        cmocka_unit_test_setup_teardown(the_oldest_are_forgotten, open_events, close_events),
        cmocka_unit_test_setup_teardown(a_poke_ends_the_wait, open_events, close_events),
        cmocka_unit_test_setup_teardown(no_change_is_lost_between_threads, open_events,
                                        close_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
