/* SPDX-License-Identifier: Apache-2.0 */
/* What old history leaves, and what it leaves alone. */
#include "store_fixture.h"

#include <sched.h>
#include <sys/stat.h>

#include "store/executions.h"
#include "store/history.h"
#include "store/projects.h"
#include "store/users.h"
#include "store/workflows.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
/* Far longer than anything here takes: only a hang reaches it. */
#define HANG_S 300
#define LATER_MS (60 * DAY_MS)

struct bed {
    struct fixture f;
    struct id user, project, workflow, other_workflow;
};

static bool insert_all(struct tx *tx, const void *context, struct error *err)
{
    const struct bed *bed = context;
    struct instant now = instant_now();
    struct user_row user = { .id = bed->user,
                             .email = STR("a@tieline.test"),
                             .name = STR("A"),
                             .password_hash = STR("x"),
                             .created_at = now,
                             .updated_at = now };
    struct project_row project = { .id = bed->project,
                                   .name = STR("P"),
                                   .data_key = STR("k"),
                                   .created_at = now,
                                   .updated_at = now };
    struct workflow_row workflow = { .id = bed->workflow,
                                     .project_id = bed->project,
                                     .name = STR("w"),
                                     .version = 1,
                                     .definition = { STR("{}") },
                                     .created_by = bed->user,
                                     .created_at = now,
                                     .updated_at = now };
    if (!user_insert(tx, &user, err) || !project_insert(tx, &project, bed->user, err) ||
        !workflow_insert(tx, &workflow, NULL, 0, err))
        return false;
    workflow.id = bed->other_workflow;
    return workflow_insert(tx, &workflow, NULL, 0, err);
}

static void bed_open(struct bed *bed)
{
    alarm(HANG_S);
    *bed = (struct bed){
        .user = id_new(), .project = id_new(), .workflow = id_new(), .other_workflow = id_new()
    };
    fixture_open(&bed->f);
    MUST_WRITE(&bed->f, insert_all, bed);
}

/* Many executions of one workflow, an hour apart, the newest `first_hours` old. */
struct past {
    const struct bed *bed;
    struct id workflow;
    int64_t count, first_hours, steps, output_bytes;
    bool open;
};

static bool insert_step(struct tx *tx, const struct past *past, struct id execution, int64_t number,
                        struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO component_executions (project_id, execution_id, node_id, status, output) "
            "VALUES ($1, $2, 'n' || $3, 'succeeded', $4)");
    char *output = malloc((size_t)past->output_bytes + 1);
    memset(output, 'x', (size_t)past->output_bytes + 1);
    bool ok = tx_run(tx, &sql,
                     BINDS(bind_id(past->bed->project), bind_id(execution), bind_int(number),
                           bind_text((struct str){ output, (size_t)past->output_bytes })),
                     NULL, err);
    free(output);
    return ok;
}

static bool insert_past(struct tx *tx, const void *context, struct error *err)
{
    static const struct sql sql = SQL(
        "INSERT INTO workflow_executions (project_id, id, workflow_id, workflow_name, "
        "workflow_version, status, created_at, finished_at) VALUES ($1, $2, $3, 'w', 1, $4, $6, "
        "$5)");
    static const struct sql key =
        SQL("INSERT INTO execution_keys (project_id, key, execution_id, request_hash, created_at) "
            "VALUES ($1, $2, $4, 'h', $3)");
    const struct past *past = context;
    char id_text[ID_TEXT_SIZE];
    for (int64_t i = 0; i < past->count; i++) {
        struct instant at =
            instant_add_ms(instant_now(), -(past->first_hours + i) * 3600 * 1000 - 1000);
        struct id id = id_first_at(at);
        memcpy(id.bytes + 8, past->workflow.bytes + 8, 8); /* workflows do not share ids */
        if (!tx_run(tx, &sql,
                    BINDS(bind_id(past->bed->project), bind_id(id), bind_id(past->workflow),
                          bind_text(past->open ? STR("running") : STR("succeeded")),
                          bind_instant(past->open ? INSTANT_NONE : at),
                          bind_instant((struct instant){ 1 })),
                    NULL, err) ||
            !tx_run(tx, &key,
                    BINDS(bind_id(past->bed->project), bind_text(id_format(id, id_text)),
                          bind_instant(at), bind_id(id)),
                    NULL, err))
            return false;
        for (int64_t step = 0; step < past->steps; step++)
            if (!insert_step(tx, past, id, step, err))
                return false;
    }
    return true;
}

static void look_once(struct bed *bed, int64_t keep_days, int64_t keep, struct history_stats *stats)
{
    struct history *history =
        history_open(&(struct history_config){ bed->f.store, keep_days, keep, LATER_MS });
    while (history_stats(history, stats), stats->looks + stats->failures == 0)
        (void)sched_yield();
    history_close(history);
    assert_int_equal(stats->failures, 0);
}

