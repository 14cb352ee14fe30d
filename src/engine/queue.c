/* SPDX-License-Identifier: Apache-2.0 */
/* Workers, and the queue of jobs that feeds them. */
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

void queue_push(struct engine *engine, struct job *job)
{
    list_push(&engine->jobs, &job->node);
    wake_one(engine);
}

void queue_push_front(struct engine *engine, struct job *job)
{
    list_push_front(&engine->jobs, &job->node);
    wake_one(engine);
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct engine *engine = worker->engine;
    pthread_mutex_lock(&engine->lock);
    for (;;) {
        while (list_empty(&engine->jobs) && !engine->closing) {
            engine->idle_workers++;
            pthread_cond_wait(&engine->work, &engine->lock);
            engine->idle_workers--;
            engine->waking = false;
        }
        if (engine->closing)
            break;
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

static void interrupt_all(struct engine *engine, bool also_sent)
{
    LIST_EACH(&engine->lives, live, all, live)
    {
        for (unsigned i = 0; i < live->graph->count; i++)
            if (also_sent || !live->tasks[i].conn)
                task_interrupt(&live->tasks[i]);
    }
}

void queue_stop(struct engine *engine, struct deadline by)
{
    pthread_mutex_lock(&engine->lock);
    pthread_cond_broadcast(&engine->work);
    interrupt_all(engine, false); /* those that dial have sent nothing: they need no time */
    while (engine->running_workers > 0 && cond_wait_until(&engine->idle, &engine->lock, by))
        continue;
    interrupt_all(engine, true);
    pthread_mutex_unlock(&engine->lock);
    for (unsigned i = 0; i < engine->worker_count; i++) {
        pthread_join(engine->workers[i].thread, NULL);
        arena_free(engine->workers[i].arena);
        if (engine->workers[i].bell >= 0)
            close(engine->workers[i].bell);
    }
    free(engine->workers);
}
