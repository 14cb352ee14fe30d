/* SPDX-License-Identifier: Apache-2.0 */
/* The clock: timers, ticks of the pools, and a look at what nobody holds. */
#include "base/thread.h"
#include "engine/internal.h"

#define IDLE_TICK_MS 1000

static struct deadline tick_pools(struct engine *engine)
{
    bool parked = engine->parked > 0;
    pthread_mutex_unlock(&engine->lock);
    struct deadline next = manager_tick(engine->manager);
    pthread_mutex_lock(&engine->lock);
    return deadline_earlier(next, deadline_in_ms(parked ? PARKED_TICK_MS : IDLE_TICK_MS));
}

static void *run(void *context)
{
    struct engine *engine = context;
    struct deadline next_tick = deadline_in_ms(0);
    pthread_mutex_lock(&engine->lock);
    while (!engine->closing) {
        for (struct timer *due; (due = timers_take_due(&engine->timers)) != NULL;)
            due->fire(due);
        claim_if_room(engine);
        if (deadline_passed(next_tick)) {
            next_tick = tick_pools(engine);
            continue; /* meanwhile others had the lock */
        }
        if (engine->parked > 0)
            next_tick = deadline_earlier(next_tick, deadline_in_ms(PARKED_TICK_MS));
        struct deadline next = deadline_earlier(timers_next(&engine->timers), next_tick);
        if (engine->closing || deadline_passed(next))
            continue;
        engine->clock_sleeps_until = next;
        (void)cond_wait_until(&engine->tick, &engine->lock, next);
        engine->clock_sleeps_until = (struct deadline){ 0 };
    }
    pthread_mutex_unlock(&engine->lock);
    return NULL;
}

void clock_by(struct engine *engine, struct deadline at)
{
    if (at.at_us >= engine->clock_sleeps_until.at_us)
        return;
    engine->clock_sleeps_until = at; /* one wake is enough */
    pthread_cond_signal(&engine->tick);
}

void clock_set(struct engine *engine, struct timer *timer, struct deadline at)
{
    timers_set(&engine->timers, timer, at);
    clock_by(engine, at);
}

void clock_start(struct engine *engine)
{
    engine->clock = thread_start("clock", run, engine);
}

void clock_stop(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    pthread_cond_broadcast(&engine->tick);
    pthread_mutex_unlock(&engine->lock);
    pthread_join(engine->clock, NULL);
}
