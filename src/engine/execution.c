/* SPDX-License-Identifier: Apache-2.0 */
/* Transitions of executions, steps and attempts. */
#include "engine/execution.h"

#include <assert.h>
#include <string.h>

#include "engine/execution_error.h"

static bool step_ended(int status)
{
    return status >= STEP_SUCCEEDED;
}

bool execution_stopping(const struct execution *x)
{
    return x->cancelling || x->error;
}

struct instant execution_cut_at(const struct execution *x, unsigned node)
{
    int64_t deadline_ms = x->graph->nodes[node].retry.deadline_ms;
    if (deadline_ms == 0 || !instant_set(x->nodes[node].started_at))
        return INSTANT_NONE;
    return instant_add_ms(x->nodes[node].started_at, deadline_ms);
}

void execution_init(struct execution *x, const struct graph *graph, struct json_text input,
                    struct arena *arena)
{
    *x = (struct execution){
        .graph = graph,
        .arena = arena,
        .status = EXECUTION_QUEUED,
        .input = input,
        .left = graph->count,
        .nodes = ARENA_ARRAY(arena, node_run, graph->count + 1),
        .ready = ARENA_ITEMS(arena, unsigned, graph->count + 1),
        .changed = ARENA_ITEMS(arena, unsigned, graph->count + 1),
    };
    for (unsigned i = 0; i < graph->count; i++) {
        x->nodes[i].status = STEP_PENDING;
        x->nodes[i].blockers = graph->nodes[i].previous_count;
    }
}

/* --- effects --- */

static void no_effects(struct execution *x)
{
    x->ready_count = x->changed_count = 0;
}

static void change(struct execution *x, unsigned node)
{
    for (unsigned i = 0; i < x->changed_count; i++)
        if (x->changed[i] == node)
            return;
    x->nodes[node].has_row = true;
    x->changed[x->changed_count++] = node;
}

static void set_ended(struct execution *x, unsigned node, int status, struct instant now)
{
    struct node_run *run = &x->nodes[node];
    assert(!step_ended(run->status) && step_ended(status));
    run->status = status;
    if (run->attempt_count > 0)
        run->finished_at = now;
    x->left--;
    x->cut |= status == STEP_SKIPPED || status == STEP_CANCELLED;
}

static void unblock(struct execution *x, unsigned node, struct instant now);

static void make_ready(struct execution *x, unsigned node, struct instant now)
{
    struct node_run *run = &x->nodes[node];
    if (x->graph->nodes[node].component->kind == COMPONENT_TRIGGER) {
        run->output = x->input;
        if (!str_set(run->output.text))
            run->output.text = STR("null");
        run->started_at = run->finished_at = now;
        set_ended(x, node, STEP_SUCCEEDED, now);
        unblock(x, node, now);
        return;
    }
    run->status = STEP_RUNNING;
    run->in_flight = true;
    x->active++;
    x->ready[x->ready_count++] = node;
}

/* The node is done: those behind it wait for one less. Only triggers recurse, and have no triggers
 * behind them. */
static void unblock(struct execution *x, unsigned node, struct instant now)
{
    const struct graph_node *from = &x->graph->nodes[node];
    for (unsigned i = 0; i < from->next_count; i++) {
        struct node_run *next = &x->nodes[from->next[i]];
        if (--next->blockers == 0 && !execution_stopping(x) && next->status == STEP_PENDING)
            make_ready(x, from->next[i], now);
    }
}

/* A step of a stopping execution that will not go on. */
static void close_step(struct execution *x, unsigned node, struct instant now)
{
    struct node_run *run = &x->nodes[node];
    set_ended(x, node, run->attempt_count > 0 ? STEP_CANCELLED : STEP_SKIPPED, now);
    run->retry_at = INSTANT_NONE;
    if (run->has_row)
        change(x, node);
}

/* Nothing is in flight any more in a stopping execution: the rest is closed. */
static void close_rest(struct execution *x, struct instant now)
{
    for (unsigned i = 0; i < x->graph->count; i++)
        if (!step_ended(x->nodes[i].status))
            close_step(x, i, now);
}

