/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state machine of one execution: events in, effects out. No I/O, no clock, no locks: the
 * caller passes the time and a random number, keeps the lock, and carries out the effects.
 *
 *   step:  pending ──► running ◄──► waiting            attempt: started ──► succeeded
 *             │           │            │                          ├──► failed, cancelled
 *             ▼           ▼            ▼                          ├──► abandoned  (process died)
 *          skipped   succeeded      cancelled                     └──► unknown
 *                    failed
 *
 * When a node fails that does not say "continue", or somebody cancels, the execution is *stopping*:
 * no attempt starts any more, those in flight end, then the execution does.
 *
 * Effects of an event are in `ready` (nodes to be run) and `changed` (nodes whose rows are to be
 * saved, together with the execution's status, before the ready ones may run). They are the
 * caller's to read until the next event.
 */
#ifndef ENGINE_EXECUTION_H
#define ENGINE_EXECUTION_H

#include "base/arena.h"
#include "base/error.h"
#include "base/time.h"
#include "engine/graph.h"
#include "store/executions.h"

#include <stdbool.h>
#include <stdint.h>

/* Of very many attempts the first and the latest are kept. */
#define ATTEMPTS_KEPT_FIRST 10
#define ATTEMPTS_KEPT 100

struct node_run {
    int status;             /* enum step_status */
    unsigned blockers;      /* nodes before it that are not done */
    bool in_flight;         /* ready or running: counted in `active` */
    bool attempt_open;      /* an attempt has started and not ended */
    bool has_row;           /* the store knows it */
    struct json_text input; /* config after templates; absent when there were none */
    struct json_text output;
    struct execution_error *error;
    struct instant started_at, finished_at, retry_at;
    int64_t attempt_count;
    struct attempt *attempts; /* the kept ones */
    unsigned attempts_kept, attempts_room;
};

struct execution {
    const struct graph *graph;
    struct arena *arena; /* of errors and attempts */
    int status;          /* enum execution_status */
    bool cancelling;
    bool cut;                      /* some step was skipped or cancelled */
    struct execution_error *error; /* set once stopping by failure */
    struct instant started_at, finished_at;
    struct json_text input;
    struct node_run *nodes;
    unsigned active, left;
    int64_t attempt_count; /* of all nodes */
    unsigned *ready, ready_count;
    unsigned *changed, changed_count;
};

/* How an attempt ended: with an output, or with an error. */
struct attempt_outcome {
    struct json_text output;
    const struct error *error; /* NULL: it succeeded */
    enum effect effect;
};

/* Everything pending. Memory comes from the arena, which must outlive the execution. */
void execution_init(struct execution *x, const struct graph *graph, struct json_text input,
                    struct arena *arena);

/* The execution starts: triggers are done, what waits for nobody is ready. */
void execution_begin(struct execution *x, struct instant now);

/*
 * Takes over what the store knows: first each step's row, then resume. An attempt that was started
 * and never ended was cut by the death of its process: abandoned and run again when it may be, a few
 * times (WORKER_LOST), otherwise its outcome is unknown.
 */
void execution_restore_step(struct execution *x, unsigned node, const struct step_row *row);
void execution_resume(struct execution *x, struct instant started_at, struct instant now);

void execution_attempt_started(struct execution *x, unsigned node, struct instant now);
void execution_attempt_ended(struct execution *x, unsigned node,
                             const struct attempt_outcome *outcome, struct instant now,
                             uint64_t random);
/* An attempt that was recorded as started was not carried out after all, and nothing was sent. */
void execution_attempt_abandoned(struct execution *x, unsigned node, struct instant now);
/* A ready node found no session free for a while: it asks again at `until`. No attempt has begun. */
void execution_put_off(struct execution *x, unsigned node, struct instant until,
                       struct instant now);
/* A ready node will not be run, because the execution is stopping. */
void execution_dropped(struct execution *x, unsigned node, struct instant now);
/* The time of a waiting node has come. */
void execution_retry_due(struct execution *x, unsigned node);
void execution_cancel(struct execution *x, struct instant now);
/* Makes the whole execution fail without a node's doing: before execution_resume(). */
void execution_condemn(struct execution *x, enum error_code code, struct str message);

bool execution_stopping(const struct execution *x);
/* When the policy's deadline cuts this node's attempts; absent when it has none. */
struct instant execution_cut_at(const struct execution *x, unsigned node);

#endif
