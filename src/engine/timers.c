/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap of timers. */
#include "engine/timers.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

static void put(struct timers *timers, size_t place, struct timer *timer)
{
    timers->heap[place] = timer;
    timer->place = place;
}

static void sift_up(struct timers *timers, size_t place, struct timer *timer)
{
    while (place > 1 && timers->heap[place / 2]->at.at_us > timer->at.at_us) {
        put(timers, place, timers->heap[place / 2]);
        place /= 2;
    }
    put(timers, place, timer);
}

static void sift_down(struct timers *timers, size_t place, struct timer *timer)
{
    for (;;) {
        size_t child = 2 * place;
        if (child > timers->count)
            break;
        if (child < timers->count &&
            timers->heap[child + 1]->at.at_us < timers->heap[child]->at.at_us)
            child++;
        if (timers->heap[child]->at.at_us >= timer->at.at_us)
            break;
        put(timers, place, timers->heap[child]);
        place = child;
    }
    put(timers, place, timer);
}

void timers_done(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){ 0 };
}

void timers_set(struct timers *timers, struct timer *timer, struct deadline at)
{
    assert(timer->place == 0);
    if (timers->count + 1 >= timers->room) {
        timers->room = timers->room ? 2 * timers->room : 64;
        timers->heap = xrealloc(timers->heap, timers->room * sizeof(struct timer *));
    }
    timer->at = at;
    sift_up(timers, ++timers->count, timer);
}

void timers_unset(struct timers *timers, struct timer *timer)
{
    size_t place = timer->place;
    if (place == 0)
        return;
    timer->place = 0;
    struct timer *last = timers->heap[timers->count--];
    if (last == timer)
        return;
    if (place > 1 && timers->heap[place / 2]->at.at_us > last->at.at_us)
        sift_up(timers, place, last);
    else
        sift_down(timers, place, last);
}

struct deadline timers_next(const struct timers *timers)
{
    return timers->count > 0 ? timers->heap[1]->at : DEADLINE_NEVER;
}

struct timer *timers_take_due(struct timers *timers)
{
    if (timers->count == 0 || !deadline_passed(timers->heap[1]->at))
        return NULL;
    struct timer *timer = timers->heap[1];
    timers_unset(timers, timer);
    return timer;
}
