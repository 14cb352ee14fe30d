/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine on a store that refuses writes, and over executions that are taken from it. Triggers in
 * the database stand in for a full disk. The nodes' connection was never made, so steps fail by
 * themselves: no upstream is needed.
 */
#include "store_fixture.h"

#include <pthread.h>

#include "base/thread.h"
#include "connector/manager.h"
#include "engine/engine.h"
#include "store/projects.h"
#include "store/users.h"
#include "store/workflows.h"

/* Far longer than anything here takes: only a hang reaches it. */
#define HANG_S 60
#define LONG_MS 20000

#define NODE(id)                                                                                   \
    "{\"id\":\"" id "\",\"type\":\"redis-command\",\"name\":\"n\",\"onError\":\"continue\","       \
    "\"config\":{\"connectionId\":\"01890000-0000-7000-8000-000000000001\","                       \
    "\"command\":\"INCR\",\"key\":\"k\"}}"
#define TWO_NODES "{\"nodes\":[" NODE("a") "," NODE("b") "],\"edges\":[]}"

struct bed {
    struct fixture f;
    struct manager *manager;
    struct engine *engine;
    struct graph *graph;
    struct user_row user;
    struct project_row project;
    struct workflow_row workflow;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct engine_start start;
    struct engine_waiter waiter;
    bool started, waited, closed;
    int status; /* that the waiter was told; 0 none */
};

static bool insert_rows(struct tx *tx, const void *context, struct error *err)
{
    const struct bed *bed = context;
    return user_insert(tx, &bed->user, err) &&
           project_insert(tx, &bed->project, bed->user.id, err) &&
           workflow_insert(tx, &bed->workflow, NULL, 0, err);
}

static bool run_sql(struct tx *tx, const void *context, struct error *err)
{
    return tx_run(tx, context, NO_BINDS, NULL, err);
}

#define SQL_NOW(bed, text)                                                                         \
    do {                                                                                           \
        static const struct sql sql_now = SQL(text);                                               \
        MUST_WRITE(&(bed)->f, run_sql, &sql_now);                                                  \
    } while (0)

static void open_engine(struct bed *bed)
{
    bed->engine = engine_open(
        &(struct engine_config){ .store = bed->f.store, .manager = bed->manager, .workers = 2 },
        &bed->f.err);
    MUST(&bed->f, bed->engine);
}

static void bed_open(struct bed *bed)
{
    alarm(HANG_S);
    *bed = (struct bed){ .lock = PTHREAD_MUTEX_INITIALIZER };
    cond_init(&bed->changed);
    fixture_open(&bed->f);
    struct instant now = instant_now();
    bed->user = (struct user_row){ .id = id_new(),
                                   .email = STR("a@localhost"),
                                   .name = STR("A"),
                                   .password_hash = STR("x"),
                                   .created_at = now,
                                   .updated_at = now };
    bed->project = (struct project_row){
        .id = id_new(), .name = STR("P"), .data_key = STR("x"), .created_at = now, .updated_at = now
    };
    bed->workflow = (struct workflow_row){ .id = id_new(),
                                           .project_id = bed->project.id,
                                           .name = STR("w"),
                                           .version = 1,
                                           .active = true,
                                           .definition = { STR(TWO_NODES) },
                                           .created_by = bed->user.id,
                                           .created_at = now,
                                           .updated_at = now };
    MUST_WRITE(&bed->f, insert_rows, bed);
    bed->manager = manager_new(&(struct manager_config){ .store = bed->f.store });
    bed->graph = graph_compile(STR(TWO_NODES), &bed->f.err);
    MUST(&bed->f, bed->graph);
}

static void bed_close(struct bed *bed)
{
    if (!bed->closed)
        engine_close(bed->engine, deadline_in_ms(LONG_MS));
    engine_free(bed->engine);
    manager_free(bed->manager);
    graph_unref(bed->graph);
    fixture_close(&bed->f);
    pthread_cond_destroy(&bed->changed);
    alarm(0);
}

