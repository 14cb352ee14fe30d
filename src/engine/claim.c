/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking up executions that nobody holds: what a dead process left, what was accepted while there was
 * no room in memory, and what rested until its retry is due.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/internal.h"

/* When the store could not be read. */
#define ADOPT_AGAIN_MS 1000

struct claim {
    struct write write;
    struct job job;
    struct engine *engine;
    struct arena *arena;
    struct execution_claim what;
    struct execution_claimed got;
    bool recounts;
    int64_t resting;
    bool *cancelled; /* of each: somebody asked meanwhile */
    size_t adopted;  /* so many so far */
    struct timer again;
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
    if (!tx || !step_list(tx, live->row.project_id, live->row.id, live->arena, &steps, err))
        return false;
    const struct step_row *rows = steps.items;
    for (size_t i = 0; i < steps.count; i++) {
        unsigned node = graph_find(live->graph, rows[i].node_id);
        if (node < live->graph->count)
            execution_restore_step(&live->x, node, &rows[i]);
    }
    return true;
}

static void not_before(struct live *live, struct instant at)
{
    int64_t ahead_us = at.us - clock_us();
    if (instant_set(at) && ahead_us > live->clock_ahead_us)
        live->clock_ahead_us = ahead_us;
}

/* When the clock was set back since, its time goes on from the last that was recorded: a retry is
 * still as far away as it was. */
static void go_on_with_time(struct live *live)
{
    not_before(live, live->row.created_at);
    not_before(live, live->row.started_at);
    for (unsigned i = 0; i < live->graph->count; i++) {
        const struct node_run *run = &live->x.nodes[i];
        not_before(live, run->finished_at);
        for (unsigned n = 0; n < run->attempts_kept; n++) {
            not_before(live, run->attempts[n].started_at);
            not_before(live, run->attempts[n].finished_at);
        }
    }
}

/* The definition is there, and cannot be used: that does not pass. */
static bool is_lost(const struct error *err)
{
    return err->code == ERR_NOT_FOUND || err->code == ERR_BAD_REQUEST;
}

/* Brings a claimed execution to life. False when the store cannot be read just now. */
static bool adopt(struct engine *engine, struct claim *claim, const struct execution_row *row)
{
    struct error err = { 0 };
    AUTO(graph)
    graph = engine_graph(engine, row->project_id, row->workflow_id, row->workflow_version, &err);
    bool lost = !graph;
    if (lost && !is_lost(&err)) {
        log_warn("could not read a workflow, trying again", LOG_ERROR(&err));
        return false;
    }
    if (lost)
        graph = empty_graph();
    struct live *live = live_new(engine, row, graph);
    bool fresh = row->status == EXECUTION_QUEUED && row->claims == 0;
    if (!fresh && !lost && !restore_steps(live, &err)) {
        log_warn("could not read steps, trying again", LOG_ID("execution", row->id),
                 LOG_ERROR(&err));
        live_free(live);
        return false;
    }
    if (lost)
        execution_condemn(&live->x, ERR_INTERNAL, str_from(err.message));

    pthread_mutex_lock(&engine->lock);
    live->x.cancelling = row->cancel_requested || claim->cancelled[claim->adopted++];
    live->retrying = instant_set(row->resume_at);
    live_add(live);
    if (live->retrying)
        rest_over(live, row->resume_at);
    go_on_with_time(live);
    execution_resume(&live->x, row->started_at, live_now(live));
    live_apply(live);
    struct instant since, until;
    if (live->busy == 0 && rest_away(live, &since, &until))
        save_submit(live, NULL);
    else if (!live->releasing)
        rest_here(live);
    pthread_mutex_unlock(&engine->lock);
    return true;
}

void claim_free(struct claim *claim)
{
    if (!claim)
        return;
    arena_free(claim->arena);
    free(claim);
}

static void adopt_again(struct timer *timer)
{
    struct claim *claim = CONTAINER_OF(timer, struct claim, again);
    queue_push(claim->engine, &claim->job);
}

/* Under the lock. */
static void end_claim(struct claim *claim)
{
    struct engine *engine = claim->engine;
    engine->claim = NULL;
    claim_if_room(engine);
    if (engine->unclaimed || engine->due)
        clock_by(engine, deadline_in_ms(0));
    claim_free(claim);
}