static const struct sql executions = SQL("SELECT count(*) FROM workflow_executions");
static const struct sql steps = SQL("SELECT count(*) FROM component_executions");
static const struct sql keys = SQL("SELECT count(*) FROM execution_keys");

static void nothing_goes_unasked(void **state)
{
    (void)state;
    struct bed bed;
    struct history_stats stats;
    bed_open(&bed);
    struct past old = { &bed, bed.workflow, 50, 24 * 400, 2, 10, false };
    MUST_WRITE(&bed.f, insert_past, &old);
    look_once(&bed, 0, 0, &stats);
    assert_int_equal(stats.executions, 0);
    assert_int_equal(fixture_int(&bed.f, &executions), 50);
    assert_int_equal(fixture_int(&bed.f, &keys), 50);
    fixture_close(&bed.f);
}

static void old_ones_go_with_steps_and_keys(void **state)
{
    (void)state;
    struct bed bed;
    struct history_stats stats;
    bed_open(&bed);
    struct past ended = { &bed, bed.workflow, 100, 0, 3, 10, false };
    struct past open = { &bed, bed.other_workflow, 5, 24 * 30, 1, 10, true };
    MUST_WRITE(&bed.f, insert_past, &ended);
    MUST_WRITE(&bed.f, insert_past, &open);
    look_once(&bed, 3, 0, &stats); /* 72 hours */
    assert_int_equal(stats.executions, 28);
    assert_int_equal(fixture_int(&bed.f, &executions), 72 + 5);
    assert_int_equal(fixture_int(&bed.f, &steps), 72 * 3 + 5);
    assert_int_equal(fixture_int(&bed.f, &keys), 72 + 5);
    fixture_close(&bed.f);
}

static void the_newest_of_each_workflow_stay(void **state)
{
    (void)state;
    static const struct sql newest = SQL("SELECT max(finished_at) FROM workflow_executions");
    static const struct sql oldest = SQL("SELECT min(finished_at) FROM workflow_executions");
    struct bed bed;
    struct history_stats stats;
    bed_open(&bed);
    struct past many = { &bed, bed.workflow, 600, 0, 1, 10, false };
    struct past few = { &bed, bed.other_workflow, 20, 0, 1, 10, false };
    MUST_WRITE(&bed.f, insert_past, &many);
    MUST_WRITE(&bed.f, insert_past, &few);
    look_once(&bed, 0, 40, &stats);
    assert_int_equal(stats.executions, 560);
    assert_int_equal(fixture_int(&bed.f, &executions), 40 + 20);
    assert_int_equal(fixture_int(&bed.f, &steps), 40 + 20);
    int64_t span_us = fixture_int(&bed.f, &newest) - fixture_int(&bed.f, &oldest);
    assert_int_equal((span_us / 1000000 + 60) / 3600, 39);
    fixture_close(&bed.f);
}

/* One execution with more steps than a piece has rows. */
static void large_ones_go_in_pieces(void **state)
{
    (void)state;
    struct bed bed;
    struct history_stats stats;
    struct store_stats before, after;
    bed_open(&bed);
    struct past large = { &bed, bed.workflow, 2, 48, 2000, 10, false };
    MUST_WRITE(&bed.f, insert_past, &large);
    store_stats(bed.f.store, &before);
    look_once(&bed, 1, 0, &stats);
    store_stats(bed.f.store, &after);
    assert_int_equal(stats.executions, 2);
    assert_int_equal(fixture_int(&bed.f, &steps), 0);
    assert_true(after.writes - before.writes >= 4002 / 512);
    fixture_close(&bed.f);
}

static int64_t file_bytes(const struct fixture *f)
{
    struct stat status;
    assert_int_equal(stat(f->path, &status), 0);
    return status.st_size;
}

static void the_file_gets_smaller(void **state)
{
    (void)state;
    if (fixture_on_postgresql())
        return; /* no file of ours */
    struct bed bed;
    struct history_stats stats;
    bed_open(&bed);
    struct past large = { &bed, bed.workflow, 500, 48, 1, 40000, false };
    MUST_WRITE(&bed.f, insert_past, &large);
    store_close(bed.f.store);
    int64_t before = file_bytes(&bed.f);
    assert_true(before > 500 * 40000);
    MUST(&bed.f, fixture_try_open(&bed.f));
    look_once(&bed, 1, 0, &stats);
    store_close(bed.f.store);
    bed.f.store = NULL;
    assert_true(file_bytes(&bed.f) < before / 4);
    fixture_close(&bed.f);
}

/* All that are open so far. */
static bool hold_all(struct tx *tx, const void *context, struct error *err)
{
    static const struct sql sql =
        SQL("UPDATE workflow_executions SET lease_owner = 'somebody' WHERE finished_at IS NULL");
    (void)context;
    return tx_run(tx, &sql, NO_BINDS, NULL, err);
}

