/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine's files share: the engine, live executions, tasks and jobs.
 *
 * One lock guards all of it. It is held for moves between lists and for steps of the state machine,
 * never across I/O, a session or a callback. Order of locks: engine, then a pool's or the store's.
 *
 *   engine.c    opening, closing, starting      live.c    one execution in memory
 *   queue.c     workers and their jobs          task.c    carrying out one step
 *   save.c      durable points                  claim.c   taking up what nobody holds
 *   clock.c     timers and ticks                wait.c    who waits for an end
 *   view.c      an execution as it is now       executor.c  one attempt on a session
 *   rest.c      where a retry is waited for     graphs.c  compiled definitions
 *   config.c    the config of an attempt
 */
#ifndef ENGINE_INTERNAL_H
#define ENGINE_INTERNAL_H

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "connector/manager.h"
#include "connector/pool.h"
#include "engine/engine.h"
#include "engine/events.h"
#include "engine/execution.h"

#include <pthread.h>
#include <stdatomic.h>

#define ENGINE_BUCKETS 4096
/* Executions in memory. What comes beyond waits in the store and is claimed as room comes. */
#define ENGINE_LIVE_MAX 2048
/* The same of those that have waited for a retry, in a room of their own: however many there are, they
 * keep nobody else from starting. */
#define ENGINE_RETRYING_MAX 2048
#define ENGINE_CLAIM_MAX 256
#define ENGINE_OUTPUT_MAX ((size_t)9 << 20)

struct worker {
    pthread_t thread;
    struct engine *engine;
    struct arena *arena; /* of the attempt under way */
    int bell;            /* wakes it while it dials */
};

/* Something for a worker to do. */
struct job {
    struct list_node node;
    void (*run)(struct worker *worker, struct job *job);
};

/* A node of a live execution, on its way through queue, pool and worker. */
struct task {
    struct job job;
    struct pool_waiter waiter;
    struct timer timer; /* next attempt */
    struct live *live;
    unsigned node;
    bool parked; /* in line for a slot */
    bool saving; /* its row is on its way to the store */
    bool has_slot;
    bool intent_saved; /* the store knows that this attempt began */
    atomic_bool sent;  /* and it did: a session had it */
    unsigned reopened; /* times that its pool was retired under this attempt */
    struct pool *pool;
    struct error *slot_error; /* why there was no slot */
    atomic_bool cancelled;
    pthread_mutex_t conn_lock;
    struct conn *conn; /* in use right now; under its own lock, which is the last in the order */
    atomic_int bell;   /* of its worker, while it has one; else -1 */
    char *input_text, *output_text;
};

/* An execution in memory, held by this process. */
struct live {
    struct list_node all, bucket;
    struct engine *engine;
    struct arena *arena;
    struct graph *graph;
    struct execution x;
    struct execution_row row; /* what does not change: ids, names, times, input */
    int64_t clock_ahead_us;   /* see live_now() */
    struct task *tasks;
    unsigned busy;            /* tasks in flight and saves under way */
    struct list saves;        /* not durable yet, in order */
    unsigned submitted;       /* of them the store has */
    bool save_failed;         /* the store refused one: those behind it wait for it */
    const struct save *stuck; /* the one refused; of who carries out writes */
    struct timer save_again;
    int shown_status; /* the committed one */
    int told_status;  /* the last that who watches was told */
    bool end_saved, ended, fenced;
    bool retrying;  /* counted as such, and not in live_count */
    bool releasing; /* a save on its way gives it back to the store: nothing may happen to it */
    bool released;  /* that is done: it is found here no more */
    struct job deliver;
};

/* Definitions that were compiled: see graphs.c. */
struct graphs {
    struct map *kept; /* (project, workflow, version) → graph, referenced */
    size_t bytes;     /* of all that is kept */
};

struct engine {
    pthread_mutex_t lock;
    struct store *store;
    struct manager *manager;
    struct events *events; /* or NULL: nobody watches */
    char owner[64];        /* of leases */

    struct list jobs;
    bool has_writes;     /* in the store, for a worker to carry out */
    pthread_cond_t work; /* jobs came, or closing */
    unsigned idle_workers, running_workers;
    bool waking; /* one of them is on its way to the queue */
    struct worker *workers;
    unsigned worker_count;

    struct timers timers;
    pthread_cond_t tick;                /* for the clock: see clock_by(), or closing */
    struct deadline clock_sleeps_until; /* nothing else: it is awake and looks at all there is */
    pthread_t clock;
    unsigned parked;

    struct list lives;
    struct list live_buckets[ENGINE_BUCKETS], waiter_buckets[ENGINE_BUCKETS];
    unsigned live_count, retrying_count;
    bool unclaimed;         /* the store may hold executions that nobody has begun */
    bool due;               /* the store may hold some whose retry is due */
    bool recounts;          /* nobody knows how many rest there */
    int64_t resting;        /* so many, as far as we know */
    struct timer resume;    /* the first of them is due */
    int64_t clock_ahead_us; /* see rest_clock() */
    struct claim *claim;    /* under way: one at a time */
    bool claims_fresh;      /* it asks for what nobody has begun */
    bool closing, waits_over;
    struct list over; /* waiters that are to be told, by a thread that may read */
    pthread_cond_t tell;
    pthread_t teller;
    bool tells_no_more;
    unsigned saves;      /* writes under way */
    pthread_cond_t idle; /* for closing: something ended */

