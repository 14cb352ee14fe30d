/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers, and the queue of jobs that feeds them.
 *
 * While few executions are alive workers also carry out the store's writes: what a commit makes
 * possible is for a worker to go on with, so a lone execution wakes one thread, and not another for
 * each of its parts. Where many are alive the store's own thread is awake anyway, and gathers more.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/thread.h"
#include "connector/interrupt.h"
#include "engine/internal.h"

/*
 * One at a time: whoever comes to the queue and leaves jobs behind wakes the next. Jobs come in
 * groups, after a commit, and a worker that is awake takes several in the time that waking one needs.
 */
static void wake_one(struct engine *engine)
{
    if (engine->waking || engine->idle_workers == 0)
        return;
    engine->waking = true;
    pthread_cond_signal(&engine->work);
}

/* Alive at most, for workers to carry out writes. */
#define FEW 4

/* What this thread is: a worker; one that carries out writes, and comes to the queue right behind. */
static _Thread_local bool is_worker, carries_out;

void queue_push(struct engine *engine, struct job *job)
{
    list_push(&engine->jobs, &job->node);
    if (!carries_out)
        wake_one(engine);
}

void queue_push_front(struct engine *engine, struct job *job)
{
    list_push_front(&engine->jobs, &job->node);
    if (!carries_out)
        wake_one(engine);
}

void queue_write(struct engine *engine, struct write *write)
{
    unsigned alive = engine->live_count + engine->retrying_count;
    bool few = alive <= FEW && (is_worker || engine->idle_workers > 0);
    if (!few) {
        store_submit(engine->store, write);
    } else if (store_put(engine->store, write)) {
        engine->has_writes = true;
        if (!is_worker) /* that comes to the queue by itself */
            wake_one(engine);
    }
}

/* Under the lock, which is given up. */
static void carry_out_writes(struct engine *engine)
{
    engine->has_writes = false;
    if (!list_empty(&engine->jobs))
        wake_one(engine);
    pthread_mutex_unlock(&engine->lock);
    carries_out = true;
    store_carry_out(engine->store);
    carries_out = false;
    pthread_mutex_lock(&engine->lock);
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct engine *engine = worker->engine;
    is_worker = true;
    pthread_mutex_lock(&engine->lock);
    for (;;) {
        while (list_empty(&engine->jobs) && !engine->has_writes && !engine->closing) {
            engine->idle_workers++;
            pthread_cond_wait(&engine->work, &engine->lock);
            engine->idle_workers--;
            engine->waking = false;
        }
        if (engine->closing)
            break;
        if (engine->has_writes) {
            carry_out_writes(engine);
            continue;
        }
        struct job *job = LIST_ITEM(list_pop(&engine->jobs), job, node);
        if (!list_empty(&engine->jobs))
            wake_one(engine);
        pthread_mutex_unlock(&engine->lock);
        job->run(worker, job);
        arena_reset(worker->arena);
        pthread_mutex_lock(&engine->lock);
    }
    engine->running_workers--;
    pthread_cond_broadcast(&engine->idle);
    pthread_mutex_unlock(&engine->lock);
    store_wake(engine->store); /* for what it put and will not carry out */
    return NULL;
}

void queue_start(struct engine *engine)
{
    engine->workers = xcalloc(engine->worker_count, sizeof(struct worker));
    engine->running_workers = engine->worker_count;
    for (unsigned i = 0; i < engine->worker_count; i++) {
        struct worker *worker = &engine->workers[i];
        worker->engine = engine;
        worker->arena = arena_new();
        worker->bell = interrupt_bell();
        worker->thread = thread_start("worker", work, worker);
    }
}

void queue_stop(struct engine *engine, struct deadline by)
{
    pthread_mutex_lock(&engine->lock);
    pthread_cond_broadcast(&engine->work);
    live_each_task(engine, task_interrupt_unsent); /* those that dial need no time */
    while (engine->running_workers > 0 && cond_wait_until(&engine->idle, &engine->lock, by))
        continue;
    live_each_task(engine, task_interrupt);
    pthread_mutex_unlock(&engine->lock);
    for (unsigned i = 0; i < engine->worker_count; i++) {
        pthread_join(engine->workers[i].thread, NULL);
        arena_free(engine->workers[i].arena);
        if (engine->workers[i].bell >= 0)
            close(engine->workers[i].bell);
    }
    free(engine->workers);
}
