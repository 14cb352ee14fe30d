/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world that fails, for one execution: the state machine, driven as engine/task.c, save.c and claim.c
 * drive it, with a store that refuses commits, upstreams that refuse, fail, or act and are lost, processes
 * that die at any moment, rests in the store, cancels, and a wall clock that is set.
 *
 * Time is virtual, and what happens follows from the seed alone.
 */
#ifndef TESTS_ENGINE_WORLD_H
#define TESTS_ENGINE_WORLD_H

#include "unit.h"

#include "engine/execution.h"

#define NODES_MAX 12
#define SAVES_MAX 4096
#define SECOND_US INT64_C(1000000)
#define YEAR_US (INT64_C(365) * 24 * 3600 * SECOND_US)

struct save {
    struct step_row rows[NODES_MAX];
    unsigned nodes[NODES_MAX], row_count;
    unsigned ready[NODES_MAX], ready_count;
    int status, intent; /* a node, or -1 */
    struct instant started_at;
};

enum task_state {
    TASK_NONE,
    TASK_QUEUED, /* ready, and that is committed */
    TASK_SENT,
};

struct task {
    enum task_state state;
    bool intent_saved, timer, acted;
};

/* What outlives a process. */
struct store {
    struct step_row rows[NODES_MAX];
    bool there[NODES_MAX];
    int status;
    int64_t claims;
    bool cancel_requested;
    struct instant started_at, resume_at, resting_since;
};

struct world {
    uint64_t seed, random_state;
    bool rests; /* what waits may rest in the store: not in kept seeds, which knew no rest */
    struct arena *arena;
    struct graph *graph;
    struct store store;
    unsigned effects[NODES_MAX];
    int64_t monotonic_us, wall_ahead_us; /* of the machine */

    /* of the process */
    struct execution x;
    struct task tasks[NODES_MAX];
    struct save *saves;
    size_t save_first, save_end;
    int64_t clock_ahead_us, claims;
    int64_t engine_ahead_us;
    bool resting; /* it holds nothing */
    bool end_saved, ended;
};

/* In a world `w`: else the test fails, and says which seed to try again. */
#define HOLDS(w, what)                                                                             \
    do {                                                                                           \
        if (!(what))                                                                               \
            fail_msg("%s:%d: TIELINE_SEED=%llu: %s", __FILE__, __LINE__,                           \
                     (unsigned long long)(w)->seed, #what);                                        \
    } while (0)

uint64_t roll(struct world *w, uint64_t limit);

/* Of the process, at its start: it goes on with what the store knows. */
void take_up(struct world *w);
/* One thing happens, until w->ended. */
void next_event(struct world *w);

bool is_once(const struct world *w, unsigned node);
/* A task to go on with; the count of nodes when there is none. */
unsigned pick_task(struct world *w);

#endif
