/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <string.h>

/* Longer than any policy of these workflows waits. */
#define WAIT_MAX_US (20 * SECOND_US)

uint64_t roll(struct world *w, uint64_t limit)
{
    w->random_state = w->random_state * 6364136223846793005u + 1442695040888963407u;
    return (w->random_state >> 33) % limit;
}

static bool one_in(struct world *w, uint64_t n)
{
    return roll(w, n) == 0;
}

static struct instant now(const struct world *w)
{
    return (struct instant){ w->monotonic_us + w->clock_ahead_us };
}

static struct instant engine_now(const struct world *w)
{
    return (struct instant){ w->monotonic_us + w->engine_ahead_us };
}

bool is_once(const struct world *w, unsigned node)
{
    return graph_node_effect(&w->graph->nodes[node]) == EFFECT_ONCE;
}

/* --- saving --- */

static struct step_row row_of(struct world *w, unsigned node)
{
    const struct node_run *run = &w->x.nodes[node];
    struct attempt *attempts = ARENA_ARRAY(w->arena, attempt, run->attempts_kept + 1);
    if (run->attempts_kept > 0)
        memcpy(attempts, run->attempts, run->attempts_kept * sizeof(*attempts));
    return (struct step_row){
        .status = run->status,
        .output = run->output,
        .error = run->error,
        .started_at = run->started_at,
        .finished_at = run->finished_at,
        .retry_at = run->retry_at,
        .attempt_count = run->attempt_count,
        .attempts = { attempts, run->attempts_kept },
    };
}

static void submit(struct world *w, int intent)
{
    HOLDS(w, w->save_end < SAVES_MAX);
    struct save *save = &w->saves[w->save_end++];
    *save = (struct save){ .status = w->x.status, .intent = intent, .started_at = w->x.started_at };
    for (unsigned i = 0; i < w->x.changed_count; i++)
        save->nodes[save->row_count++] = w->x.changed[i];
    if (intent >= 0 && save->row_count == 0)
        save->nodes[save->row_count++] = (unsigned)intent;
    for (unsigned i = 0; i < save->row_count; i++)
        save->rows[i] = row_of(w, save->nodes[i]);
    for (unsigned i = 0; i < w->x.ready_count; i++)
        save->ready[save->ready_count++] = w->x.ready[i];
    w->end_saved = execution_status_ended(w->x.status);
}

static void apply(struct world *w)
{
    bool ends = execution_status_ended(w->x.status) && !w->end_saved;
    if (w->x.changed_count > 0 || ends)
        submit(w, -1);
    else
        for (unsigned i = 0; i < w->x.ready_count; i++)
            w->tasks[w->x.ready[i]].state = TASK_QUEUED;
}

static int64_t next_timer_in(const struct world *w);

/* It goes back to the store with the point that says that it waits; sometimes, here. */
static void may_rest(struct world *w)
{
    int64_t wait_us = next_timer_in(w);
    if (!w->rests || w->x.status != EXECUTION_WAITING || w->save_first < w->save_end ||
        w->store.cancel_requested || wait_us <= 0 || one_in(w, 3))
        return;
    HOLDS(w, wait_us <= WAIT_MAX_US && pick_task(w) == w->graph->count);
    w->store.resting_since = engine_now(w);
    w->store.resume_at = (struct instant){ engine_now(w).us + wait_us };
    w->resting = true;
}

/* The oldest save is committed, unless the store refuses: then it is tried again. */
static void commit(struct world *w)
{
    if (one_in(w, 8))
        return;
    const struct save *save = &w->saves[w->save_first++];
    HOLDS(w, !execution_status_ended(w->store.status));
    for (unsigned i = 0; i < save->row_count; i++) {
        w->store.rows[save->nodes[i]] = save->rows[i];
        w->store.there[save->nodes[i]] = true;
        if (w->x.nodes[save->nodes[i]].status == STEP_WAITING)
            w->tasks[save->nodes[i]].timer = true;
    }
    w->store.status = save->status;
    w->store.started_at = save->started_at;
    w->store.claims = 0;
    w->store.resume_at = INSTANT_NONE;
    if (save->intent >= 0) {
        w->tasks[save->intent].intent_saved = true;
        w->tasks[save->intent].state = TASK_QUEUED;
    }
    for (unsigned i = 0; i < save->ready_count; i++)
        w->tasks[save->ready[i]].state = TASK_QUEUED;
    w->ended = execution_status_ended(save->status);
    may_rest(w);
}

