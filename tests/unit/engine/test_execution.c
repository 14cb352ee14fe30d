/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state machine: single transitions, then random graphs driven by random events. A failing run
 * prints its seed; TIELINE_SEED=<number> replays it.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/execution.h"

#define CONFIG                                                                                     \
    "\"config\":{\"connectionId\":\"01890000-0000-7000-8000-000000000001\","                       \
    "\"command\":\"INCR\",\"key\":\"k\"}"
#define NODE(id, extra)                                                                            \
    "{\"id\":\"" id "\",\"type\":\"redis-command\",\"name\":\"n\"," extra CONFIG "}"
#define EDGE(from, to) "{\"source\":\"" from "\",\"target\":\"" to "\"}"

static const struct instant now = { 1000000000 };

struct machine {
    struct arena *arena;
    struct graph *graph;
    struct execution x;
};

static struct machine start(const char *definition)
{
    struct error err;
    struct machine m = { .arena = arena_new() };
    m.graph = graph_compile(str_from(definition), &err);
    if (!m.graph)
        fail_msg("%s", err.message);
    execution_init(&m.x, m.graph, (struct json_text){ STR("{}") }, m.arena);
    execution_begin(&m.x, now);
    return m;
}

static void stop(struct machine *m)
{
    arena_free(m->arena);
    graph_unref(m->graph);
}

static void succeed(struct machine *m, unsigned node)
{
    struct attempt_outcome outcome = { .output = { STR("{\"value\":1}") }, .effect = EFFECT_ONCE };
    execution_attempt_started(&m->x, node, now);
    execution_attempt_ended(&m->x, node, &outcome, now, 0);
}

static void fail_with(struct machine *m, unsigned node, enum error_code code, bool maybe_done)
{
    struct error err = { 0 };
    (void)fail(&err, code, "went wrong");
    err.maybe_done = maybe_done;
    struct attempt_outcome outcome = { .error = &err, .effect = EFFECT_ONCE };
    execution_attempt_started(&m->x, node, now);
    execution_attempt_ended(&m->x, node, &outcome, now, 7);
}

static void test_chain(void **state)
{
    (void)state;
    struct machine m =
        start("{\"nodes\":[" NODE("a", "") "," NODE("b", "") "],\"edges\":[" EDGE("a", "b") "]}");
    assert_int_equal(m.x.ready_count, 1);
    succeed(&m, 0);
    assert_int_equal(m.x.status, EXECUTION_RUNNING);
    assert_int_equal(m.x.ready_count, 1);
    assert_int_equal(m.x.ready[0], 1);
    succeed(&m, 1);
    assert_int_equal(m.x.status, EXECUTION_SUCCEEDED);
    stop(&m);
}

static void test_failure_skips_the_rest(void **state)
{
    (void)state;
    struct machine m =
        start("{\"nodes\":[" NODE("a", "") "," NODE("b", "") "],\"edges\":[" EDGE("a", "b") "]}");
    fail_with(&m, 0, ERR_SERVER_ERROR, false);
    assert_int_equal(m.x.status, EXECUTION_FAILED);
    assert_int_equal(m.x.nodes[0].status, STEP_STATUS_FAILED);
    assert_int_equal(m.x.nodes[1].status, STEP_SKIPPED);
    assert_true(str_eq(m.x.error->node_id, STR("a")));
    stop(&m);
}

static void test_continue_on_error(void **state)
{
    (void)state;
    struct machine m = start("{\"nodes\":[" NODE("a", "\"onError\":\"continue\",") "," NODE(
        "b", "") "],\"edges\":[" EDGE("a", "b") "]}");
    fail_with(&m, 0, ERR_SERVER_ERROR, false);
    assert_int_equal(m.x.status, EXECUTION_RUNNING);
    assert_non_null(strstr(m.x.nodes[0].output.text.ptr, "\"code\":\"SERVER_ERROR\""));
    succeed(&m, 1);
    assert_int_equal(m.x.status, EXECUTION_SUCCEEDED);
    stop(&m);
}

static void test_retry_then_give_up(void **state)
{
    (void)state;
    struct machine m = start("{\"nodes\":[" NODE(
        "a",
        "\"retry\":{\"strategy\":\"fixed\",\"maxAttempts\":2,\"delayMs\":50},") "],\"edges\":[]}");
    fail_with(&m, 0, ERR_REFUSED, false);
    assert_int_equal(m.x.status, EXECUTION_WAITING);
    assert_int_equal(m.x.nodes[0].retry_at.us, now.us + 50000);
    execution_retry_due(&m.x, 0);
    assert_int_equal(m.x.ready_count, 1);
    fail_with(&m, 0, ERR_REFUSED, false);
    assert_int_equal(m.x.status, EXECUTION_FAILED);
    assert_int_equal(m.x.nodes[0].attempt_count, 2);
    stop(&m);
}

