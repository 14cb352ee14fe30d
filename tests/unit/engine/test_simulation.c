/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executions in a world that fails (world.h). In the end the world is compared with what is on record: what
 * may not be repeated has acted once or not at all, and where nobody knows, the record says so.
 *
 * A thousand worlds take a second. A failing run prints its seed; TIELINE_SEED=<number> replays it. Seeds
 * that failed once are in `kept_seeds`.
 */
#include "world.h"

#include <stdlib.h>

#include "base/buf.h"

#define SEEDS 3000
#define EVENTS_MAX 100000

/* 2687: two deaths before what the first one had left was saved. 3451: a cancel that comes while the
 * last step is under way, and succeeds. */
static const uint64_t kept_seeds[] = { 2687, 3451 };

/* --- the comparison --- */

static bool has_code(const struct execution_error *error, const char *code)
{
    return error && str_eq(error->code, str_from(code));
}

static void check_attempts(const struct world *w, const struct step_row *row)
{
    const struct attempt *attempts = row->attempts.items;
    unsigned succeeded = 0;
    for (size_t i = 0; i < row->attempts.count; i++) {
        HOLDS(w, attempts[i].status != ATTEMPT_STARTED);
        HOLDS(w, attempts[i].finished_at.us >= attempts[i].started_at.us);
        HOLDS(w, i == 0 || attempts[i].number == attempts[i - 1].number + 1);
        HOLDS(w, i == 0 || attempts[i].started_at.us >= attempts[i - 1].finished_at.us);
        succeeded += attempts[i].status == ATTEMPT_SUCCEEDED;
    }
    HOLDS(w, succeeded == (row->status == STEP_SUCCEEDED));
}

static void check_end(struct world *w)
{
    bool all_succeeded = true;
    for (unsigned i = 0; i < w->graph->count; i++) {
        const struct step_row *row = &w->store.rows[i];
        int status = w->store.there[i] ? row->status : STEP_SKIPPED;
        bool unknown = w->store.there[i] && has_code(row->error, "OUTCOME_UNKNOWN");
        bool lost = w->store.there[i] && has_code(row->error, "WORKER_LOST");
        all_succeeded &= status == STEP_SUCCEEDED ||
                         (status == STEP_STATUS_FAILED && w->graph->nodes[i].continue_on_error);
        HOLDS(w, status >= STEP_SUCCEEDED);
        if (is_once(w, i)) {
            HOLDS(w, w->effects[i] <= 1);
            HOLDS(w, status != STEP_SUCCEEDED || w->effects[i] == 1);
            HOLDS(w, w->effects[i] == 0 || status == STEP_SUCCEEDED || unknown);
            HOLDS(w, !lost);
        } else {
            HOLDS(w, status != STEP_SUCCEEDED || w->effects[i] > 0);
            HOLDS(w, !unknown);
        }
        if (w->store.there[i])
            check_attempts(w, row);
    }
    HOLDS(w, (w->store.status == EXECUTION_SUCCEEDED) == all_succeeded);
    HOLDS(w, w->resting || (w->save_first == w->save_end && pick_task(w) == w->graph->count));
}

/* --- worlds --- */

static void random_definition(struct world *w, struct buf *buf, unsigned count)
{
    static const char *const policies[] = {
        "",
        "\"retry\":{\"strategy\":\"fixed\",\"maxAttempts\":3,\"delayMs\":5000},",
        "\"onError\":\"continue\",",
        "\"retry\":{\"strategy\":\"keep-trying\",\"delayMs\":500,\"maxDelayMs\":9000},",
        "\"retry\":{\"strategy\":\"exponential\",\"deadlineMs\":9000},",
    };
    static const char *const commands[] = { "INCR", "SET", "GET", "INCR" };
    buf_add_c(buf, "{\"nodes\":[");
    for (unsigned i = 0; i < count; i++)
        buf_printf(buf,
                   "%s{\"id\":\"n%u\",\"type\":\"redis-command\",\"name\":\"n\",%s\"config\":{"
                   "\"connectionId\":\"01890000-0000-7000-8000-000000000001\",\"command\":\"%s\","
                   "\"key\":\"k\",\"value\":\"v\"}}",
                   i ? "," : "", i, policies[roll(w, ARRAY_LEN(policies))], commands[roll(w, 4)]);
    buf_add_c(buf, "],\"edges\":[");
    bool first = true;
    for (unsigned to = 1; to < count; to++)
        for (unsigned from = 0; from < to; from++)
            if (roll(w, count) < 2) {
                buf_printf(buf, "%s{\"source\":\"n%u\",\"target\":\"n%u\"}", first ? "" : ",", from,
                           to);
                first = false;
            }
    buf_add_c(buf, "]}");
}

static struct graph *random_graph(struct world *w)
{
    struct buf buf;
    struct error err;
    buf_init(&buf, 1 << 20);
    random_definition(w, &buf, (unsigned)roll(w, NODES_MAX) + 1);
    struct graph *graph = graph_compile(buf_str(&buf), &err);
    if (!graph)
        fail_msg("%s", err.message);
    buf_done(&buf);
    return graph;
}

static void simulate(uint64_t seed, bool rests)
{
    static struct save saves[SAVES_MAX]; /* each is written whole before it is read */
    struct world world = {
        .seed = seed,
        .random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1,
        .rests = rests,
        .arena = arena_new(),
        .store = { .status = EXECUTION_QUEUED },
        .monotonic_us = 1000 * SECOND_US,
        .wall_ahead_us = 50 * YEAR_US,
        .engine_ahead_us = 50 * YEAR_US,
        .saves = saves,
    };
    struct world *w = &world;
    w->graph = random_graph(w);
    take_up(w);
    for (unsigned events = 0; !w->ended; events++) {
        HOLDS(w, events < EVENTS_MAX);
        next_event(w);
    }
    check_end(w);
    graph_unref(w->graph);
    arena_free(w->arena);
}

static void kept_seeds_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kept_seeds); i++)
        simulate(kept_seeds[i], false);
}

static void random_seeds_hold(void **state)
{
    (void)state;
    const char *replay = getenv("TIELINE_SEED"); /* NOLINT(concurrency-mt-unsafe): nobody else */
    uint64_t first = replay ? strtoull(replay, NULL, 10) : 1;
    for (uint64_t i = 0; i < (replay ? 1 : SEEDS); i++)
        simulate(first + i, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_seeds_hold),
        cmocka_unit_test(random_seeds_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