static void adopt_all(struct worker *worker, struct job *job)
{
    struct claim *claim = CONTAINER_OF(job, struct claim, job);
    struct engine *engine = worker->engine;
    const struct execution_row *rows = claim->got.rows.items;
    bool ok = true;
    while (ok && claim->adopted < claim->got.rows.count)
        ok = adopt(engine, claim, &rows[claim->adopted]);
    pthread_mutex_lock(&engine->lock);
    if (ok)
        end_claim(claim);
    else if (!engine->closing)
        clock_set(engine, &claim->again, deadline_in_ms(ADOPT_AGAIN_MS));
    pthread_mutex_unlock(&engine->lock);
}

static bool run(struct tx *tx, struct write *write, struct error *err)
{
    struct claim *claim = CONTAINER_OF(write, struct claim, write);
    claim->what.now = rest_clock(claim->engine);
    return execution_claim(tx, &claim->what, claim->arena, &claim->got, err) &&
           (!claim->recounts || execution_count_resting(tx, &claim->resting, err));
}

/* Under the lock: what was claimed has its room, and what may be left is asked for again. */
static void count_claimed(struct claim *claim)
{
    struct engine *engine = claim->engine;
    const struct execution_claimed *got = &claim->got;
    const struct execution_row *rows = got->rows.items;
    unsigned due = 0;
    for (size_t i = 0; i < got->rows.count; i++)
        due += instant_set(rows[i].resume_at);
    engine->live_count += (unsigned)got->rows.count - due;
    engine->retrying_count += due;
    engine->unclaimed |= got->more_fresh;
    engine->due |= got->more_due;
    engine->resting = claim->recounts ? claim->resting : engine->resting - due;
    rest_until(engine, got->first_rest);
}

/* Under the lock: it asks for nothing then. */
static void count_failed(struct claim *claim)
{
    struct engine *engine = claim->engine;
    engine->unclaimed |= claim->what.fresh > 0;
    engine->due |= claim->what.due > 0;
    engine->recounts |= claim->recounts;
}

static void done(struct write *write, const struct error *err)
{
    struct claim *claim = CONTAINER_OF(write, struct claim, write);
    struct engine *engine = claim->engine;
    if (err)
        log_warn("could not take up executions", LOG_ERROR(err));
    pthread_mutex_lock(&engine->lock);
    engine->saves--;
    if (err)
        count_failed(claim);
    else
        count_claimed(claim);
    size_t count = err ? 0 : claim->got.rows.count;
    if (count > 0) {
        claim->cancelled = ARENA_ITEMS(claim->arena, bool, count);
        memset(claim->cancelled, 0, count * sizeof(bool));
        queue_push(engine, &claim->job);
    } else {
        engine->claim = NULL;
        if (!err) /* after a failure the clock asks again, in its own time */
            claim_if_room(engine);
        claim_free(claim);
    }
    pthread_cond_broadcast(&engine->idle);
    pthread_mutex_unlock(&engine->lock);
}

bool claim_cancel(struct engine *engine, struct id execution_id)
{
    struct claim *claim = engine->claim;
    if (!claim || !claim->cancelled)
        return false; /* the store is still at it */
    const struct execution_row *rows = claim->got.rows.items;
    for (size_t i = claim->adopted; i < claim->got.rows.count; i++) {
        if (id_eq(rows[i].id, execution_id)) {
            claim->cancelled[i] = true;
            return true;
        }
    }
    return false;
}

void claim_if_room(struct engine *engine)
{
    if (engine->claim || engine->closing)
        return;
    bool fresh = engine->unclaimed && engine->live_count <= ENGINE_LIVE_MAX / 2;
    bool due = engine->due && engine->retrying_count <= ENGINE_RETRYING_MAX / 2;
    if (!fresh && !due && !engine->recounts)
        return;
    struct claim *claim = NEW(claim);
    *claim = (struct claim){
        .write = { .scope = scope_system(), .run = run, .done = done },
        .job = { .run = adopt_all },
        .again = { .fire = adopt_again },
        .engine = engine,
        .arena = arena_new(),
        .what = { .owner = str_from(engine->owner),
                  .fresh = fresh ? ENGINE_CLAIM_MAX : 0,
                  .due = due ? ENGINE_CLAIM_MAX : 0 },
        .recounts = engine->recounts,
    };
    engine->unclaimed &= !fresh; /* set again by whoever leaves one behind */
    engine->due &= !due;
    engine->recounts = false;
    engine->claim = claim;
    engine->claims_fresh = fresh;
    engine->saves++;
    queue_write(engine, &claim->write);
}
