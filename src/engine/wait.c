/* SPDX-License-Identifier: Apache-2.0 */
/* Who waits for an execution's end. */
#include "base/thread.h"
#include "engine/internal.h"

/*
 * Who is told here looks at the execution, in the store: neither the clock nor the thread that
 * carries out writes may do that, and workers may be busy for long.
 */
static void tell_one(struct engine *engine, struct engine_waiter *waiter)
{
    struct execution_row row;
    struct error err;
    bool found = false;
    AUTO(arena) arena = arena_new();
    bool ended =
        id_set(waiter->project_id) &&
        engine_view(engine, waiter->project_id, waiter->execution_id, arena, &row, &found, &err) &&
        found && execution_status_ended(row.status);
    waiter->done(waiter, ended ? &row : NULL);
}

static void *tell_over(void *context)
{
    struct engine *engine = context;
    struct list_node *node;
    pthread_mutex_lock(&engine->lock);
    while ((node = list_pop(&engine->over)) != NULL || !engine->tells_no_more) {
        if (!node) {
            pthread_cond_wait(&engine->tell, &engine->lock);
            continue;
        }
        pthread_mutex_unlock(&engine->lock);
        tell_one(engine, LIST_ITEM(node, engine_waiter, node));
        pthread_mutex_lock(&engine->lock);
    }
    pthread_mutex_unlock(&engine->lock);
    return NULL;
}

void wait_start(struct engine *engine)
{
    engine->teller = thread_start("teller", tell_over, engine);
}

static void time_over(struct timer *timer)
{
    struct engine_waiter *waiter = CONTAINER_OF(timer, struct engine_waiter, timer);
    struct engine *engine = waiter->engine;
    list_remove(&waiter->node);
    waiter->engine = NULL;
    list_push(&engine->over, &waiter->node);
    pthread_cond_signal(&engine->tell);
}

bool wait_add_locked(struct engine *engine, struct engine_waiter *waiter, struct deadline by)
{
    if (engine->waits_over)
        return false;
    waiter->engine = engine;
    waiter->project_id = ID_NONE;
    waiter->timer = (struct timer){ .fire = time_over };
    list_push(&engine->waiter_buckets[engine_bucket(waiter->execution_id)], &waiter->node);
    clock_set(engine, &waiter->timer, by);
    return true;
}

void engine_wait(struct engine *engine, struct engine_waiter *waiter, struct deadline by)
{
    pthread_mutex_lock(&engine->lock);
    bool waits = wait_add_locked(engine, waiter, by);
    pthread_mutex_unlock(&engine->lock);
    if (!waits)
        waiter->done(waiter, NULL);
}

bool engine_wait_stop(struct engine *engine, struct engine_waiter *waiter)
{
    pthread_mutex_lock(&engine->lock);
    bool waiting = waiter->engine != NULL;
    if (waiting) {
        list_remove(&waiter->node);
        timers_unset(&engine->timers, &waiter->timer);
        waiter->engine = NULL;
    }
    pthread_mutex_unlock(&engine->lock);
    return waiting;
}

/*
 * Moves the waiters of one execution (or all: id none) of a bucket to a list of their own, where
 * nobody can stop them any more: they have no engine.
 */
static void take(struct engine *engine, unsigned bucket, struct id id, struct list *out)
{
    LIST_EACH(&engine->waiter_buckets[bucket], engine_waiter, node, waiter)
    {
        if (id_set(id) && !id_eq(waiter->execution_id, id))
            continue;
        list_remove(&waiter->node);
        timers_unset(&engine->timers, &waiter->timer);
        waiter->engine = NULL;
        list_push(out, &waiter->node);
    }
}

static void tell(struct list *waiters, const struct execution_row *row)
{
    struct list_node *node;
    while ((node = list_pop(waiters)) != NULL) {
        struct engine_waiter *waiter = LIST_ITEM(node, engine_waiter, node);
        waiter->done(waiter, row);
    }
}

void wait_deliver(struct engine *engine, struct id id, const struct execution_row *row)
{
    struct list waiters;
    list_init(&waiters);
    pthread_mutex_lock(&engine->lock);
    take(engine, engine_bucket(id), id, &waiters);
    pthread_mutex_unlock(&engine->lock);
    tell(&waiters, row);
}

void engine_ended(struct engine *engine, struct id project_id, struct id execution_id, bool rested)
{
    struct list waiters;
    struct list_node *node;
    list_init(&waiters);
    pthread_mutex_lock(&engine->lock);
    engine->resting -= rested && engine->resting > 0;
    take(engine, engine_bucket(execution_id), execution_id, &waiters);
    while ((node = list_pop(&waiters)) != NULL) {
        LIST_ITEM(node, engine_waiter, node)->project_id = project_id;
        list_push(&engine->over, node);
    }
    pthread_cond_signal(&engine->tell);
    pthread_mutex_unlock(&engine->lock);
}

void wait_end_all(struct engine *engine)
{
    struct list waiters;
    list_init(&waiters);
    pthread_mutex_lock(&engine->lock);
    engine->waits_over = true;
    for (unsigned i = 0; i < ENGINE_BUCKETS; i++)
        take(engine, i, ID_NONE, &waiters);
    engine->tells_no_more = true;
    pthread_cond_signal(&engine->tell);
    pthread_mutex_unlock(&engine->lock);
    tell(&waiters, NULL);
    pthread_join(engine->teller, NULL);
}
