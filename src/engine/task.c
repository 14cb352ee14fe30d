/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carrying out one step: a slot of its connection's pool, the intent where the step may not be
 * repeated, templates, the attempt, the outcome. Nowhere does a worker wait for a slot or a commit:
 * the task comes back to the queue when it has what it needs.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "connector/interrupt.h"
#include "engine/executor.h"
#include "engine/internal.h"

/* Connections do not change that often: it is the machine that has no session to give. */
#define REOPENED_MAX 5
/* So long it waits in a line before it makes room there. */
#define TURN_MS 2000

static void run(struct worker *worker, struct job *job);

/* Until when this attempt may last. */
static struct deadline cut_of(struct task *task)
{
    struct instant cut = execution_cut_at(&task->live->x, task->node);
    if (!instant_set(cut))
        return DEADLINE_NEVER;
    int64_t left_ms = (cut.us - live_now(task->live).us) / 1000;
    return deadline_in_ms(left_ms < 0 ? 0 : left_ms);
}

/* --- slots --- */

static void granted(struct pool_waiter *waiter)
{
    struct task *task = CONTAINER_OF(waiter, struct task, waiter);
    struct engine *engine = task->live->engine;
    pthread_mutex_lock(&engine->lock);
    task->parked = false;
    task->has_slot = true;
    engine->parked--;
    queue_push(engine, &task->job);
    pthread_cond_broadcast(&engine->idle);
    pthread_mutex_unlock(&engine->lock);
}

static void expired(struct pool_waiter *waiter, const struct error *err)
{
    struct task *task = CONTAINER_OF(waiter, struct task, waiter);
    struct engine *engine = task->live->engine;
    struct error *copy = NEW(error);
    *copy = *err;
    pthread_mutex_lock(&engine->lock);
    task->parked = false;
    task->slot_error = copy;
    engine->parked--;
    queue_push(engine, &task->job);
    pthread_cond_broadcast(&engine->idle);
    pthread_mutex_unlock(&engine->lock);
}

static void give_slot_back(struct task *task)
{
    if (task->has_slot)
        pool_release_slot(task->pool);
    task->has_slot = false;
    pool_unref(task->pool);
    task->pool = NULL;
}

/* Knows its pool then. False: with what it waited for a slot in vain, or why there is no pool. */
static bool find_pool(struct task *task, struct error *err)
{
    const struct live *live = task->live;
    if (task->slot_error) {
        /* A pool that was retired because its connection changed: the new one is asked instead. */
        bool retired = task->slot_error->code == ERR_UNAVAILABLE;
        *err = *task->slot_error;
        free(task->slot_error);
        task->slot_error = NULL;
        give_slot_back(task);
        if (!retired)
            return false;
    }
    if (!task->pool)
        task->pool = manager_pool(live->engine->manager, live->row.project_id,
                                  live->graph->nodes[task->node].connection_id, err);
    return task->pool != NULL;
}

/* Under the lock, which is given up to ask. True: it has its slot. False: it is whoever's calls back. */
static bool stand_in_line(struct task *task)
{
    struct live *live = task->live;
    struct engine *engine = live->engine;
    bool limited = pool_settings(task->pool)->acquire_timeout_ms > 0;
    bool waits_here = limited || live->x.nodes[task->node].attempt_open;
    struct deadline by = cut_of(task);
    task->waiter.leave_by = waits_here ? (struct deadline){ 0 } : deadline_in_ms(TURN_MS);
    task->parked = true;
    live->busy++; /* it outlives the asking, whoever is granted the slot meanwhile */
    if (engine->parked++ == 0)
        clock_by(engine, deadline_in_ms(PARKED_TICK_MS));
    pthread_mutex_unlock(&engine->lock);

    bool ready = pool_ask(task->pool, &task->waiter, by);
    pthread_mutex_lock(&engine->lock);
    if (ready) {
        task->parked = false;
        task->has_slot = true;
        engine->parked--;
    } else if (execution_stopping(&live->x) || live->fenced) {
        live_stop_waiting(live); /* it stopped before the task stood in line */
    }
    live->busy--;
    live_settle(live);
    return ready;
}

/* --- attempts --- */

static void using(struct conn *conn, void *context)
{
    struct task *task = context;
    pthread_mutex_lock(&task->conn_lock);
    task->conn = conn;
    if (conn)
        atomic_store(&task->sent, true);
    pthread_mutex_unlock(&task->conn_lock);
}

