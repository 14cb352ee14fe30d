/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durable points: the rows that an event changed, and the execution's status, in one write under the
 * execution's fence. What the event made ready runs only after the commit.
 */
#include <stdlib.h>

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/internal.h"

#define SAVE_AGAIN_MS 1000

struct save {
    struct write write;
    struct timer again; /* the store was full: tried later */
    struct live *live;
    struct arena *arena;
    struct execution_fence fence;
    int status;
    struct instant started_at, finished_at;
    const struct execution_error *error;
    struct step_row *rows;
    unsigned row_count;
    unsigned *changed, changed_count;
    unsigned *ready, ready_count;
    struct task *intent;
    bool held;
};

static bool run(struct tx *tx, struct write *write, struct error *err)
{
    struct save *save = CONTAINER_OF(write, struct save, write);
    if (!execution_save(tx, &save->fence, save->status, save->started_at, save->finished_at,
                        save->error, save->arena, &save->held, err))
        return false;
    for (unsigned i = 0; save->held && i < save->row_count; i++)
        if (!step_save(tx, &save->rows[i], save->arena, err))
            return false;
    return true;
}

static void save_free(struct save *save)
{
    arena_free(save->arena);
    free(save);
}

static void submit_again(struct timer *timer)
{
    struct save *save = CONTAINER_OF(timer, struct save, again);
    store_submit(save->live->engine->store, &save->write);
}

/* The point is durable: what it made ready may go on. */
static void go_on(struct save *save)
{
    struct live *live = save->live;
    for (unsigned i = 0; i < save->changed_count; i++) {
        struct task *task = &live->tasks[save->changed[i]];
        task->saving = false;
        if (live->x.nodes[save->changed[i]].status == STEP_WAITING)
            task_set_retry(task);
    }
    live->shown_status = save->status;
    if (save->intent) {
        save->intent->intent_saved = true;
        queue_push_front(live->engine, &save->intent->job);
    }
    for (unsigned i = 0; i < save->ready_count; i++)
        task_enqueue(&live->tasks[save->ready[i]]);
    live->ended = execution_status_ended(save->status);
}

static void fenced(struct save *save)
{
    struct live *live = save->live;
    live->fenced = true;
    live->engine->stats.fenced++;
    if (save->intent)
        queue_push_front(live->engine, &save->intent->job); /* to be dropped */
    log_warn("lease lost, result dropped", LOG_ID("execution", live->row.id));
}

static void done(struct write *write, const struct error *err)
{
    struct save *save = CONTAINER_OF(write, struct save, write);
    struct live *live = save->live;
    struct engine *engine = live->engine;
    CRASH_POINT("engine.saved");
    pthread_mutex_lock(&engine->lock);
    if (err && !engine->closing) {
        log_warn("could not save a step, trying again", LOG_ID("execution", live->row.id),
                 LOG_ERROR(err));
        timers_set(&engine->timers, &save->again, deadline_in_ms(SAVE_AGAIN_MS));
        pthread_cond_signal(&engine->tick);
        pthread_mutex_unlock(&engine->lock);
        return;
    }
    if (!err && save->held)
        go_on(save);
    else if (!err)
        fenced(save);
    live->busy--;
    engine->saves--;
    live_settle(live);
    pthread_cond_broadcast(&engine->idle);
    pthread_mutex_unlock(&engine->lock);
    save_free(save);
}

static void fill_row(struct save *save, unsigned node)
{
    const struct live *live = save->live;
    const struct node_run *run = &live->x.nodes[node];
    save->rows[save->row_count++] = (struct step_row){
        .project_id = live->row.project_id,
        .execution_id = live->row.id,
        .node_id = live->graph->nodes[node].id,
        .status = run->status,
        .input = run->input,
        .output = run->output,
        .error = run->error,
        .started_at = run->started_at,
        .finished_at = run->finished_at,
        .retry_at = run->retry_at,
        .attempt_count = run->attempt_count,
        .attempts = { run->attempts, run->attempts_kept },
    };
    live->tasks[node].saving = true;
}

void save_submit(struct live *live, struct task *intent)
{
    struct execution *x = &live->x;
    struct save *save = NEW(save);
    struct arena *arena = arena_new();
    unsigned room = x->changed_count + x->ready_count + 1;
    *save = (struct save){
        .write = { .scope = scope_system(), .run = run, .done = done },
        .again = { .fire = submit_again },
        .live = live,
        .arena = arena,
        .fence = { live->row.project_id, live->row.id, live->row.lease_epoch },
        .status = x->status == EXECUTION_QUEUED ? EXECUTION_RUNNING : x->status,
        .started_at = x->started_at,
        .finished_at = x->finished_at,
        .error = execution_status_ended(x->status) ? x->error : NULL,
        .rows = ARENA_ARRAY(arena, step_row, room),
        .changed = ARENA_ITEMS(arena, unsigned, room),
        .ready = ARENA_ITEMS(arena, unsigned, room),
        .intent = intent,
    };
    for (unsigned i = 0; i < x->changed_count; i++)
        save->changed[save->changed_count++] = x->changed[i];
    if (intent && save->changed_count == 0)
        save->changed[save->changed_count++] = intent->node;
    for (unsigned i = 0; i < save->changed_count; i++)
        fill_row(save, save->changed[i]);
    for (unsigned i = 0; i < x->ready_count; i++)
        save->ready[save->ready_count++] = x->ready[i];
    live->end_saved = execution_status_ended(x->status);
    live->busy++;
    live->engine->saves++;
    store_submit(live->engine->store, &save->write);
}
