/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's front door: starts executions durably, carries them out with worker threads, takes up
 * again what a dead process left, cancels, and tells who waits.
 *
 *     start ──commit──► queued ──► worker: attempt ──► outcome ──commit──► next nodes … ──► ended
 *
 * Nothing is told to anybody before it is committed. A waiting execution holds no thread.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/id.h"
#include "base/list.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/graph.h"
#include "engine/timers.h"
#include "store/executions.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct events;
struct manager;

struct engine_config {
    struct store *store;
    struct manager *manager;
    struct events *events; /* told of every change; NULL: nobody watches */
    unsigned workers;      /* threads; 0: it only looks */
};

/*
 * Voids the leases of dead processes, starts the threads, takes up open executions. Without workers
 * it does none of this, and is as if it were closed already: it only tells what is in the store.
 *   Fails  when the store cannot be written.
 */
MUST_USE struct engine *engine_open(const struct engine_config *config, struct error *err);
/*
 * Takes nothing new; attempts in flight end by themselves or are interrupted at `by`; leases are
 * given up. Calls go on to be answered: starts are refused, waits are over at once. NULL is fine.
 */
void engine_close(struct engine *engine, struct deadline by);
/* When nobody can call any more, before store and manager are closed. NULL is fine. */
void engine_free(struct engine *engine);

/*
 * The compiled definition of a version, from memory or the store, with one reference for the caller.
 *   Fails  NOT_FOUND when there is no such version.   Blocks  on a read the first time.
 */
MUST_USE struct graph *engine_graph(struct engine *engine, struct id project_id,
                                    struct id workflow_id, int64_t version, struct error *err);

/* --- waiting for the end --- */

struct engine_waiter {
    struct list_node node; /* the engine's own */
    struct timer timer;    /* the engine's own */
    struct engine *engine; /* the engine's own */
    struct id project_id;  /* the engine's own */
    struct id execution_id;
    /*
     * Called once: with the ended execution, valid during the call, or with NULL when the time is
     * over, or the execution is not this process's any more (deleted, taken). Not on the HTTP
     * thread, nor the clock, nor one that carries out writes: it may read the store.
     */
    void (*done)(struct engine_waiter *waiter, const struct execution_row *row);
};

/*
 * Waits for the end of an execution (execution_id and done are set), until `by`; also of one that rests
 * in the store until its retry is due.  Threads: any.
 */
void engine_wait(struct engine *engine, struct engine_waiter *waiter, struct deadline by);
/* Stops waiting; false when `done` was called or is on its way. */
bool engine_wait_stop(struct engine *engine, struct engine_waiter *waiter);

/* --- starting and cancelling --- */

/* A start under way. Embed it; texts must live until a callback. */
struct engine_start {
    struct id project_id, workflow_id;
    struct str workflow_name;
    int64_t workflow_version;
    struct graph *graph;            /* the caller's reference, borrowed until a callback */
    struct json_text input;         /* absent: none */
    struct id rerun_of;             /* none: of no other */
    enum execution_trigger trigger; /* who starts it */
    struct str idempotency_key;     /* absent: none */
    struct engine_waiter *waiter;   /* NULL: nobody waits; else waits from the first moment on */
    struct deadline wait_until;
    /*
     * Called once the start is durable, or has failed: CONFLICT for a key that was used with another
     * request, STORE_FULL … With a waiter and without an error the waiter's callback comes later, and
     * the start belongs to that. `existing`: the key was used with the same request before,
     * execution_id is that one's, and the waiter was not used: the execution may have ended long
     * ago (engine_wait(), then engine_view()). On the thread that carried the
     * write out: must not block.
     */
    void (*started)(struct engine_start *start, const struct error *err);
    struct id execution_id; /* out */
    bool existing;          /* out */
    struct write write;     /* the engine's own, as all below */
    struct engine *engine;
    struct live *live;
    struct arena *arena;
    struct id earlier; /* execution of the key's earlier use */
};

/* Blocks: no.  Threads: any. */
void engine_start(struct engine *engine, struct engine_start *start);

/*
 * Asks an execution that this process holds to end: waiting steps end at once, attempts in flight
 * are interrupted. False when it does not hold it, or is about to give it up. Either way it is only
 * execution_request_cancel() that a process which comes after this one knows of.
 */
bool engine_cancel(struct engine *engine, struct id execution_id);
/*
 * An execution that nobody held was ended in the store: who waits for it is told. `rested`: it had been
 * waiting for a retry there.  Threads: any.
 */
void engine_ended(struct engine *engine, struct id project_id, struct id execution_id, bool rested);
/* Executions were deleted in the store, nobody knows how many of them rested.  Threads: any. */
void engine_recount(struct engine *engine);

/* --- looking --- */

/*
 * An execution as it is now, steps included in an order in which they can run: from memory when this
 * process carries it out, else from the store.
 *   Blocks  on reads of the store.
 */
MUST_USE bool engine_view(struct engine *engine, struct id project_id, struct id execution_id,
                          struct arena *arena, struct execution_row *out, bool *found,
                          struct error *err);
/*
 * The same for who looks often: inputs and outputs of steps over 16 KiB, or over 1 MiB together, are
 * left out. They are then present, and empty.
 */
MUST_USE bool engine_glance(struct engine *engine, struct id project_id, struct id execution_id,
                            struct arena *arena, struct execution_row *out, bool *found,
                            struct error *err);
/* The same with the step of one node alone, whole; without steps when there is no such node. */
MUST_USE bool engine_view_step(struct engine *engine, struct id project_id, struct id execution_id,
                               struct str node_id, struct arena *arena, struct execution_row *out,
                               bool *found, struct error *err);
/* This process holds it, and has not told its end, which the store may know already. */
bool engine_is_ending(struct engine *engine, struct id execution_id);
/* Brings rows of execution_list() up to date with what this process holds in memory. */
void engine_refresh(struct engine *engine, struct execution_row *rows, size_t count);

struct engine_stats {
    int64_t live;                      /* in memory */
    int64_t resting;                   /* in the store, until their retry is due */
    int64_t open[EXECUTION_SUCCEEDED]; /* of both, by status */
    int64_t running, waiting_for_slot; /* workers, steps */
    /* Since the start: */
    int64_t started, ended, fenced, retries;
    int64_t outcomes[EXECUTION_CANCELLED + 1]; /* of executions, by status */
    int64_t steps[STEP_CANCELLED + 1];         /* the same of steps */
};
void engine_stats(struct engine *engine, struct engine_stats *out);

#endif