static void test_unknown_outcome_stops(void **state)
{
    (void)state;
    struct machine m = start(
        "{\"nodes\":[" NODE("a", "\"retry\":{\"strategy\":\"keep-trying\"},") "],\"edges\":[]}");
    fail_with(&m, 0, ERR_CONNECTION_LOST, true);
    assert_int_equal(m.x.status, EXECUTION_FAILED);
    assert_true(str_eq(m.x.error->code, STR("OUTCOME_UNKNOWN")));
    assert_int_equal(m.x.nodes[0].attempts[0].status, ATTEMPT_UNKNOWN);
    stop(&m);
}

static void test_policy_deadline(void **state)
{
    (void)state;
    struct machine m =
        start("{\"nodes\":[" NODE("a", "\"retry\":{\"strategy\":\"fixed\",\"delayMs\":500,"
                                       "\"deadlineMs\":400},") "],\"edges\":[]}");
    fail_with(&m, 0, ERR_REFUSED, false);
    assert_int_equal(m.x.status, EXECUTION_FAILED);
    assert_true(str_eq(m.x.error->code, STR("DEADLINE")));
    stop(&m);
}

static void test_cancel_lets_running_end(void **state)
{
    (void)state;
    struct machine m =
        start("{\"nodes\":[" NODE("a", "") "," NODE("b", "") "],\"edges\":[" EDGE("a", "b") "]}");
    execution_attempt_started(&m.x, 0, now);
    execution_cancel(&m.x, now);
    assert_int_equal(m.x.status, EXECUTION_RUNNING);
    fail_with(&m, 0, ERR_CANCELLED, false);
    assert_int_equal(m.x.status, EXECUTION_CANCELLED);
    assert_int_equal(m.x.nodes[0].status, STEP_CANCELLED);
    assert_int_equal(m.x.nodes[1].status, STEP_SKIPPED);
    stop(&m);
}

/* Cancelled too late: everything was carried out, and that is what is recorded. */
static void test_cancel_during_the_last_step(void **state)
{
    (void)state;
    struct machine m = start("{\"nodes\":[" NODE("a", "") "],\"edges\":[]}");
    execution_attempt_started(&m.x, 0, now);
    execution_cancel(&m.x, now);
    succeed(&m, 0);
    assert_int_equal(m.x.status, EXECUTION_SUCCEEDED);
    stop(&m);
}

/* --- after a crash --- */

/* The step of a one-node execution as the store has it: `lost` attempts that ended their processes,
 * and one that is under way. */
static struct machine restore(bool repeatable, unsigned lost)
{
    static struct execution_error error = { .code = { "WORKER_LOST", 11 } };
    static struct attempt attempts[10];
    struct machine m = start("{\"nodes\":[" NODE("a", "") "],\"edges\":[]}");
    for (unsigned i = 0; i < lost; i++)
        attempts[i] = (struct attempt){
            .number = i + 1, .status = ATTEMPT_ABANDONED, .started_at = now, .error = &error
        };
    attempts[lost] = (struct attempt){ .number = lost + 1,
                                       .status = ATTEMPT_STARTED,
                                       .started_at = now,
                                       .repeatable = { repeatable, repeatable } };
    struct step_row row = { .status = STEP_RUNNING,
                            .started_at = now,
                            .attempt_count = lost + 1,
                            .attempts = { attempts, lost + 1 } };
    execution_init(&m.x, m.graph, (struct json_text){ STR("{}") }, m.arena);
    execution_restore_step(&m.x, 0, &row);
    execution_resume(&m.x, now, now);
    return m;
}

static void test_cut_intent_is_unknown(void **state)
{
    (void)state;
    struct machine m = restore(false, 0);
    assert_int_equal(m.x.status, EXECUTION_FAILED);
    assert_true(str_eq(m.x.error->code, STR("OUTCOME_UNKNOWN")));
    assert_int_equal(m.x.nodes[0].attempts[0].status, ATTEMPT_UNKNOWN);
    stop(&m);
}

/* What was recorded as repeatable runs again, whatever the node's kind says: that is what was sent. */
static void test_cut_repeatable_runs_again(void **state)
{
    (void)state;
    struct machine m = restore(true, 3);
    assert_int_equal(m.x.status, EXECUTION_RUNNING);
    assert_int_equal(m.x.ready_count, 1);
    assert_int_equal(m.x.nodes[0].attempts[3].status, ATTEMPT_ABANDONED);
    assert_false(m.x.nodes[0].attempts[3].repeatable.set);
    succeed(&m, 0);
    assert_int_equal(m.x.status, EXECUTION_SUCCEEDED);
    stop(&m);
}

static void test_deadly_step_gives_up(void **state)
{
    (void)state;
    struct machine m = restore(true, 4);
    assert_int_equal(m.x.status, EXECUTION_FAILED);
    assert_true(str_eq(m.x.error->code, STR("WORKER_LOST")));
    assert_int_equal(m.x.nodes[0].attempts[4].status, ATTEMPT_ABANDONED);
    stop(&m);
}