static void on_started(struct engine_start *start, const struct error *err)
{
    struct bed *bed = CONTAINER_OF(start, struct bed, start);
    assert_null(err);
    pthread_mutex_lock(&bed->lock);
    bed->started = true;
    pthread_cond_signal(&bed->changed);
    pthread_mutex_unlock(&bed->lock);
}

static void on_done(struct engine_waiter *waiter, const struct execution_row *row)
{
    struct bed *bed = CONTAINER_OF(waiter, struct bed, waiter);
    pthread_mutex_lock(&bed->lock);
    bed->waited = true;
    bed->status = row ? row->status : 0;
    pthread_cond_signal(&bed->changed);
    pthread_mutex_unlock(&bed->lock);
}

static void await_flag(struct bed *bed, const bool *flag)
{
    pthread_mutex_lock(&bed->lock);
    while (!*flag)
        (void)cond_wait_until(&bed->changed, &bed->lock, DEADLINE_NEVER);
    pthread_mutex_unlock(&bed->lock);
}

/* Starts the workflow; who waits for it waits from now on. */
static void begin(struct bed *bed)
{
    bed->waiter.done = on_done;
    bed->start = (struct engine_start){ .project_id = bed->project.id,
                                        .workflow_id = bed->workflow.id,
                                        .workflow_name = STR("w"),
                                        .workflow_version = 1,
                                        .graph = bed->graph,
                                        .waiter = &bed->waiter,
                                        .wait_until = deadline_in_ms(LONG_MS),
                                        .started = on_started };
    engine_start(bed->engine, &bed->start);
    await_flag(bed, &bed->started);
}

/* An execution whose process died: a waits for a retry, b has not begun. */
static bool insert_left_behind(struct tx *tx, const void *context, struct error *err)
{
    const struct bed *bed = context;
    struct instant now = instant_now();
    struct execution_row row = { .id = bed->waiter.execution_id,
                                 .project_id = bed->project.id,
                                 .workflow_id = bed->workflow.id,
                                 .workflow_name = STR("w"),
                                 .workflow_version = 1,
                                 .status = EXECUTION_RUNNING,
                                 .created_at = now,
                                 .started_at = now,
                                 .lease_owner = STR("gone"),
                                 .lease_epoch = 1 };
    struct step_row step = { .project_id = row.project_id,
                             .execution_id = row.id,
                             .node_id = STR("a"),
                             .status = STEP_WAITING,
                             .started_at = now,
                             .retry_at = instant_add_ms(now, 300),
                             .attempt_count = 1 };
    AUTO(arena) arena = arena_new();
    return execution_insert(tx, &row, err) && step_save(tx, &step, arena, err);
}

/* --- tests --- */

/* b is saved only behind a, although the store refuses a alone. */
static void test_points_keep_their_order(void **state)
{
    static const struct sql ended = SQL("SELECT count(*) FROM workflow_executions WHERE "
                                        "finished_at IS NOT NULL");
    static const struct sql saved = SQL("SELECT count(*) FROM component_executions WHERE "
                                        "status = 'failed'");
    static const struct sql refused = SQL("SELECT count(*) FROM component_executions");
    struct bed bed;
    (void)state;
    bed_open(&bed);
    SQL_NOW(&bed,
            "CREATE TRIGGER refuse BEFORE INSERT ON component_executions WHEN NEW.node_id = 'a' "
            "BEGIN SELECT RAISE(ABORT, 'refused'); END");
    open_engine(&bed);
    begin(&bed);
    struct execution_row row;
    bool found, both = false;
    while (!both) {
        AUTO(arena) arena = arena_new();
        MUST(&bed.f, engine_view(bed.engine, bed.project.id, bed.waiter.execution_id, arena, &row,
                                 &found, &bed.f.err));
        const struct step_row *steps = row.steps.items;
        both = found && steps[0].attempt_count > 0 && steps[1].attempt_count > 0;
    }
    MUST_WRITE(&bed.f, run_sql, &refused); /* goes through the writer: what was before it is over */
    assert_int_equal(fixture_int(&bed.f, &ended), 0);
    SQL_NOW(&bed, "DROP TRIGGER refuse");
    await_flag(&bed, &bed.waited);
    assert_int_equal(bed.status, EXECUTION_SUCCEEDED);
    assert_int_equal(fixture_int(&bed.f, &saved), 2);
    bed_close(&bed);
}

