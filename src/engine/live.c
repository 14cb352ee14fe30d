/* SPDX-License-Identifier: Apache-2.0 */
/* One execution in memory: its state, its tasks, and what an event makes them do. */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/internal.h"

static void deliver(struct worker *worker, struct job *job);

struct live *live_new(struct engine *engine, const struct execution_row *row, struct graph *graph)
{
    struct arena *arena = arena_new();
    struct live *live = NEW(live);
    *live = (struct live){
        .engine = engine,
        .arena = arena,
        .graph = graph_ref(graph),
        .row = *row,
        .clock_ahead_us = instant_now().us - clock_us(),
        .shown_status = row->status,
        .deliver = { .run = deliver },
    };
    list_init(&live->saves);
    live->row.workflow_name = arena_str(arena, row->workflow_name);
    live->row.input.text = arena_str(arena, row->input.text);
    live->row.error = NULL;
    execution_init(&live->x, graph, live->row.input, arena);
    live->tasks = ARENA_ARRAY(arena, task, graph->count + 1);
    for (unsigned i = 0; i < graph->count; i++)
        task_init(&live->tasks[i], live, i);
    return live;
}

void live_free(struct live *live)
{
    if (!live)
        return;
    for (unsigned i = 0; i < live->graph->count; i++) {
        task_done(&live->tasks[i]);
    }
    graph_unref(live->graph);
    arena_free(live->arena);
    free(live);
}

void live_add(struct live *live)
{
    list_push(&live->engine->lives, &live->all);
    list_push(&live->engine->live_buckets[engine_bucket(live->row.id)], &live->bucket);
}

void live_hide(struct live *live)
{
    struct engine *engine = live->engine;
    if (!list_linked(&live->bucket))
        return;
    list_remove(&live->bucket);
    if (live->retrying)
        engine->retrying_count--;
    else
        engine->live_count--;
    claim_if_room(engine);
}

struct live *live_find(struct engine *engine, struct id id)
{
    LIST_EACH(&engine->live_buckets[engine_bucket(id)], live, bucket, live)
    {
        if (id_eq(live->row.id, id))
            return live;
    }
    return NULL;
}

void live_stop_waiting(struct live *live)
{
    for (unsigned i = 0; i < live->graph->count; i++) {
        struct task *task = &live->tasks[i];
        timers_unset(&live->engine->timers, &task->timer);
        if (task_leave_line(task))
            queue_push(live->engine, &task->job);
    }
}

void live_each_task(struct engine *engine, void (*visit)(struct task *task))
{
    LIST_EACH(&engine->lives, live, all, live)
    {
        for (unsigned i = 0; i < live->graph->count; i++)
            visit(&live->tasks[i]);
    }
}

void live_apply(struct live *live)
{
    struct execution *x = &live->x;
    bool ends = execution_status_ended(x->status) && !live->end_saved;
    if (x->changed_count > 0 || ends) {
        save_submit(live, NULL);
    } else {
        for (unsigned i = 0; i < x->ready_count; i++)
            task_enqueue(&live->tasks[x->ready[i]]);
    }
    if (execution_stopping(x))
        live_stop_waiting(live);
}

void live_settle(struct live *live)
{
    bool over = live->ended || live->fenced || live->released;
    if (live->busy > 0 || !over || live->engine->closing)
        return;
    queue_push(live->engine, &live->deliver);
}

void live_row(struct live *live, struct arena *arena, struct execution_row *out)
{
    struct execution *x = &live->x;
    *out = live->row;
    out->status = live->shown_status;
    out->started_at = x->started_at;
    out->attempt_count = (struct opt_int){ true, x->attempt_count };
    if (execution_status_ended(out->status)) {
        out->finished_at = x->finished_at;
        out->error = x->error;
    }
    struct step_row *steps = ARENA_ARRAY(arena, step_row, live->graph->count + 1);
    for (unsigned i = 0; i < live->graph->count; i++) {
        const struct node_run *run = &x->nodes[i];
        const struct graph_node *node = &live->graph->nodes[i];
        bool unsaved = live->tasks[i].saving;
        steps[i] = (struct step_row){
            .node_id = node->id,
            .name = node->name,
            .type = node->type,
            .status = run->status,
            .input = run->input,
            .started_at = run->started_at,
            .attempt_count = run->attempt_count,
            .attempts = { run->attempts ? (void *)run->attempts : (void *)steps,
                          run->attempts_kept },
        };
        if (!str_set(steps[i].input.text) && run->attempt_count > 0)
            steps[i].input.text = node->config_text;
        if (unsaved && run->status >= STEP_WAITING) {
            steps[i].status = STEP_RUNNING; /* not told before it is durable */
            if (run->attempts_kept > 0)
                steps[i].attempts.count--;
            continue;
        }
        steps[i].output =
            run->status == STEP_SUCCEEDED ? run->output : (struct json_text){ STR_NULL };
        steps[i].error = run->error;
        steps[i].finished_at = run->finished_at;
        steps[i].retry_at = run->retry_at;
    }
    out->steps = (struct array){ steps, live->graph->count };
}

/* Tells who waits for its end, then forgets the execution: the store has all of it. */
static void deliver(struct worker *worker, struct job *job)
{
    struct live *live = CONTAINER_OF(job, struct live, deliver);
    struct engine *engine = live->engine;
    struct execution_row row;
    pthread_mutex_lock(&engine->lock);
    live_row(live, worker->arena, &row);
    live_hide(live);
    list_remove(&live->all);
    engine->stats.ended += live->ended;
    pthread_mutex_unlock(&engine->lock);
    /* Whoever took it, or deleted it, does not tell us how it ends. */
    if (!live->released)
        wait_deliver(engine, live->row.id, live->ended ? &row : NULL);
    live_free(live);
}