/* Finds the execution's status after an event. */
static void settle(struct execution *x, struct instant now)
{
    if (x->left == 0 && !x->error && !x->cut) {
        x->status = EXECUTION_SUCCEEDED; /* also when it was to be cancelled, too late */
    } else if (execution_stopping(x) && x->active == 0) {
        close_rest(x, now);
        x->status = x->cancelling ? EXECUTION_CANCELLED : EXECUTION_FAILED;
    } else {
        x->status = x->active == 0 ? EXECUTION_WAITING : EXECUTION_RUNNING;
    }
    if (execution_status_ended(x->status))
        x->finished_at = now;
}

/* --- attempts --- */

static struct attempt *add_attempt(struct execution *x, struct node_run *run)
{
    if (run->attempts_kept == ATTEMPTS_KEPT) {
        struct attempt *gap = &run->attempts[ATTEMPTS_KEPT_FIRST];
        memmove(gap, gap + 1, (ATTEMPTS_KEPT - ATTEMPTS_KEPT_FIRST - 1) * sizeof(*gap));
        run->attempts_kept--;
    }
    if (run->attempts_kept == run->attempts_room) {
        unsigned room = run->attempts_room ? 4 * run->attempts_room : 2;
        if (room > ATTEMPTS_KEPT)
            room = ATTEMPTS_KEPT;
        struct attempt *grown = ARENA_ARRAY(x->arena, attempt, room);
        if (run->attempts_kept > 0)
            memcpy(grown, run->attempts, run->attempts_kept * sizeof(*grown));
        run->attempts = grown;
        run->attempts_room = room;
    }
    return &run->attempts[run->attempts_kept++];
}

void execution_attempt_started(struct execution *x, unsigned node, struct instant now)
{
    struct node_run *run = &x->nodes[node];
    struct opt_bool repeatable = { true, true };
    if (graph_node_effect(&x->graph->nodes[node]) == EFFECT_ONCE)
        repeatable.set = false;
    no_effects(x);
    if (run->attempt_open) { /* it may have been found to write meanwhile */
        run->attempts[run->attempts_kept - 1].repeatable = repeatable;
        return;
    }
    if (!instant_set(run->started_at))
        run->started_at = now;
    if (!instant_set(x->started_at))
        x->started_at = now;
    run->attempt_open = true;
    x->attempt_count++;
    *add_attempt(x, run) = (struct attempt){
        .number = ++run->attempt_count,
        .status = ATTEMPT_STARTED,
        .started_at = now,
        .repeatable = repeatable,
    };
    change(x, node);
}

static void end_attempt(struct node_run *run, int status, struct execution_error *error,
                        struct instant now)
{
    if (!run->attempt_open)
        return;
    run->attempt_open = false;
    struct attempt *last = &run->attempts[run->attempts_kept - 1];
    last->status = status;
    last->finished_at = now;
    last->error = error;
    last->repeatable.set = false;
}

/* Nodes behind this one may run. */
static bool is_done(const struct execution *x, unsigned node)
{
    int status = x->nodes[node].status;
    return status == STEP_SUCCEEDED ||
           (status == STEP_STATUS_FAILED && x->graph->nodes[node].continue_on_error);
}

static void land(struct execution *x, struct node_run *run)
{
    if (run->in_flight) {
        run->in_flight = false;
        x->active--;
    }
}

static void wait_for_retry(struct execution *x, unsigned node, struct instant at)
{
    x->nodes[node].status = STEP_WAITING;
    x->nodes[node].retry_at = at;
}

/* The step fails for good; whether those behind it run all the same is the caller's to see. */
static void fail_step(struct execution *x, unsigned node, struct execution_error *error,
                      struct instant now)
{
    struct node_run *run = &x->nodes[node];
    run->error = error;
    set_ended(x, node, STEP_STATUS_FAILED, now);
    if (x->graph->nodes[node].continue_on_error) {
        run->output = execution_error_output(x, error);
        return;
    }
    if (x->error)
        return; /* the first failure is the one that is told */
    struct execution_error *whole = ARENA_NEW(x->arena, execution_error);
    *whole = *error;
    whole->node_id = x->graph->nodes[node].id;
    x->error = whole;
}