/* Closing does not wait for a store that takes nothing. */
static void test_closes_while_refused(void **state)
{
    static const struct sql held = SQL("SELECT count(*) FROM workflow_executions WHERE "
                                       "lease_owner IS NOT NULL");
    static const struct sql open = SQL("SELECT count(*) FROM workflow_executions WHERE "
                                       "finished_at IS NULL");
    struct bed bed;
    (void)state;
    bed_open(&bed);
    SQL_NOW(&bed, "CREATE TRIGGER refuse BEFORE INSERT ON component_executions "
                  "BEGIN SELECT RAISE(ABORT, 'refused'); END");
    open_engine(&bed);
    begin(&bed);
    engine_close(bed.engine, deadline_in_ms(LONG_MS));
    bed.closed = true;
    await_flag(&bed, &bed.waited);
    assert_int_equal(bed.status, 0);
    assert_int_equal(fixture_int(&bed.f, &held), 0);
    assert_int_equal(fixture_int(&bed.f, &open), 1);
    /* Who comes later is sent away at once. */
    bed.waited = false;
    engine_wait(bed.engine, &bed.waiter, DEADLINE_NEVER);
    assert_true(bed.waited);
    bed_close(&bed);
}

/* A claim that the store refused is asked for again. */
static void test_claims_again(void **state)
{
    struct bed bed;
    (void)state;
    bed_open(&bed);
    bed.waiter = (struct engine_waiter){ .execution_id = id_new(), .done = on_done };
    MUST_WRITE(&bed.f, insert_left_behind, &bed);
    SQL_NOW(&bed, "CREATE TRIGGER refuse BEFORE UPDATE OF lease_epoch ON workflow_executions "
                  "BEGIN SELECT RAISE(ABORT, 'refused'); END");
    open_engine(&bed);
    engine_wait(bed.engine, &bed.waiter, deadline_in_ms(LONG_MS));
    struct store_stats stats = { 0 };
    while (stats.failed_writes == 0)
        store_stats(bed.f.store, &stats);
    SQL_NOW(&bed, "DROP TRIGGER refuse");
    await_flag(&bed, &bed.waited);
    assert_int_equal(bed.status, EXECUTION_SUCCEEDED);
    bed_close(&bed);
}

/* Of an execution that was lost to somebody else nothing stays behind, its retry least of all. */
static void test_fenced_with_a_retry(void **state)
{
    struct bed bed;
    struct engine_stats stats;
    (void)state;
    bed_open(&bed);
    bed.waiter = (struct engine_waiter){ .execution_id = id_new(), .done = on_done };
    MUST_WRITE(&bed.f, insert_left_behind, &bed);
    SQL_NOW(&bed, "CREATE TRIGGER take AFTER UPDATE OF lease_epoch ON workflow_executions BEGIN "
                  "UPDATE workflow_executions SET lease_epoch = 100 WHERE id = NEW.id; END");
    open_engine(&bed);
    engine_wait(bed.engine, &bed.waiter, deadline_in_ms(LONG_MS));
    await_flag(&bed, &bed.waited);
    assert_int_equal(bed.status, 0);
    engine_stats(bed.engine, &stats);
    assert_int_equal(stats.fenced, 1);
    assert_int_equal(stats.live, 0);
    /* Another wait, over behind the time of the retry, which the same clock would have fired. */
    bed.waited = false;
    bed.waiter.execution_id = id_new();
    engine_wait(bed.engine, &bed.waiter, deadline_in_ms(600));
    await_flag(&bed, &bed.waited);
    engine_stats(bed.engine, &stats);
    assert_int_equal(stats.fenced, 1);
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points_keep_their_order),
        cmocka_unit_test(test_closes_while_refused),
        cmocka_unit_test(test_claims_again),
        cmocka_unit_test(test_fenced_with_a_retry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
