/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durable points: the rows that an event changed, and the execution's status, in one write under the
 * execution's fence. What the event made ready runs only after the commit.
 *
 * An execution's points become durable in their order. When the store refuses one, those behind it
 * are refused too, also within the same group; once all are back they are tried again together.
 */
#include <stdlib.h>

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/internal.h"

#define SAVE_AGAIN_MS 1000

struct save {
    struct write write;
    struct list_node node; /* in live->saves */
    struct live *live;
    struct arena *arena;
    struct execution_fence fence;
    struct execution_point point;
    struct step_row *rows;
    unsigned row_count;
    unsigned *changed, changed_count;
    unsigned *ready, ready_count;
    struct task *intent;
    bool held;
    bool away; /* it goes back to the store with this, unless somebody asked to cancel it */
    struct instant since, until;
    bool released;
};

static bool write_rows(struct tx *tx, struct save *save, struct error *err)
{
    if (!execution_save(tx, &save->fence, &save->point, save->arena, &save->held, err))
        return false;
    for (unsigned i = 0; save->held && i < save->row_count; i++)
        if (!step_save(tx, &save->rows[i], save->arena, err))
            return false;
    return !save->held || !save->away ||
           execution_rest(tx, &save->fence, save->since, save->until, &save->released, err);
}

static bool run(struct tx *tx, struct write *write, struct error *err)
{
    struct save *save = CONTAINER_OF(write, struct save, write);
    struct live *live = save->live;
    if (live->stuck && live->stuck != save)
        return fail(err, ERR_CONFLICT, "what happened before is not saved yet");
    bool ok = write_rows(tx, save, err);
    live->stuck = ok ? NULL : save;
    return ok;
}

/* It is under way no more. */
static void leave(struct save *save)
{
    save->live->busy--;
    save->live->engine->saves--;
    list_remove(&save->node);
    arena_free(save->arena);
    free(save);
}

/* The last point says how it stands: when it waits, and for long, it is released with that. From then
 * on until the store has answered nothing happens to it: a cancel goes to the store as well. */
static void submit(struct save *save)
{
    struct live *live = save->live;
    bool last = live->saves.head.prev == &save->node;
    save->away = last && rest_away(live, &save->since, &save->until);
    live->releasing = save->away;
    for (unsigned i = 0; save->away && i < live->graph->count; i++)
        timers_unset(&live->engine->timers, &live->tasks[i].timer);
    live->submitted++;
    queue_write(live->engine, &save->write);
}

static void submit_again(struct timer *timer)
{
    struct live *live = CONTAINER_OF(timer, struct live, save_again);
    live->save_failed = false;
    LIST_EACH(&live->saves, save, node, save)
    submit(save);
}

void save_give_up(struct live *live)
{
    if (!live->save_failed || live->submitted > 0)
        return;
    LIST_EACH(&live->saves, save, node, save)
    leave(save);
    pthread_cond_broadcast(&live->engine->idle);
}

/* Those that were refused wait until the store has given all of them back. */
static void try_again(struct live *live)
{
    struct engine *engine = live->engine;
    if (!live->save_failed || live->submitted > 0)
        return;
    if (engine->closing) {
        save_give_up(live);
        return;
    }
    live->save_again.fire = submit_again;
    clock_set(engine, &live->save_again, deadline_in_ms(SAVE_AGAIN_MS));
}

static void count(const struct save *save)
{
    struct engine_stats *stats = &save->live->engine->stats;
    if (execution_status_ended(save->point.status))
        stats->outcomes[save->point.status]++;
    for (unsigned i = 0; i < save->row_count; i++) {
        if (save->rows[i].status >= STEP_SUCCEEDED)
            stats->steps[save->rows[i].status]++;
        stats->retries += save->rows[i].status == STEP_WAITING && save->rows[i].attempt_count > 0;
    }
}

/* The point is durable: what it made ready may go on. */
static void go_on(struct save *save)
{
    struct live *live = save->live;
    count(save);
    for (unsigned i = 0; i < save->changed_count; i++)
        live->tasks[save->changed[i]].saving = false;
    live->shown_status = save->point.status;
    if (save->intent) {
        save->intent->intent_saved = true;
        queue_push_front(live->engine, &save->intent->job);
    }
    for (unsigned i = 0; i < save->ready_count; i++)
        task_enqueue(&live->tasks[save->ready[i]]);
    live->ended = execution_status_ended(save->point.status);
    if (save->released)
        rest_begun(live, save->until);
    else if (!save->away)
        rest_here(live);
    else if (!live->engine->closing) { /* it was to be cancelled before */
        execution_cancel(&live->x, live_now(live));
        live_apply(live);
    }
    live_changed(live);
}

static void fenced(struct save *save)
{
    struct live *live = save->live;
    live->fenced = true;
    live_stop_waiting(live);
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
    live->submitted--;
    if (save->away)
        live->releasing = false;
    if (err) {
        if (!live->stuck)
            live->stuck = save; /* the whole group was lost */
        if (!live->save_failed)
            log_warn("could not save a step, trying again", LOG_ID("execution", live->row.id),
                     LOG_ERROR(err));
        live->save_failed = true;
    } else {
        if (save->held)
            go_on(save);
        else
            fenced(save);
        leave(save);
    }
    try_again(live);
    live_settle(live);
    pthread_cond_broadcast(&engine->idle);
    pthread_mutex_unlock(&engine->lock);
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
        .live = live,
        .arena = arena,
        .fence = { live->row.project_id, live->row.id, live->row.lease_epoch },
        .point = { .status = x->status == EXECUTION_QUEUED ? EXECUTION_RUNNING : x->status,
                   .attempt_count = x->attempt_count,
                   .started_at = x->started_at,
                   .finished_at = x->finished_at,
                   .error = execution_status_ended(x->status) ? x->error : NULL },
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
    list_push(&live->saves, &save->node);
    if (!live->save_failed)
        submit(save);
    else if (live->engine->closing)
        save_give_up(live);
}