/* --- dying and starting again --- */

static void not_before(struct world *w, struct instant at)
{
    if (instant_set(at) && at.us - w->monotonic_us > w->clock_ahead_us)
        w->clock_ahead_us = at.us - w->monotonic_us;
}

/* Of what the store knows. */
static int64_t first_retry(const struct world *w)
{
    int64_t first_us = INT64_MAX;
    for (unsigned i = 0; i < w->graph->count; i++)
        if (w->store.there[i] && w->store.rows[i].status == STEP_WAITING &&
            w->store.rows[i].retry_at.us < first_us)
            first_us = w->store.rows[i].retry_at.us;
    return first_us;
}

void take_up(struct world *w)
{
    bool rested = instant_set(w->store.resume_at);
    memset(w->tasks, 0, sizeof(w->tasks));
    w->resting = false;
    w->save_first = w->save_end = 0;
    w->end_saved = false;
    w->claims = w->store.claims;
    w->clock_ahead_us = w->wall_ahead_us;
    execution_init(&w->x, w->graph, (struct json_text){ STR("{}") }, w->arena);
    if (rested)
        w->clock_ahead_us = first_retry(w) - w->store.resume_at.us + w->engine_ahead_us;
    not_before(w, w->store.started_at);
    for (unsigned i = 0; i < w->graph->count; i++) {
        if (!w->store.there[i])
            continue;
        struct step_row row = w->store.rows[i]; /* the machine changes the attempts it is given */
        struct attempt *copies = ARENA_ARRAY(w->arena, attempt, row.attempts.count + 1);
        if (row.attempts.count > 0)
            memcpy(copies, row.attempts.items, row.attempts.count * sizeof(*copies));
        row.attempts.items = copies;
        execution_restore_step(&w->x, i, &row);
        not_before(w, w->store.rows[i].finished_at);
        const struct attempt *attempts = w->store.rows[i].attempts.items;
        for (size_t n = 0; n < w->store.rows[i].attempts.count; n++) {
            not_before(w, attempts[n].started_at);
            not_before(w, attempts[n].finished_at);
        }
    }
    w->x.cancelling = w->store.cancel_requested;
    execution_resume(&w->x, w->store.started_at, now(w));
    apply(w);
    for (unsigned i = 0; i < w->graph->count; i++)
        w->tasks[i].timer = w->x.nodes[i].status == STEP_WAITING;
    HOLDS(w, !rested || execution_stopping(&w->x) || next_timer_in(w) <= 0);
}

static void die(struct world *w)
{
    if (!w->resting)
        w->store.claims++;
    w->monotonic_us += (int64_t)roll(w, 5) * SECOND_US;
    w->engine_ahead_us = w->wall_ahead_us;
    w->resting = instant_set(w->store.resume_at);
    int64_t early_us = w->store.resting_since.us - engine_now(w).us;
    if (w->resting && early_us > 0) { /* the clock was set back */
        w->store.resting_since.us -= early_us;
        w->store.resume_at.us -= early_us;
    }
    if (!w->resting)
        take_up(w);
}

/* --- steps --- */

static void end_attempt(struct world *w, unsigned node, enum error_code code, bool maybe_done)
{
    struct task *task = &w->tasks[node];
    struct error err = { 0 };
    struct attempt_outcome outcome = { .output = { STR("{\"value\":1}") },
                                       .effect = graph_node_effect(&w->graph->nodes[node]) };
    if (code != ERR_NONE) {
        (void)fail(&err, code, "went wrong");
        err.maybe_done = maybe_done;
        outcome.error = &err;
    }
    *task = (struct task){ 0 };
    execution_attempt_started(&w->x, node, now(w));
    execution_attempt_ended(&w->x, node, &outcome, now(w), roll(w, 1000000));
    apply(w);
}

static void begin(struct world *w, unsigned node)
{
    struct task *task = &w->tasks[node];
    if (execution_stopping(&w->x)) {
        *task = (struct task){ 0 };
        execution_dropped(&w->x, node, now(w));
        apply(w);
        return;
    }
    if (w->rests && !w->x.nodes[node].attempt_open && one_in(w, 6)) { /* no session is free */
        *task = (struct task){ 0 };
        execution_put_off(&w->x, node, instant_add_ms(now(w), (int64_t)roll(w, 8000)), now(w));
        apply(w);
        return;
    }
    execution_attempt_started(&w->x, node, now(w));
    if ((is_once(w, node) || w->claims > 0) && !task->intent_saved) {
        task->state = TASK_NONE;
        submit(w, (int)node);
        return;
    }
    if (one_in(w, 6)) {
        end_attempt(w, node, ERR_REFUSED, false);
        return;
    }
    task->state = TASK_SENT;
    task->acted = !one_in(w, 4);
    w->effects[node] += task->acted;
}