static enum step_result attempt(struct worker *worker, struct task *task, struct buf *output,
                                struct error *err)
{
    struct live *live = task->live;
    const struct graph_node *node = &live->graph->nodes[task->node];
    const void *config;
    if (!task_config(task, worker->arena, &config, err)) {
        give_slot_back(task);
        return STEP_FAILED;
    }
    struct executor_request request = {
        .component = node->component,
        .config = config,
        .pool = task->pool,
        .trigger = live->row.input.text,
        .execution_id = live->row.id,
        .writes_allowed = graph_node_effect(node) != EFFECT_READS,
        .by = cut_of(task),
        .cancelled = &task->cancelled,
        .bell = worker->bell,
        .using = using,
        .context = task,
    };
    atomic_store(&task->bell, worker->bell);
    enum step_result result = executor_run(&request, worker->arena, output, err);
    atomic_store(&task->bell, -1);
    task->has_slot = false;
    give_slot_back(task);
    struct instant cut = execution_cut_at(&live->x, task->node);
    if (result == STEP_FAILED && err->code == ERR_DEADLINE_PASSED && instant_set(cut) &&
        live_now(live).us >= cut.us && !err->maybe_done) {
        err->code = ERR_RETRY_DEADLINE;
        error_prefix(err, "the retry policy's deadline passed: ");
    }
    return result;
}

/* Under the lock. The task has landed: it is nobody's until it is enqueued again. */
static void land(struct task *task)
{
    task->live->busy--;
    live_settle(task->live);
}

static void end_attempt(struct task *task, const struct error *error, struct buf *output)
{
    struct live *live = task->live;
    struct attempt_outcome outcome = {
        .error = error,
        .effect = graph_node_effect(&live->graph->nodes[task->node]),
    };
    uint64_t random = 0; /* jitter, of what may be tried again */
    if (error)
        random_bytes(&random, sizeof(random));
    pthread_mutex_lock(&live->engine->lock);
    if (live->engine->closing && error && error->code == ERR_CANCELLED) {
        /* We are going: the next process sees how it stands. */
        if (!error->maybe_done)
            atomic_store(&task->sent, false);
        land(task);
        pthread_mutex_unlock(&live->engine->lock);
        return;
    }
    execution_attempt_started(&live->x, task->node, live_now(live));
    if (!error) {
        size_t len;
        free(task->output_text);
        task->output_text = buf_take(output, &len);
        outcome.output.text = (struct str){ task->output_text, len };
    }
    task->intent_saved = false;
    atomic_store(&task->sent, false);
    task->reopened = 0;
    execution_attempt_ended(&live->x, task->node, &outcome, live_now(live), random);
    live_apply(live);
    land(task);
    pthread_mutex_unlock(&live->engine->lock);
}

static void drop(struct task *task)
{
    struct live *live = task->live;
    give_slot_back(task);
    free(task->slot_error);
    task->slot_error = NULL;
    pthread_mutex_lock(&live->engine->lock);
    if (!live->engine->closing && !live->fenced) {
        execution_dropped(&live->x, task->node, live_now(live));
        live_apply(live);
    }
    land(task);
    pthread_mutex_unlock(&live->engine->lock);
}

/*
 * Under the lock. Records that the attempt begins; true when that has to be committed before it may:
 * it may not be repeated, or a process died that held this execution, and it must be known over
 * which step.
 */
static bool begin(struct task *task)
{
    struct live *live = task->live;
    bool once = graph_node_effect(&live->graph->nodes[task->node]) == EFFECT_ONCE;
    bool commit = (once || live->row.claims > 0) && !task->intent_saved;
    execution_attempt_started(&live->x, task->node, live_now(live));
    if (live->shown_status == EXECUTION_QUEUED)
        live->shown_status = EXECUTION_RUNNING;
    live_changed(live);
    if (commit) {
        atomic_store(&task->sent, false); /* by an earlier try, which was found to write */
        save_submit(live, task);
    }
    return commit;
}

/* Under the lock. */
static bool may_not_start(const struct live *live)
{
    return live->engine->closing || live->fenced || execution_stopping(&live->x);
}

static void fail_or_drop(struct task *task, const struct error *err)
{
    struct live *live = task->live;
    pthread_mutex_lock(&live->engine->lock);
    bool drops = may_not_start(live);
    pthread_mutex_unlock(&live->engine->lock);
    if (drops)
        drop(task);
    else
        end_attempt(task, err, NULL);
}

/* It has left a line that was too long, and may ask again. */
static bool has_time(struct task *task, const struct error *err)
{
    return err->code == ERR_POOL_TIMEOUT && task->waiter.leave_by.at_us != 0 &&
           !deadline_passed(cut_of(task));
}

/* So that what waits for a busy connection takes no room in memory from others: see rest.c. */
static void put_off(struct task *task)
{
    struct live *live = task->live;
    uint64_t random;
    random_bytes(&random, sizeof(random));
    pthread_mutex_lock(&live->engine->lock);
    bool drops = may_not_start(live);
    if (!drops) {
        struct instant now = live_now(live), cut = execution_cut_at(&live->x, task->node);
        struct instant until = instant_add_ms(now, rest_from_line_ms(live->engine, random));
        bool cuts = instant_set(cut) && cut.us < until.us;
        execution_put_off(&live->x, task->node, cuts ? cut : until, now);
        live_apply(live);
        land(task);
    }
    pthread_mutex_unlock(&live->engine->lock);
    if (drops)
        drop(task);
}

