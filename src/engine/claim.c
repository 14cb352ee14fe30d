/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking up executions that nobody holds: what a dead process left, and what was accepted while there
 * was no room in memory.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/internal.h"

struct claim {
    struct write write;
    struct job job;
    struct engine *engine;
    struct arena *arena;
    struct array rows; /* of execution_row */
};

/* Stands in for a definition that cannot be loaded any more: the execution can only fail. */
static struct graph *empty_graph(void)
{
    struct error err;
    return graph_compile(STR("{\"nodes\":[],\"edges\":[]}"), &err);
}

static bool restore_steps(struct live *live, struct error *err)
{
    AUTO(tx) tx = store_read(live->engine->store, scope_system(), err);
    struct array steps;
    if (!tx ||
        !step_list(tx, live->row.project_id, live->row.id, live->arena, &steps, err))
        return false;
    const struct step_row *rows = steps.items;
    for (size_t i = 0; i < steps.count; i++) {
        unsigned node = graph_find(live->graph, rows[i].node_id);
        if (node < live->graph->count)
            execution_restore_step(&live->x, node, &rows[i]);
    }
    return true;
}

/* Brings a claimed execution to life. */
static void adopt(struct engine *engine, const struct execution_row *row)
{
    struct error err = { 0 };
    AUTO(graph) graph =
        engine_graph(engine, row->project_id, row->workflow_id, row->workflow_version, &err);
    bool lost = !graph;
    if (lost)
        graph = empty_graph();
    struct live *live = live_new(engine, row, graph);
    bool fresh = row->status == EXECUTION_QUEUED && row->claims == 0;
    if (!fresh && !lost && !restore_steps(live, &err))
        lost = true;
    if (lost)
        execution_condemn(&live->x, ERR_INTERNAL, str_from(err.message));
    else if (row->claims > ENGINE_CLAIMS_MAX)
        execution_condemn(&live->x, ERR_WORKER_LOST,
                          STR("several processes ended while they carried this out"));
    live->x.cancelling = row->cancel_requested;

    pthread_mutex_lock(&engine->lock);
    live_add(live);
    live->begun = true;
    execution_resume(&live->x, row->started_at, instant_now());
    live_apply(live);
    for (unsigned i = 0; i < live->graph->count; i++)
        if (live->x.nodes[i].status == STEP_WAITING && !live->tasks[i].saving)
            task_set_retry(&live->tasks[i]);
    pthread_mutex_unlock(&engine->lock);
}

static void adopt_all(struct worker *worker, struct job *job)
{
    struct claim *claim = CONTAINER_OF(job, struct claim, job);
    struct engine *engine = worker->engine;
    const struct execution_row *rows = claim->rows.items;
    for (size_t i = 0; i < claim->rows.count; i++)
        adopt(engine, &rows[i]);
    arena_free(claim->arena);
    free(claim);
}

static bool run(struct tx *tx, struct write *write, struct error *err)
{
    struct claim *claim = CONTAINER_OF(write, struct claim, write);
    return execution_claim(tx, str_from(claim->engine->owner), ENGINE_CLAIM_MAX, claim->arena,
                           &claim->rows, err);
}

static void done(struct write *write, const struct error *err)
{
    struct claim *claim = CONTAINER_OF(write, struct claim, write);
    struct engine *engine = claim->engine;
    bool adopted = false;
    if (err)
        log_warn("could not take up executions", LOG_ERROR(err));
    pthread_mutex_lock(&engine->lock);
    engine->claiming = false;
    engine->saves--;
    if (!err && claim->rows.count == ENGINE_CLAIM_MAX)
        engine->unclaimed = true; /* there may be more */
    if (!err && claim->rows.count > 0 && !engine->closing) {
        engine->live_count += (unsigned)claim->rows.count;
        queue_push(engine, &claim->job);
        adopted = true;
    }
    pthread_cond_broadcast(&engine->idle);
    pthread_mutex_unlock(&engine->lock);
    if (!adopted) {
        arena_free(claim->arena);
        free(claim);
    }
}

void claim_if_room(struct engine *engine)
{
    if (!engine->unclaimed || engine->claiming || engine->closing ||
        engine->live_count > ENGINE_LIVE_MAX / 2)
        return;
    struct claim *claim = NEW(claim);
    *claim = (struct claim){
        .write = { .scope = scope_system(), .run = run, .done = done },
        .job = { .run = adopt_all },
        .engine = engine,
        .arena = arena_new(),
    };
    engine->unclaimed = false; /* set again by whoever leaves one behind */
    engine->claiming = true;
    engine->saves++;
    store_submit(engine->store, &claim->write);
}