static bool delete_project(struct tx *tx, const void *context, struct error *err)
{
    return project_delete(tx, ((const struct bed *)context)->project, err);
}

static void a_project_goes_at_once_and_its_history_behind_it(void **state)
{
    (void)state;
    static const struct sql open =
        SQL("SELECT count(*) FROM workflow_executions WHERE finished_at IS NULL");
    static const struct sql projects = SQL("SELECT count(*) FROM projects");
    static const struct sql notes = SQL("SELECT count(*) FROM deleted_projects");
    struct bed bed;
    struct history_stats stats;
    bed_open(&bed);
    struct past ended = { &bed, bed.workflow, 1500, 0, 2, 100, false };
    struct past running = { &bed, bed.other_workflow, 30, 0, 2, 100, true };
    MUST_WRITE(&bed.f, insert_past, &ended);
    MUST_WRITE(&bed.f, insert_past, &running);
    MUST_WRITE(&bed.f, hold_all, &bed);
    MUST_WRITE(&bed.f, delete_project, &bed);
    assert_int_equal(fixture_int(&bed.f, &projects), 0);
    assert_int_equal(fixture_int(&bed.f, &open), 0);
    assert_int_equal(fixture_int(&bed.f, &executions), 1500);
    assert_int_equal(fixture_int(&bed.f, &notes), 1);
    look_once(&bed, 0, 0, &stats);
    assert_int_equal(stats.projects, 1);
    assert_int_equal(fixture_int(&bed.f, &executions), 0);
    assert_int_equal(fixture_int(&bed.f, &steps), 0);
    assert_int_equal(fixture_int(&bed.f, &keys), 0);
    assert_int_equal(fixture_int(&bed.f, &notes), 0);
    fixture_close(&bed.f);
}

struct claims {
    struct arena *arena;
    struct execution_claimed got;
};

static bool claim_ten(struct tx *tx, const void *context, struct error *err)
{
    const struct execution_claim claim = { .owner = STR("me"), .fresh = 10 };
    struct claims *claims = *(struct claims *const *)context;
    return execution_claim(tx, &claim, claims->arena, &claims->got, err);
}

/* However many wait in the store: deleting takes none of them away, and nobody begins one. */
static void what_waits_of_a_deleted_project_is_not_taken_up(void **state)
{
    (void)state;
    static const struct sql open =
        SQL("SELECT count(*) FROM workflow_executions WHERE finished_at IS NULL");
    struct bed bed;
    struct history_stats stats;
    bed_open(&bed);
    struct past held = { &bed, bed.workflow, 5, 0, 1, 10, true };
    struct past waiting = { &bed, bed.other_workflow, 2000, 24, 1, 10, true };
    MUST_WRITE(&bed.f, insert_past, &held);
    MUST_WRITE(&bed.f, hold_all, &bed);
    MUST_WRITE(&bed.f, insert_past, &waiting);
    struct bed other = bed;
    other.project = fixture_project(&bed.f, bed.user);
    struct past alive = { &other, other.workflow, 3, 0, 0, 0, true };
    MUST_WRITE(&bed.f, insert_past, &alive);
    MUST_WRITE(&bed.f, delete_project, &bed);
    assert_int_equal(fixture_int(&bed.f, &open), 2000 + 3);

    struct claims claims = { .arena = bed.f.arena }, *context = &claims;
    MUST_WRITE(&bed.f, claim_ten, &context);
    assert_int_equal(claims.got.rows.count, 0); /* those of the project are older */
    assert_true(claims.got.more_fresh);
    assert_int_equal(fixture_int(&bed.f, &open), 1990 + 3);
    size_t taken = 0;
    while (claims.got.more_fresh) {
        MUST_WRITE(&bed.f, claim_ten, &context);
        const struct execution_row *rows = claims.got.rows.items;
        for (size_t i = 0; i < claims.got.rows.count; i++)
            assert_true(id_eq(rows[i].project_id, other.project));
        taken += claims.got.rows.count;
    }
    assert_int_equal(taken, 3);
    look_once(&bed, 0, 0, &stats);
    assert_int_equal(stats.projects, 1);
    assert_int_equal(fixture_int(&bed.f, &executions), 3);
    assert_int_equal(fixture_int(&bed.f, &steps), 0);
    fixture_close(&bed.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_goes_unasked),
        cmocka_unit_test(old_ones_go_with_steps_and_keys),
        cmocka_unit_test(the_newest_of_each_workflow_stay),
        cmocka_unit_test(large_ones_go_in_pieces),
        cmocka_unit_test(the_file_gets_smaller),
        cmocka_unit_test(a_project_goes_at_once_and_its_history_behind_it),
        cmocka_unit_test(what_waits_of_a_deleted_project_is_not_taken_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