enum next {
    NEXT_ATTEMPT,
    NEXT_DROP,  /* nothing may start any more */
    NEXT_LATER, /* it comes back to the queue with what it needs */
};

/* Gets a slot of its pool where it needs one, and says that the attempt begins. */
static enum next prepare(struct task *task)
{
    struct live *live = task->live;
    struct engine *engine = live->engine;
    enum next next = NEXT_ATTEMPT;
    pthread_mutex_lock(&engine->lock);
    if (may_not_start(live))
        next = NEXT_DROP;
    else if (task->pool && !task->has_slot && !(task->has_slot = pool_try(task->pool)) &&
             !stand_in_line(task))
        next = NEXT_LATER;
    else if (may_not_start(live)) /* since it stood in line */
        next = NEXT_DROP;
    else if (begin(task))
        next = NEXT_LATER;
    pthread_mutex_unlock(&engine->lock);
    return next;
}

static void run(struct worker *worker, struct job *job)
{
    struct task *task = CONTAINER_OF(job, struct task, job);
    struct live *live = task->live;
    struct error err = { 0 };
    bool needs_slot = live->graph->nodes[task->node].component->connector && !task->has_slot;
    if (needs_slot && !find_pool(task, &err)) {
        if (has_time(task, &err))
            put_off(task);
        else
            fail_or_drop(task, &err);
        return;
    }
    enum next next = prepare(task);
    if (next == NEXT_DROP)
        drop(task);
    if (next != NEXT_ATTEMPT)
        return;
    struct buf output;
    buf_init(&output, ENGINE_OUTPUT_MAX);
    enum step_result result = attempt(worker, task, &output, &err);
    struct str text;
    if (result == STEP_DONE && !buf_finish(&output, &text, &err)) {
        error_prefix(&err, "the result is ");
        result = STEP_FAILED;
    }
    /* The pool was retired between slot and session, because its connection changed. */
    bool retired =
        result == STEP_FAILED && err.code == ERR_UNAVAILABLE && task->reopened++ < REOPENED_MAX;
    if (result == STEP_WRITES)
        atomic_store(live->graph->nodes[task->node].writes, true);
    if (result == STEP_WRITES || retired) {
        pthread_mutex_lock(&live->engine->lock);
        if (result == STEP_WRITES)
            task->intent_saved = false; /* it was one to read */
        queue_push(live->engine, &task->job);
        pthread_mutex_unlock(&live->engine->lock);
    } else {
        end_attempt(task, result == STEP_DONE ? NULL : &err, &output);
    }
    buf_done(&output);
}

/* --- from outside --- */

static void retry_due(struct timer *timer)
{
    struct task *task = CONTAINER_OF(timer, struct task, timer);
    execution_retry_due(&task->live->x, task->node);
    live_apply(task->live);
    task->live->shown_status = task->live->x.status;
    live_changed(task->live);
}

void task_init(struct task *task, struct live *live, unsigned node)
{
    task->job.run = run;
    task->waiter.granted = granted;
    task->waiter.expired = expired;
    task->timer.fire = retry_due;
    task->live = live;
    task->node = node;
    atomic_init(&task->cancelled, false);
    atomic_init(&task->bell, -1);
    atomic_init(&task->sent, false);
    pthread_mutex_init(&task->conn_lock, NULL);
}

void task_done(struct task *task)
{
    pool_unref(task->pool);
    free(task->slot_error);
    free(task->input_text);
    free(task->output_text);
    pthread_mutex_destroy(&task->conn_lock);
}

void task_enqueue(struct task *task)
{
    task->live->busy++;
    queue_push(task->live->engine, &task->job);
}

void task_set_retry(struct task *task)
{
    struct engine *engine = task->live->engine;
    if (task->timer.place != 0)
        return;
    int64_t wait_ms =
        (task->live->x.nodes[task->node].retry_at.us - live_now(task->live).us + 999) / 1000;
    clock_set(engine, &task->timer, deadline_in_ms(wait_ms < 0 ? 0 : wait_ms));
}

bool task_leave_line(struct task *task)
{
    if (!task->parked || !pool_forget(task->pool, &task->waiter))
        return false;
    task->parked = false;
    task->live->engine->parked--;
    return true;
}

void task_interrupt_unsent(struct task *task)
{
    pthread_mutex_lock(&task->conn_lock);
    bool unsent = !atomic_load(&task->sent);
    if (unsent)
        atomic_store(&task->cancelled, true);
    pthread_mutex_unlock(&task->conn_lock);
    if (unsent)
        interrupt_ring(atomic_load(&task->bell));
}

void task_interrupt(struct task *task)
{
    atomic_store(&task->cancelled, true);
    interrupt_ring(atomic_load(&task->bell));
    pthread_mutex_lock(&task->conn_lock);
    if (task->conn)
        task->conn->connector->interrupt(task->conn);
    pthread_mutex_unlock(&task->conn_lock);
}