    struct graphs graphs;
    struct engine_stats stats;
};

/* live.c. All but live_new and live_free under the lock. */
struct live *live_new(struct engine *engine, const struct execution_row *row, struct graph *graph);
void live_free(struct live *live);
void live_add(struct live *live);
/* It is found no more, and its room is free. */
void live_hide(struct live *live);
struct live *live_find(struct engine *engine, struct id id);
/* Carries out the effects of the last event. */
void live_apply(struct live *live);
/* No attempt may start any more: what waits is woken to be dropped, what runs goes on. */
void live_stop_waiting(struct live *live);
/* Delivers it when it has ended and nothing is under way. */
void live_settle(struct live *live);
/* All tasks of all executions in memory. */
void live_each_task(struct engine *engine, void (*visit)(struct task *task));
/* The execution as committed; texts point into it. Steps go to the arena. */
void live_row(struct live *live, struct arena *arena, struct execution_row *out);

/* graphs.c: with all that is kept in it. */
void graphs_free(struct map *graphs);

/* queue.c. Under the lock: */
void queue_push(struct engine *engine, struct job *job);
void queue_push_front(struct engine *engine, struct job *job);
/* Hands a write to the store; when little is going on, a worker carries it out. */
void queue_write(struct engine *engine, struct write *write);
/* Not under the lock: */
void queue_start(struct engine *engine);
void queue_stop(struct engine *engine, struct deadline by);

/* config.c */

/* Decoded, by its component's shape; also kept as the step's input. In the arena, or the graph's. */
MUST_USE bool task_config(struct task *task, struct arena *arena, const void **config,
                          struct error *err);

/* task.c */
void task_init(struct task *task, struct live *live, unsigned node);
void task_done(struct task *task);
void task_enqueue(struct task *task); /* under the lock; counts as busy from now on */
void task_set_retry(struct task *task);
/* Under the lock: it waits for no slot any more. False: it did not, or is just being told of one. */
bool task_leave_line(struct task *task);
/* Under the lock: its execution is stopping, or everything is. */
void task_interrupt(struct task *task);
/* The same, if no session has it yet; none will then. */
void task_interrupt_unsent(struct task *task);

/* save.c: a durable point from the last event; then `intent` (or NULL) goes on. Under the lock. */
void save_submit(struct live *live, struct task *intent);
/* When closing: what the store refused is not tried again. The next process sees how it stands. */
void save_give_up(struct live *live);

/* claim.c: asks for open executions if there is room. Under the lock. */
void claim_if_room(struct engine *engine);
/* Marks one that was claimed and is not in memory yet; false when there is none such. */
bool claim_cancel(struct engine *engine, struct id execution_id);
void claim_free(struct claim *claim);

/*
 * rest.c: an execution in which nothing is in flight rests. Under the lock, but for rest_clock().
 *
 * The time by which the store's resume_at goes: the wall clock when the engine was opened, and what
 * has passed since.
 */
struct instant rest_clock(const struct engine *engine);
/* Should it go back to the store? Then since when, and until when. */
bool rest_away(const struct live *live, struct instant *since, struct instant *until);
/* How long who has left a pool's line stays away from it. */
int64_t rest_from_line_ms(const struct engine *engine, uint64_t random);
/* It did: who finds it again is the clock. */
void rest_begun(struct live *live, struct instant until);
/* It waits here, with its timers. */
void rest_here(struct live *live);
/* It is taken up again: its own time goes on, with the retry as far away as it should be. */
void rest_over(struct live *live, struct instant until);
/* The first that rests in the store is due then; absent: none rests. */
void rest_until(struct engine *engine, struct instant first);

/* clock.c */

/* While somebody waits for a slot the pools are looked at this often. */
#define PARKED_TICK_MS 20

void clock_start(struct engine *engine);
void clock_stop(struct engine *engine);
/* The clock looks at timers, pools and claims by then. Wakes it only if it would sleep for longer. */
void clock_by(struct engine *engine, struct deadline at);
void clock_set(struct engine *engine, struct timer *timer, struct deadline at);

/* wait.c */
void wait_start(struct engine *engine);
void wait_deliver(struct engine *engine, struct id id, const struct execution_row *row);
void wait_end_all(struct engine *engine);
/* Gives false when nobody may wait any more. */
bool wait_add_locked(struct engine *engine, struct engine_waiter *waiter, struct deadline by);

/* view.c: a row for each node, in order, from what is known of them. */
void view_complete(struct execution_row *row, struct array known, const struct graph *graph,
                   struct arena *arena);

/* Under the lock: what is shown of it has changed. */
static inline void live_changed(struct live *live)
{
    struct event event = { live->row.id, live->shown_status };
    events_publish(live->engine->events, live->row.project_id, event,
                   live->shown_status != live->told_status);
    live->told_status = live->shown_status;
}

/*
 * What time it is for an execution: the wall clock as it was when this process took it up, and what
 * has passed since. So nothing that it waits for comes earlier or later when the clock is set, and
 * its times stand in their order.
 */
static inline struct instant live_now(const struct live *live)
{
    return (struct instant){ clock_us() + live->clock_ahead_us };
}

static inline unsigned engine_bucket(struct id id)
{
    return (unsigned)(id_hash(id) % ENGINE_BUCKETS);
}

#endif