/* May there be another attempt, and when? */
static bool next_attempt_at(const struct execution *x, unsigned node,
                            const struct attempt_outcome *outcome, struct instant now,
                            uint64_t random, struct instant *at, bool *too_late)
{
    const struct retry_policy *policy = &x->graph->nodes[node].retry;
    const struct node_run *run = &x->nodes[node];
    if (execution_stopping(x) || run->attempt_count >= policy->max_attempts ||
        !retry_class_allows(outcome->error, outcome->effect))
        return false;
    *at = instant_add_ms(now, retry_delay_ms(policy, run->attempt_count, random));
    struct instant cut = execution_cut_at(x, node);
    *too_late = instant_set(cut) && at->us >= cut.us;
    return !*too_late;
}

static void attempt_failed(struct execution *x, unsigned node,
                           const struct attempt_outcome *outcome, struct instant now,
                           uint64_t random)
{
    struct node_run *run = &x->nodes[node];
    struct execution_error *error = execution_make_error(x, outcome->error, outcome->error->code);
    struct instant at;
    bool too_late = false;
    if (retry_outcome_unknown(outcome->error, outcome->effect)) {
        end_attempt(run, ATTEMPT_UNKNOWN, error, now);
        fail_step(x, node, execution_unknown_outcome(x, outcome->error), now);
    } else if (x->cancelling && outcome->error->code == ERR_CANCELLED) {
        end_attempt(run, ATTEMPT_CANCELLED, error, now);
        set_ended(x, node, STEP_CANCELLED, now);
    } else if (next_attempt_at(x, node, outcome, now, random, &at, &too_late)) {
        end_attempt(run, ATTEMPT_FAILED, error, now);
        wait_for_retry(x, node, at);
    } else {
        end_attempt(run, ATTEMPT_FAILED, error, now);
        fail_step(x, node, too_late ? execution_gave_up(x, node, outcome->error) : error, now);
    }
}

void execution_attempt_ended(struct execution *x, unsigned node,
                             const struct attempt_outcome *outcome, struct instant now,
                             uint64_t random)
{
    struct node_run *run = &x->nodes[node];
    assert(run->attempt_open && run->in_flight);
    no_effects(x);
    land(x, run);
    change(x, node);
    if (outcome->error) {
        attempt_failed(x, node, outcome, now, random);
    } else {
        end_attempt(run, ATTEMPT_SUCCEEDED, NULL, now);
        run->output = outcome->output;
        set_ended(x, node, STEP_SUCCEEDED, now);
    }
    if (is_done(x, node))
        unblock(x, node, now);
    settle(x, now);
}

void execution_attempt_abandoned(struct execution *x, unsigned node, struct instant now)
{
    struct node_run *run = &x->nodes[node];
    no_effects(x);
    if (!run->attempt_open)
        return;
    land(x, run);
    change(x, node);
    end_attempt(run, ATTEMPT_ABANDONED, NULL, now);
    run->status = STEP_PENDING;
}

/* --- other events --- */

void execution_begin(struct execution *x, struct instant now)
{
    no_effects(x);
    for (unsigned i = 0; i < x->graph->count; i++)
        if (x->graph->nodes[i].previous_count == 0)
            make_ready(x, i, now);
    if (!instant_set(x->started_at))
        x->started_at = now;
    settle(x, now);
}

void execution_put_off(struct execution *x, unsigned node, struct instant until, struct instant now)
{
    struct node_run *run = &x->nodes[node];
    assert(run->in_flight && !run->attempt_open);
    no_effects(x);
    land(x, run);
    wait_for_retry(x, node, until);
    change(x, node);
    settle(x, now);
}

void execution_dropped(struct execution *x, unsigned node, struct instant now)
{
    struct node_run *run = &x->nodes[node];
    no_effects(x);
    land(x, run);
    end_attempt(run, ATTEMPT_CANCELLED, NULL, now);
    close_step(x, node, now);
    settle(x, now);
}

void execution_retry_due(struct execution *x, unsigned node)
{
    struct node_run *run = &x->nodes[node];
    no_effects(x);
    if (run->status != STEP_WAITING || execution_stopping(x))
        return;
    run->retry_at = INSTANT_NONE;
    make_ready(x, node, INSTANT_NONE);
    x->status = EXECUTION_RUNNING;
}

void execution_cancel(struct execution *x, struct instant now)
{
    no_effects(x);
    if (execution_status_ended(x->status) || x->cancelling)
        return;
    x->cancelling = true;
    settle(x, now);
}

