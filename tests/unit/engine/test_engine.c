/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine on a store that refuses writes, and over executions that are taken from it. Triggers in
 * the database stand in for a full disk.
 */
#include "bed.h"

#include "engine/internal.h"

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

#define LARGE_NODES 400
#define LARGE_WORKFLOWS 10

static bool insert_workflow(struct tx *tx, const void *context, struct error *err)
{
    return workflow_insert(tx, context, NULL, 0, err);
}

/* Whoever looks at many large workflows does not fill the memory with them. */
static void test_keeps_so_many_bytes_of_graphs(void **state)
{
    struct bed bed;
    struct buf text;
    (void)state;
    bed_open(&bed);
    open_engine(&bed);
    buf_init(&text, GRAPH_TEXT_MAX);
    buf_add_c(&text, "{\"nodes\":[");
    for (int i = 0; i < LARGE_NODES; i++) {
        buf_printf(&text,
                   "%s{\"id\":\"n%d\",\"type\":\"redis-command\",\"name\":\"n\","
                   "\"config\":{\"connectionId\":\"01890000-0000-7000-8000-000000000001\","
                   "\"command\":\"GET\",\"key\":\"",
                   i ? "," : "", i);
        for (int k = 0; k < 40; k++)
            buf_add_c(&text, "{{ trigger.a.b }} ");
        buf_add_c(&text, "\"}}");
    }
    buf_add_c(&text, "],\"edges\":[]}");
    struct workflow_row row = bed.workflow;
    row.definition.text = buf_str(&text);
    for (int i = 0; i < LARGE_WORKFLOWS; i++) {
        char name[] = "large 0";
        name[sizeof(name) - 2] = (char)('0' + i);
        row.id = id_new();
        row.name = str_from(name);
        MUST_WRITE(&bed.f, insert_workflow, &row);
        AUTO(graph) first = engine_graph(bed.engine, bed.project.id, row.id, 1, &bed.f.err);
        MUST(&bed.f, first);
        AUTO(graph) again = engine_graph(bed.engine, bed.project.id, row.id, 1, &bed.f.err);
        assert_ptr_equal(first, again);
        assert_true(arena_used(first->arena) > (size_t)4 << 20);
    }
    assert_in_range(map_count(bed.engine->graphs.kept), 1, LARGE_WORKFLOWS / 2);
    buf_done(&text);
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points_keep_their_order),
        cmocka_unit_test(test_closes_while_refused),
        cmocka_unit_test(test_claims_again),
        cmocka_unit_test(test_fenced_with_a_retry),
        cmocka_unit_test(test_keeps_so_many_bytes_of_graphs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
