/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing the engine, starts and cancels. */
#include "engine/engine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "engine/internal.h"
#include "vault/token.h"

/* --- opening and closing --- */

struct release {
    struct write write;
    struct str owner;
    bool died;
    struct instant now; /* of died: nothing rests since later */
};

static bool release_run(struct tx *tx, struct write *write, struct error *err)
{
    struct release *release = CONTAINER_OF(write, struct release, write);
    return execution_release(tx, release->owner, release->died, err) &&
           (!release->died || execution_rest_anew(tx, release->now, err));
}

static bool release_leases(struct engine *engine, struct str owner, bool died, struct error *err)
{
    struct release release = {
        .write = { .scope = scope_system(), .run = release_run },
        .owner = owner,
        .died = died,
        .now = rest_clock(engine),
    };
    return store_write(engine->store, &release.write, err);
}

struct engine *engine_open(const struct engine_config *config, struct error *err)
{
    struct engine *engine = NEW(engine);
    engine->store = config->store;
    engine->manager = config->manager;
    engine->events = config->events;
    engine->worker_count = config->workers;
    engine->clock_ahead_us = instant_now().us - clock_us();
    char id_text[ID_TEXT_SIZE];
    (void)snprintf(engine->owner, sizeof(engine->owner), "%ld-" STR_FMT, (long)getpid(),
                   STR_ARG(id_format(id_new(), id_text)));
    bool works = config->workers > 0;
    if (works && !release_leases(engine, STR_NULL, true, err)) {
        free(engine);
        return NULL;
    }
    pthread_mutex_init(&engine->lock, NULL);
    cond_init(&engine->work);
    cond_init(&engine->tick);
    cond_init(&engine->idle);
    list_init(&engine->jobs);
    list_init(&engine->lives);
    cond_init(&engine->tell);
    list_init(&engine->over);
    for (unsigned i = 0; i < ENGINE_BUCKETS; i++) {
        list_init(&engine->live_buckets[i]);
        list_init(&engine->waiter_buckets[i]);
    }
    engine->graphs.kept = map_new();
    engine->closing = engine->waits_over = !works;
    engine->unclaimed = engine->due = engine->recounts = works;
    if (works) {
        queue_start(engine);
        wait_start(engine);
        clock_start(engine);
    }
    return engine;
}

static void give_up_saves(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    LIST_EACH(&engine->lives, live, all, live)
    save_give_up(live);
    pthread_mutex_unlock(&engine->lock);
}

static void unpark(struct task *task)
{
    (void)task_leave_line(task);
}

/* Takes parked tasks out of their pools' lines, and waits for callbacks that are on their way. */
static void unpark_all(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    live_each_task(engine, unpark);
    while (engine->parked > 0 || engine->saves > 0)
        pthread_cond_wait(&engine->idle, &engine->lock);
    pthread_mutex_unlock(&engine->lock);
}

/*
 * An intent that was recorded, and then not carried out because we stop, would look like an outcome
 * that nobody knows: it is taken back.
 */
static void take_intent_back(struct task *task)
{
    struct live *live = task->live;
    bool once = graph_node_effect(&live->graph->nodes[task->node]) == EFFECT_ONCE;
    if (!task->intent_saved || (once && task->sent) || live->fenced)
        return;
    execution_attempt_abandoned(&live->x, task->node, live_now(live));
    if (live->x.changed_count > 0)
        save_submit(live, NULL);
}

static void take_intents_back(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    live_each_task(engine, take_intent_back);
    while (engine->saves > 0)
        pthread_cond_wait(&engine->idle, &engine->lock);
    pthread_mutex_unlock(&engine->lock);
}

void engine_close(struct engine *engine, struct deadline by)
{
    if (!engine || engine->worker_count == 0)
        return;
    pthread_mutex_lock(&engine->lock);
    engine->closing = true;
    pthread_mutex_unlock(&engine->lock);
    clock_stop(engine);
    give_up_saves(engine);
    queue_stop(engine, by);
    unpark_all(engine);
    take_intents_back(engine);
    wait_end_all(engine);
    struct error err;
    if (!release_leases(engine, str_from(engine->owner), false, &err))
        log_warn("could not give up leases", LOG_ERROR(&err));
}

static void release_slot(struct task *task)
{
    if (task->has_slot)
        pool_release_slot(task->pool);
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    live_each_task(engine, release_slot);
    LIST_EACH(&engine->lives, live, all, live)
    live_free(live);
    claim_free(engine->claim);
    graphs_free(engine->graphs.kept);
    timers_done(&engine->timers);
    pthread_cond_destroy(&engine->work);
    pthread_cond_destroy(&engine->tick);
    pthread_cond_destroy(&engine->idle);
    pthread_cond_destroy(&engine->tell);
    pthread_mutex_destroy(&engine->lock);
    free(engine);
}

/* --- starting --- */

/*
 * When the id was made: who asks for what was accepted since then finds it by its id. Sooner, if the
 * clock was set back meanwhile, which ids do not follow.
 */
static struct instant accepted_at(const struct engine_start *start)
{
    struct instant now = start->live ? live_now(start->live) : instant_now();
    struct instant made_at = id_made_at(start->execution_id);
    return made_at.us < now.us ? made_at : now;
}

/* `held`: by this process, from the first moment on. */
static struct execution_row row_of(const struct engine_start *start, bool held)
{
    return (struct execution_row){
        .id = start->execution_id,
        .project_id = start->project_id,
        .workflow_id = start->workflow_id,
        .workflow_name = start->workflow_name,
        .workflow_version = start->workflow_version,
        .rerun_of = start->rerun_of,
        .trigger = start->trigger,
        .status = EXECUTION_QUEUED,
        .input = start->input,
        .lease_epoch = held ? 1 : 0,
    };
}

