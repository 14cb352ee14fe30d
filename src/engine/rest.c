/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an execution waits for a retry, or for its turn at a busy connection. A short wait is spent
 * in memory; with a longer one, or when many wait, it goes back to the store with the point that says
 * so, gives its lease up, and is claimed again when it is due. So what waits for a server that is down
 * takes no room from anybody, however much it is. Who waits for its end, or watches it, waits on.
 *
 * The store's resume_at goes by the engine's time, which nobody sets: a retry comes neither earlier
 * nor later when the wall clock is set. Behind a restart it goes by the wall clock as it is then.
 */
#include "engine/internal.h"

/* To go and to come again is two small writes and a read of the steps: next to nothing in this time. */
#define HERE_US (INT64_C(5) * 1000 * 1000)

struct instant rest_clock(const struct engine *engine)
{
    return (struct instant){ clock_us() + engine->clock_ahead_us };
}

/* In its own time; absent when no step waits. */
static struct instant first_retry(const struct live *live)
{
    struct instant first = INSTANT_NONE;
    for (unsigned i = 0; i < live->graph->count; i++) {
        const struct node_run *run = &live->x.nodes[i];
        if (run->status == STEP_WAITING && (!instant_set(first) || run->retry_at.us < first.us))
            first = run->retry_at;
    }
    return first;
}

bool rest_away(const struct live *live, struct instant *since, struct instant *until)
{
    const struct engine *engine = live->engine;
    struct instant first = first_retry(live);
    if (live->x.status != EXECUTION_WAITING || !instant_set(first))
        return false;
    int64_t wait_us = first.us - live_now(live).us;
    bool many = engine->retrying_count - live->retrying >= ENGINE_RETRYING_MAX / 2;
    if (wait_us <= 0 || (wait_us <= HERE_US && !many))
        return false;
    *since = rest_clock(engine);
    *until = (struct instant){ since->us + wait_us };
    return true;
}

/* Spread over such a time that of very many only a thousand a second come back to ask. */
#define LINE_REST_MS 2000
#define LINE_REST_MAX_MS (INT64_C(300) * 1000)

int64_t rest_from_line_ms(const struct engine *engine, uint64_t random)
{
    int64_t limit = LINE_REST_MS + engine->resting;
    if (limit > LINE_REST_MAX_MS)
        limit = LINE_REST_MAX_MS;
    return limit / 2 + (int64_t)(random % (uint64_t)(limit / 2));
}

static void first_due(struct timer *timer)
{
    CONTAINER_OF(timer, struct engine, resume)->due = true; /* the clock claims next */
}

void rest_until(struct engine *engine, struct instant first)
{
    timers_unset(&engine->timers, &engine->resume);
    if (!instant_set(first))
        return;
    int64_t wait_us = first.us - rest_clock(engine).us;
    engine->resume.fire = first_due;
    clock_set(engine, &engine->resume, deadline_in_ms(wait_us > 0 ? (wait_us + 999) / 1000 : 0));
}

void rest_begun(struct live *live, struct instant until)
{
    struct engine *engine = live->engine;
    live->released = true;
    engine->resting++;
    live_hide(live);
    int64_t in_us = until.us - rest_clock(engine).us;
    if (engine->resume.place == 0 || engine->resume.at.at_us > clock_us() + in_us)
        rest_until(engine, until);
}

void rest_here(struct live *live)
{
    struct engine *engine = live->engine;
    if (execution_stopping(&live->x))
        return;
    for (unsigned i = 0; i < live->graph->count; i++)
        if (live->x.nodes[i].status == STEP_WAITING && !live->tasks[i].saving)
            task_set_retry(&live->tasks[i]);
    if (live->x.status != EXECUTION_WAITING || live->retrying)
        return;
    live->retrying = true;
    engine->live_count--;
    engine->retrying_count++;
    claim_if_room(engine);
}

void rest_over(struct live *live, struct instant until)
{
    struct instant first = first_retry(live);
    if (instant_set(first))
        live->clock_ahead_us = first.us - until.us + live->engine->clock_ahead_us;
}