/* --- simulation --- */

static uint64_t seed;

static uint64_t roll(uint64_t limit)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % limit;
}

static void random_definition(struct buf *buf, unsigned count)
{
    static const char *const policies[] = {
        "", "\"retry\":{\"strategy\":\"fixed\",\"maxAttempts\":3,\"delayMs\":10},",
        "\"onError\":\"continue\",", "\"retry\":{\"strategy\":\"keep-trying\",\"delayMs\":5},"
    };
    buf_add_c(buf, "{\"nodes\":[");
    for (unsigned i = 0; i < count; i++)
        buf_printf(buf, "%s{\"id\":\"n%u\",\"type\":\"redis-command\",\"name\":\"n\",%s" CONFIG "}",
                   i ? "," : "", i, policies[roll(4)]);
    buf_add_c(buf, "],\"edges\":[");
    bool first = true;
    for (unsigned to = 1; to < count; to++)
        for (unsigned from = 0; from < to; from++)
            if (roll(count) < 2) {
                buf_printf(buf, "%s{\"source\":\"n%u\",\"target\":\"n%u\"}", first ? "" : ",", from,
                           to);
                first = false;
            }
    buf_add_c(buf, "]}");
}

/* What must hold after every event. */
static void check(const struct machine *m)
{
    unsigned active = 0, left = 0;
    for (unsigned i = 0; i < m->graph->count; i++) {
        const struct node_run *run = &m->x.nodes[i];
        active += run->in_flight;
        left += run->status < STEP_SUCCEEDED;
        assert_int_equal(run->in_flight, run->status == STEP_RUNNING);
    }
    assert_int_equal(active, m->x.active);
    assert_int_equal(left, m->x.left);
    assert_int_equal(execution_status_ended(m->x.status), left == 0);
}

/* Nodes to be run or waiting, to choose the next event from. */
static unsigned pick(const struct machine *m, int status)
{
    unsigned found[64], count = 0;
    for (unsigned i = 0; i < m->graph->count; i++)
        if (m->x.nodes[i].status == status)
            found[count++] = i;
    return count > 0 ? found[roll(count)] : m->graph->count;
}

static void random_outcome(struct machine *m, unsigned node)
{
    static const enum error_code codes[] = { ERR_REFUSED, ERR_SERVER_ERROR, ERR_CONNECTION_LOST };
    bool stopping = execution_stopping(&m->x);
    unsigned was_ended = m->x.left;
    if (stopping && !m->x.nodes[node].attempt_open) {
        execution_dropped(&m->x, node, now);
        return;
    }
    if (roll(6) == 0 && !m->x.nodes[node].attempt_open && !stopping)
        execution_put_off(&m->x, node, instant_add_ms(now, 1000), now);
    else if (roll(4) > 0)
        succeed(m, node);
    else if (m->x.cancelling && roll(2))
        fail_with(m, node, ERR_CANCELLED, false);
    else
        fail_with(m, node, codes[roll(3)], roll(5) == 0);
    if (stopping)
        assert_int_equal(m->x.ready_count, 0);
    assert_true(m->x.left <= was_ended);
}

static void simulate(void)
{
    struct buf buf;
    buf_init(&buf, 1 << 20);
    random_definition(&buf, (unsigned)roll(30) + 1);
    struct machine m = start(buf.ptr);
    buf_done(&buf);
    check(&m);
    unsigned events = 0;
    while (!execution_status_ended(m.x.status)) {
        assert_true(events++ < 20000);
        unsigned running = pick(&m, STEP_RUNNING), waiting = pick(&m, STEP_WAITING);
        assert_true(running < m.graph->count || waiting < m.graph->count);
        if (roll(200) == 0)
            execution_cancel(&m.x, now);
        else if (running < m.graph->count && (waiting == m.graph->count || roll(3) > 0))
            random_outcome(&m, running);
        else
            execution_retry_due(&m.x, waiting);
        check(&m);
    }
    stop(&m);
}

static void test_simulation(void **state)
{
    (void)state;
    const char *replay = getenv("TIELINE_SEED");
    uint64_t first = replay ? strtoull(replay, NULL, 10) : 1;
    for (uint64_t i = 0; i < (replay ? 1 : 2000); i++) {
        seed = first + i;
        print_message("%s", i == 0 ? "seeds from 1\n" : "");
        simulate();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_failure_skips_the_rest),
        cmocka_unit_test(test_continue_on_error),
        cmocka_unit_test(test_retry_then_give_up),
        cmocka_unit_test(test_unknown_outcome_stops),
        cmocka_unit_test(test_policy_deadline),
        cmocka_unit_test(test_cancel_lets_running_end),
        cmocka_unit_test(test_cancel_during_the_last_step),
        cmocka_unit_test(test_cut_intent_is_unknown),
        cmocka_unit_test(test_cut_repeatable_runs_again),
        cmocka_unit_test(test_deadly_step_gives_up),
        cmocka_unit_test(test_simulation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