static bool start_run(struct tx *tx, struct write *write, struct error *err)
{
    struct engine_start *start = CONTAINER_OF(write, struct engine_start, write);
    struct execution_row row = row_of(start, start->live != NULL);
    row.created_at = accepted_at(start);
    row.lease_owner = start->live ? str_from(start->engine->owner) : STR_NULL;
    if (start->live)
        start->live->row.created_at = row.created_at;
    if (str_set(start->idempotency_key)) {
        char id_text[ID_TEXT_SIZE];
        struct str parts[] = { id_format(start->workflow_id, id_text),
                               str_set(start->input.text) ? start->input.text : STR("") };
        if (!execution_key_use(tx, start->project_id, start->idempotency_key,
                               digest_texts(parts, ARRAY_LEN(parts), start->arena),
                               start->execution_id, start->arena, &start->earlier, err))
            return false;
        if (id_set(start->earlier))
            return true;
    }
    return execution_insert(tx, &row, err);
}

/* Under the lock. The start is durable: the execution begins, or waits for room. */
static void begin(struct engine_start *start)
{
    struct engine *engine = start->engine;
    if (start->waiter) {
        bool waits = wait_add_locked(engine, start->waiter, start->wait_until);
        assert(waits && "nobody is sent away while a start is under way");
        (void)waits;
    }
    engine->stats.started++;
    struct live *live = start->live;
    if (!live) {
        struct event queued = { start->execution_id, EXECUTION_QUEUED };
        events_publish(engine->events, start->project_id, queued, true);
        engine->unclaimed = true;
        claim_if_room(engine);
        return;
    }
    live_add(live);
    live_changed(live);
    execution_begin(&live->x, live_now(live));
    live_apply(live);
}

static void start_done(struct write *write, const struct error *err)
{
    struct engine_start *start = CONTAINER_OF(write, struct engine_start, write);
    struct engine *engine = start->engine;
    struct live *unused = NULL;
    /* Not before it is sure: what `run` finds may be undone, and be another thing when it runs again. */
    if (!err && id_set(start->earlier)) {
        start->existing = true;
        start->execution_id = start->earlier;
    }
    bool waits = start->waiter && !err && !start->existing;
    CRASH_POINT("engine.accepted");
    arena_free(start->arena);
    start->arena = NULL;
    if (start->waiter)
        start->waiter->execution_id = start->execution_id;
    /* Told before it begins: with a waiter the start may be gone as soon as it has. */
    void (*started)(struct engine_start *, const struct error *) = start->started;
    if (waits)
        started(start, NULL);
    pthread_mutex_lock(&engine->lock);
    if (err || start->existing) {
        unused = start->live;
        if (unused)
            engine->live_count--;
    } else {
        begin(start);
    }
    engine->saves--;
    pthread_cond_broadcast(&engine->idle);
    pthread_mutex_unlock(&engine->lock);
    live_free(unused);
    if (!waits)
        started(start, err);
}

void engine_start(struct engine *engine, struct engine_start *start)
{
    start->engine = engine;
    start->write = (struct write){
        .scope = scope_project(start->project_id),
        .run = start_run,
        .done = start_done,
    };
    start->execution_id = id_new();
    start->existing = false;
    start->earlier = ID_NONE;
    start->arena = arena_new();
    start->live = NULL;
    pthread_mutex_lock(&engine->lock);
    bool closing = engine->closing;
    /* Half of the room is for those that wait in the store, while there are any. */
    bool behind = engine->unclaimed || (engine->claim && engine->claims_fresh);
    bool room = !closing && engine->live_count < (behind ? ENGINE_LIVE_MAX / 2 : ENGINE_LIVE_MAX);
    engine->live_count += room;
    engine->saves += !closing;
    pthread_mutex_unlock(&engine->lock);
    if (closing) {
        struct error err = { 0 };
        (void)fail(&err, ERR_UNAVAILABLE, "the server is stopping");
        arena_free(start->arena);
        start->started(start, &err);
        return;
    }
    if (room) {
        struct execution_row row = row_of(start, true);
        start->live = live_new(engine, &row, start->graph);
    }
    pthread_mutex_lock(&engine->lock);
    queue_write(engine, &start->write);
    pthread_mutex_unlock(&engine->lock);
}

/* --- cancelling, counting --- */

bool engine_cancel(struct engine *engine, struct id execution_id)
{
    pthread_mutex_lock(&engine->lock);
    struct live *live = live_find(engine, execution_id);
    bool held = !engine->closing &&
                (live ? !live->fenced && !live->releasing : claim_cancel(engine, execution_id));
    if (live && held && !execution_status_ended(live->x.status)) {
        execution_cancel(&live->x, live_now(live));
        live_apply(live);
        for (unsigned i = 0; i < live->graph->count; i++)
            if (live->x.nodes[i].in_flight)
                task_interrupt(&live->tasks[i]);
    }
    pthread_mutex_unlock(&engine->lock);
    return held;
}

void engine_recount(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    engine->recounts = true;
    claim_if_room(engine);
    pthread_mutex_unlock(&engine->lock);
}

void engine_stats(struct engine *engine, struct engine_stats *out)
{
    pthread_mutex_lock(&engine->lock);
    *out = engine->stats;
    out->live = engine->live_count + engine->retrying_count;
    out->resting = engine->resting;
    out->running = (int64_t)engine->worker_count - engine->idle_workers;
    out->waiting_for_slot = engine->parked;
    LIST_EACH(&engine->lives, live, all, live)
    if (!live->released && !execution_status_ended(live->shown_status))
        out->open[live->shown_status]++;
    out->open[EXECUTION_WAITING] += engine->resting;
    pthread_mutex_unlock(&engine->lock);
}