void execution_condemn(struct execution *x, enum error_code code, struct str message)
{
    struct error err = { 0 };
    (void)fail(&err, code, STR_FMT, STR_ARG(message));
    x->error = execution_make_error(x, &err, code);
}

/* --- after a crash --- */

void execution_restore_step(struct execution *x, unsigned node, const struct step_row *row)
{
    struct node_run *run = &x->nodes[node];
    run->has_row = true;
    run->status = row->status;
    run->input = row->input;
    run->output = row->output;
    run->error = row->error;
    run->started_at = row->started_at;
    run->finished_at = row->finished_at;
    run->retry_at = row->retry_at;
    run->attempt_count = row->attempt_count;
    x->attempt_count += row->attempt_count;
    run->attempts = row->attempts.items;
    run->attempts_kept = run->attempts_room = (unsigned)row->attempts.count;
    if (run->attempts_kept > 0)
        run->attempt_open = run->attempts[run->attempts_kept - 1].status == ATTEMPT_STARTED;
}

/* A step that has ended so many processes in a row is not tried again. */
#define WORKERS_LOST_MAX 5

static unsigned workers_lost(const struct node_run *run)
{
    unsigned lost = 0;
    while (lost < run->attempts_kept) {
        const struct attempt *attempt = &run->attempts[run->attempts_kept - 1 - lost];
        if (attempt->status != ATTEMPT_ABANDONED || !attempt->error)
            break; /* without an error: a process that was stopped took it back */
        lost++;
    }
    return lost;
}

/* A step that was in the middle of an attempt when its process died. */
static void resume_cut_step(struct execution *x, unsigned node, struct instant now)
{
    struct node_run *run = &x->nodes[node];
    struct error lost = { 0 };
    (void)fail(&lost, ERR_WORKER_LOST, "the process that carried this out ended in the middle");
    struct execution_error *error = execution_make_error(x, &lost, ERR_WORKER_LOST);
    change(x, node);
    if (!run->attempts[run->attempts_kept - 1].repeatable.set) {
        if (x->graph->nodes[node].effect == EFFECT_READS) /* it was found to write */
            atomic_store_explicit(x->graph->nodes[node].writes, true, memory_order_relaxed);
        end_attempt(run, ATTEMPT_UNKNOWN, error, now);
        fail_step(x, node, execution_unknown_outcome(x, &lost), now);
        return;
    }
    end_attempt(run, ATTEMPT_ABANDONED, error, now);
    unsigned count = workers_lost(run);
    if (count >= WORKERS_LOST_MAX)
        fail_step(x, node, execution_worker_lost(x, count), now);
    else
        run->status = STEP_PENDING;
}

/* Brings one restored step to where it can go on from. */
static void resume_step(struct execution *x, unsigned node, struct instant now)
{
    struct node_run *run = &x->nodes[node];
    if (run->status == STEP_STATUS_FAILED && !x->graph->nodes[node].continue_on_error &&
        !x->error) {
        x->error = ARENA_NEW(x->arena, execution_error);
        *x->error = *run->error;
        x->error->node_id = x->graph->nodes[node].id;
    }
    x->cut |= run->status == STEP_SKIPPED || run->status == STEP_CANCELLED;
    if (step_ended(run->status))
        x->left--;
    else if (run->attempt_open)
        resume_cut_step(x, node, now);
    else if (run->status != STEP_WAITING)
        run->status = STEP_PENDING;
}

void execution_resume(struct execution *x, struct instant started_at, struct instant now)
{
    no_effects(x);
    x->started_at = started_at;
    for (unsigned i = 0; i < x->graph->count; i++)
        resume_step(x, i, now);
    for (unsigned i = 0; i < x->graph->count; i++)
        for (unsigned n = 0; is_done(x, i) && n < x->graph->nodes[i].next_count; n++)
            x->nodes[x->graph->nodes[i].next[n]].blockers--;
    for (unsigned i = 0; i < x->graph->count; i++)
        if (x->nodes[i].status == STEP_PENDING && x->nodes[i].blockers == 0 &&
            !execution_stopping(x))
            make_ready(x, i, now);
    if (!instant_set(x->started_at))
        x->started_at = now;
    settle(x, now);
}