static void finish(struct world *w, unsigned node)
{
    bool acted = w->tasks[node].acted;
    if (!acted && one_in(w, 2))
        end_attempt(w, node, ERR_SERVER_ERROR, false);
    else if (!acted || one_in(w, 6))
        end_attempt(w, node, w->x.cancelling ? ERR_CANCELLED : ERR_CONNECTION_LOST, true);
    else
        end_attempt(w, node, ERR_NONE, false);
}

/* --- one thing after the other --- */

static void fire_due(struct world *w)
{
    for (unsigned i = 0; i < w->graph->count; i++) {
        if (!w->tasks[i].timer || w->x.nodes[i].retry_at.us > now(w).us)
            continue;
        w->tasks[i].timer = false;
        execution_retry_due(&w->x, i);
        apply(w);
    }
}

static int64_t next_timer_in(const struct world *w)
{
    int64_t first_us = INT64_MAX;
    for (unsigned i = 0; i < w->graph->count; i++) {
        int64_t in_us = w->x.nodes[i].retry_at.us - now(w).us;
        if (w->tasks[i].timer && w->x.nodes[i].status == STEP_WAITING && in_us < first_us)
            first_us = in_us;
    }
    return first_us;
}

unsigned pick_task(struct world *w)
{
    unsigned found[NODES_MAX], count = 0;
    for (unsigned i = 0; i < w->graph->count; i++)
        if (w->tasks[i].state != TASK_NONE)
            found[count++] = i;
    return count > 0 ? found[roll(w, count)] : w->graph->count;
}

static void set_clock(struct world *w)
{
    static const int64_t steps[] = { 3600 * SECOND_US, -3600 * SECOND_US, YEAR_US, -YEAR_US };
    w->wall_ahead_us += steps[roll(w, 4)];
}

/* In the store, since nobody holds it. */
static void cancel_resting(struct world *w)
{
    for (unsigned i = 0; i < w->graph->count; i++) {
        HOLDS(w, !w->store.there[i] || w->store.rows[i].status != STEP_RUNNING);
        if (w->store.there[i] && w->store.rows[i].status == STEP_WAITING)
            w->store.rows[i].status = STEP_CANCELLED;
    }
    w->store.status = EXECUTION_CANCELLED;
    w->ended = true;
}

static void next_event_at_rest(struct world *w)
{
    w->monotonic_us += (int64_t)roll(w, 1000);
    if (one_in(w, 10)) {
        die(w);
    } else if (one_in(w, 10)) {
        set_clock(w);
    } else if (one_in(w, 100)) {
        cancel_resting(w);
    } else {
        int64_t wait_us = w->store.resume_at.us - engine_now(w).us;
        HOLDS(w, wait_us <= WAIT_MAX_US); /* else it is stuck */
        w->monotonic_us += wait_us > 0 ? wait_us : 0;
        w->store.status = EXECUTION_RUNNING;
        take_up(w);
    }
}

void next_event(struct world *w)
{
    if (w->resting) {
        next_event_at_rest(w);
        return;
    }
    unsigned task = pick_task(w);
    bool saves = w->save_first < w->save_end;
    w->monotonic_us += (int64_t)roll(w, 1000);
    if (one_in(w, 60))
        die(w);
    else if (one_in(w, 100))
        set_clock(w);
    else if (one_in(w, 400) && !w->x.cancelling) {
        w->store.cancel_requested = true; /* first there, then here */
        execution_cancel(&w->x, now(w));
        apply(w);
    } else if (saves && (task == w->graph->count || one_in(w, 2)))
        commit(w);
    else if (task < w->graph->count && w->tasks[task].state == TASK_QUEUED)
        begin(w, task);
    else if (task < w->graph->count)
        finish(w, task);
    else {
        int64_t wait_us = next_timer_in(w);
        HOLDS(w, wait_us <= WAIT_MAX_US); /* else it is stuck */
        w->monotonic_us += wait_us > 0 ? wait_us : 0;
    }
    if (!w->ended && !w->resting)
        fire_due(w);
}
