/* SPDX-License-Identifier: Apache-2.0 */
/* Executions that wait for a retry in the store, held by nobody: how they go, come back, and end there. */
#include "bed.h"

#include <time.h>

#define HOUR_MS (INT64_C(3600) * 1000)
/* So many wait in memory at least, and no more than about as many again. */
#define HERE 1024
#define MANY (HERE + 476)

static void nap(void)
{
    (void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static struct engine_stats stats_of(struct bed *bed)
{
    struct engine_stats stats;
    engine_stats(bed->engine, &stats);
    return stats;
}

static void await_resting(struct bed *bed, int64_t count)
{
    while (stats_of(bed).resting != count)
        nap();
}

static void close_engine(struct bed *bed)
{
    engine_close(bed->engine, deadline_in_ms(LONG_MS));
    engine_free(bed->engine);
    bed->engine = NULL;
}

/* One waits in the store for an hour. */
static void bed_with_one(struct bed *bed)
{
    bed_open(bed);
    bed->retry_in_ms = HOUR_MS;
    bed->waiter = (struct engine_waiter){ .execution_id = id_new(), .done = on_done };
    MUST_WRITE(&bed->f, insert_left_behind, bed);
    open_engine(bed);
    await_resting(bed, 1);
}

static struct execution_row look(struct bed *bed)
{
    struct execution_row row;
    bool found;
    MUST(&bed->f, engine_view(bed->engine, bed->project.id, bed->waiter.execution_id, bed->f.arena,
                              &row, &found, &bed->f.err));
    assert_true(found);
    return row;
}

static const struct sql held =
    SQL("SELECT count(*) FROM workflow_executions WHERE lease_owner IS NOT NULL");
static const struct sql resume_at = SQL("SELECT resume_at FROM workflow_executions");
static const struct sql resting_since = SQL("SELECT resting_since FROM workflow_executions");
static const struct sql claims = SQL("SELECT claims FROM workflow_executions");

/* --- tests --- */

static void test_goes_back_and_is_shown(void **state)
{
    struct bed bed;
    (void)state;
    bed_with_one(&bed);
    assert_int_equal(fixture_int(&bed.f, &held), 0);
    struct engine_stats stats = stats_of(&bed);
    assert_int_equal(stats.live, 0);
    assert_int_equal(stats.open[EXECUTION_WAITING], 1);
    struct execution_row row = look(&bed);
    const struct step_row *steps = row.steps.items;
    assert_int_equal(row.status, EXECUTION_WAITING);
    assert_int_equal(steps[0].status, STEP_WAITING);
    assert_true(instant_set(steps[0].retry_at));
    assert_int_equal(steps[1].status, STEP_STATUS_FAILED);
    bed_close(&bed);
}

/* An hour passes while no process is there. Nobody died over it. */
static void test_is_taken_up_when_due(void **state)
{
    struct bed bed;
    (void)state;
    bed_with_one(&bed);
    close_engine(&bed);
    SQL_NOW(&bed,
            "UPDATE workflow_executions SET resume_at = resume_at - 3599900000, "
            "resting_since = resting_since - 3599900000, created_at = created_at - 3599900000");
    SQL_NOW(&bed, "UPDATE component_executions SET retry_at = retry_at - 3599900000");
    open_engine(&bed);
    assert_int_equal(fixture_int(&bed.f, &claims), 0);
    engine_wait(bed.engine, &bed.waiter, deadline_in_ms(LONG_MS));
    await_flag(&bed, &bed.waited);
    assert_int_equal(bed.status, EXECUTION_SUCCEEDED);
    struct execution_row row = look(&bed);
    const struct step_row *steps = row.steps.items;
    assert_int_equal(steps[0].attempt_count, 2);
    assert_int_equal(stats_of(&bed).resting, 0);
    bed_close(&bed);
}

static bool release_all(struct tx *tx, const void *context, struct error *err)
{
    (void)context;
    return execution_release(tx, STR_NULL, true, err);
}

/* A retry that is due begins in memory: the store has it as waiting when its process dies over it. */
static void test_a_death_counts_for_who_was_held(void **state)
{
    struct bed bed;
    (void)state;
    bed_with_one(&bed);
    close_engine(&bed);
    MUST_WRITE(&bed.f, release_all, NULL);
    assert_int_equal(fixture_int(&bed.f, &claims), 0);
    SQL_NOW(&bed, "UPDATE workflow_executions SET lease_owner = 'gone', resume_at = NULL");
    MUST_WRITE(&bed.f, release_all, NULL);
    assert_int_equal(fixture_int(&bed.f, &claims), 1);
    bed_close(&bed);
}

/* What it waited for is not nearer, nor further, behind a clock that was a year ahead. */
static void test_clock_set_back_meanwhile(void **state)
{
    struct bed bed;
    (void)state;
    bed_with_one(&bed);
    close_engine(&bed);
    SQL_NOW(&bed, "UPDATE workflow_executions SET resume_at = resume_at + 31536000000000, "
                  "resting_since = resting_since + 31536000000000");
    int64_t wait_us = fixture_int(&bed.f, &resume_at) - fixture_int(&bed.f, &resting_since);
    int64_t before_us = instant_now().us;
    open_engine(&bed);
    int64_t since_us = fixture_int(&bed.f, &resting_since);
    assert_in_range(since_us, before_us - 1000000, instant_now().us + 1000000);
    assert_int_equal(fixture_int(&bed.f, &resume_at) - since_us, wait_us);
    bed_close(&bed);
}

/* Its own time may be another than the machine's: the retry is due when it comes back all the same. */
static void test_own_time_goes_on(void **state)
{
    struct bed bed;
    (void)state;
    bed_with_one(&bed);
    close_engine(&bed);
    SQL_NOW(&bed, "UPDATE workflow_executions SET resume_at = resume_at - 3599900000, "
                  "resting_since = resting_since - 3599900000");
    open_engine(&bed); /* the step's retry is still an hour away by the wall clock */
    engine_wait(bed.engine, &bed.waiter, deadline_in_ms(LONG_MS));
    await_flag(&bed, &bed.waited);
    assert_int_equal(bed.status, EXECUTION_SUCCEEDED);
    bed_close(&bed);
}

struct cancel {
    const struct bed *bed;
    struct execution_cancelled *out;
};

static bool request_cancel(struct tx *tx, const void *context, struct error *err)
{
    const struct cancel *cancel = context;
    return execution_request_cancel(tx, cancel->bed->project.id, cancel->bed->waiter.execution_id,
                                    instant_now(), cancel->out, err);
}

static void test_is_cancelled_in_the_store(void **state)
{
    struct bed bed;
    struct execution_cancelled is;
    (void)state;
    bed_with_one(&bed);
    engine_wait(bed.engine, &bed.waiter, deadline_in_ms(LONG_MS));
    assert_false(engine_cancel(bed.engine, bed.waiter.execution_id));
    MUST_WRITE(&bed.f, request_cancel, (&(struct cancel){ &bed, &is }));
    assert_true(is.ended);
    assert_true(is.rested);
    engine_ended(bed.engine, bed.project.id, bed.waiter.execution_id, is.rested);
    await_flag(&bed, &bed.waited);
    assert_int_equal(bed.status, EXECUTION_CANCELLED);
    assert_int_equal(stats_of(&bed).resting, 0);
    struct execution_row row = look(&bed);
    const struct step_row *steps = row.steps.items;
    assert_int_equal(row.status, EXECUTION_CANCELLED);
    assert_true(instant_set(row.finished_at));
    assert_int_equal(steps[0].status, STEP_CANCELLED);
    assert_false(instant_set(steps[0].retry_at));
    assert_true(instant_set(steps[0].finished_at));
    assert_int_equal(steps[1].status, STEP_STATUS_FAILED);
    bed_close(&bed);
}

/* A cancel that was noted while it was held comes before its rest. */
static void test_a_cancel_comes_first(void **state)
{
    struct bed bed;
    (void)state;
    bed_open(&bed);
    bed.retry_in_ms = HOUR_MS;
    bed.waiter = (struct engine_waiter){ .execution_id = id_new(), .done = on_done };
    MUST_WRITE(&bed.f, insert_left_behind, &bed);
    SQL_NOW(&bed, "CREATE TRIGGER cancel AFTER UPDATE OF lease_epoch ON workflow_executions BEGIN "
                  "UPDATE workflow_executions SET cancel_requested = 1 WHERE id = NEW.id; END");
    open_engine(&bed);
    engine_wait(bed.engine, &bed.waiter, deadline_in_ms(LONG_MS));
    await_flag(&bed, &bed.waited);
    assert_int_equal(bed.status, EXECUTION_CANCELLED);
    assert_int_equal(stats_of(&bed).live, 0);
    bed_close(&bed);
}

/* The store takes nothing for a while: it rests afterwards. */
static void test_rests_behind_a_refusal(void **state)
{
    struct bed bed;
    struct store_stats stats = { 0 };
    (void)state;
    bed_open(&bed);
    bed.retry_in_ms = HOUR_MS;
    bed.waiter = (struct engine_waiter){ .execution_id = id_new(), .done = on_done };
    MUST_WRITE(&bed.f, insert_left_behind, &bed);
    SQL_NOW(&bed, "CREATE TRIGGER refuse BEFORE UPDATE OF resume_at ON workflow_executions "
                  "WHEN NEW.resume_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'refused'); END");
    open_engine(&bed);
    while (stats.failed_writes == 0)
        store_stats(bed.f.store, &stats);
    assert_int_equal(stats_of(&bed).live, 1);
    SQL_NOW(&bed, "DROP TRIGGER refuse");
    await_resting(&bed, 1);
    assert_int_equal(stats_of(&bed).live, 0);
    bed_close(&bed);
}

static bool insert_many(struct tx *tx, const void *context, struct error *err)
{
    struct bed one = *(const struct bed *)context;
    for (int i = 0; i < MANY; i++) {
        one.waiter.execution_id = id_new();
        if (!insert_left_behind(tx, &one, err))
            return false;
    }
    return true;
}

/* Of short waits only so many are spent in memory; all of them come back by themselves. */
static void test_many_that_wait_shortly(void **state)
{
    static const struct sql ended =
        SQL("SELECT count(*) FROM workflow_executions WHERE status = 'succeeded'");
    struct bed bed;
    bool rested = false;
    (void)state;
    bed_open(&bed);
    bed.retry_in_ms = 4500;
    MUST_WRITE(&bed.f, insert_many, &bed);
    open_engine(&bed);
    while (stats_of(&bed).ended < MANY) {
        struct engine_stats stats = stats_of(&bed);
        rested |= stats.resting > 0;
        assert_true(stats.live <= 2 * 2048);
        nap();
    }
    assert_true(rested);
    assert_int_equal(fixture_int(&bed.f, &ended), MANY);
    struct engine_stats stats = stats_of(&bed);
    assert_int_equal(stats.resting, 0);
    assert_int_equal(stats.live, 0);
    bed_close(&bed);
}

struct slow {
    struct engine_waiter waiter;
    struct bed *bed;
    bool done;
};

/* Reads, and lasts until something has ended that only the clock can start. */
static void on_slow_done(struct engine_waiter *waiter, const struct execution_row *row)
{
    struct slow *slow = CONTAINER_OF(waiter, struct slow, waiter);
    assert_null(row);
    (void)look(slow->bed);
    await_flag(slow->bed, &slow->bed->waited);
    pthread_mutex_lock(&slow->bed->lock);
    slow->done = true;
    pthread_cond_broadcast(&slow->bed->changed);
    pthread_mutex_unlock(&slow->bed->lock);
}

static void test_the_clock_waits_for_nobody(void **state)
{
    struct bed bed;
    (void)state;
    bed_open(&bed);
    bed.waiter = (struct engine_waiter){ .execution_id = id_new(), .done = on_done };
    struct slow slow = {
        .waiter = { .execution_id = bed.waiter.execution_id, .done = on_slow_done }, .bed = &bed
    };
    MUST_WRITE(&bed.f, insert_left_behind, &bed);
    open_engine(&bed);
    engine_wait(bed.engine, &bed.waiter, deadline_in_ms(LONG_MS));
    engine_wait(bed.engine, &slow.waiter, deadline_in_ms(1));
    await_flag(&bed, &slow.done);
    assert_int_equal(bed.status, EXECUTION_SUCCEEDED);
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_back_and_is_shown),
        cmocka_unit_test(test_is_taken_up_when_due),
        cmocka_unit_test(test_a_death_counts_for_who_was_held),
        cmocka_unit_test(test_clock_set_back_meanwhile),
        cmocka_unit_test(test_own_time_goes_on),
        cmocka_unit_test(test_is_cancelled_in_the_store),
        cmocka_unit_test(test_a_cancel_comes_first),
        cmocka_unit_test(test_rests_behind_a_refusal),
        cmocka_unit_test(test_many_that_wait_shortly),
        cmocka_unit_test(test_the_clock_waits_for_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
