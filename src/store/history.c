/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that removes history. */
#include "store/history.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "store/removal.h"

/* A piece is made so large that it takes about this long. */
#define PIECE_US INT64_C(2000)
#define ROWS_FIRST 32
/* Across a network a piece takes what its round trips take, however small it is. */
#define REMOTE_PIECE_US INT64_C(20000)
#define REMOTE_ROWS_MIN 64
#define ROWS_MAX 512
/* A pause is so many times as long as the piece before it. */
#define PAUSE_TIMES 9
/* Rows looked at, not removed: cheap, and on a link of our own. */
#define LOOK_ROWS 5000
#define KEYS_AT_ONCE 200
#define KEYS_EVERY_MS (INT64_C(3600) * 1000)
#define SHRINK_PAGES 64
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define KEYS_KEPT_MS DAY_MS
#define CLOCK_SLACK_US (INT64_C(60) * 1000 * 1000)

struct history {
    pthread_mutex_t lock;
    bool closing;
    struct history_stats stats;
    /* The lock guards what stands above. */
    pthread_cond_t wake;
    struct history_config config;
    pthread_t thread;
    /* The thread's own. */
    int64_t rows; /* of a piece */
    int64_t rows_min, piece_us;
    int64_t wall_ahead_us;
    struct deadline clock_settled;
    struct deadline keys_due, keys_until;
};

/* --- pieces --- */

/* One piece, as a write. What it does is one of the functions below. */
struct piece {
    struct write write;
    struct history *history;
    bool (*work)(struct tx *tx, struct piece *piece, struct error *err);
    int64_t took_us;
    bool more;

    const struct removal *removal;
    struct id after, next;
    int64_t executions;
    struct id project_id;
    struct array keys;
};

/* It may run twice: what it starts from is not changed. */
static bool run_piece(struct tx *tx, struct write *write, struct error *err)
{
    struct piece *piece = CONTAINER_OF(write, struct piece, write);
    int64_t started_us = clock_us();
    bool ok = piece->work(tx, piece, err);
    piece->took_us = clock_us() - started_us;
    return ok;
}

static bool remove_executions(struct tx *tx, struct piece *piece, struct error *err)
{
    struct removal_piece done;
    piece->next = piece->after;
    if (!removal_run(tx, piece->removal, piece->history->rows, &piece->next, &done, err))
        return false;
    piece->more = done.more;
    piece->executions = done.executions;
    return true;
}

static bool finish_project(struct tx *tx, struct piece *piece, struct error *err)
{
    return removal_finish(tx, piece->project_id, piece->history->rows, &piece->more, err);
}

static bool remove_keys(struct tx *tx, struct piece *piece, struct error *err)
{
    return removal_stale_keys(tx, &piece->keys, err);
}

static bool shrink(struct tx *tx, struct piece *piece, struct error *err)
{
    return removal_shrink(tx, SHRINK_PAGES, &piece->more, err);
}

/* Waits; false when it is time to end. */
static bool pause_for(struct history *history, struct deadline until)
{
    (void)pthread_mutex_lock(&history->lock);
    while (!history->closing && cond_wait_until(&history->wake, &history->lock, until))
        continue;
    bool go_on = !history->closing;
    (void)pthread_mutex_unlock(&history->lock);
    return go_on;
}

static void size_next(struct history *history, int64_t took_us)
{
    if (took_us > 2 * history->piece_us && history->rows > history->rows_min)
        history->rows /= 2;
    else if (took_us < history->piece_us / 2 && history->rows < ROWS_MAX)
        history->rows *= 2;
}

/* Runs pieces until there are no more. False when it failed, or when it is time to end. */
static bool run_all(struct history *history, struct piece *piece, struct error *err)
{
    piece->write = (struct write){ .scope = scope_system(), .run = run_piece };
    piece->history = history;
    do {
        if (!store_write(history->config.store, &piece->write, err))
            return false;
        piece->after = piece->next;
        (void)pthread_mutex_lock(&history->lock);
        history->stats.executions += piece->executions;
        (void)pthread_mutex_unlock(&history->lock);
        size_next(history, piece->took_us);
        if (!pause_for(history, deadline_in_ms(1 + PAUSE_TIMES * piece->took_us / 1000)))
            return false;
    } while (piece->more);
    return true;
}

static bool remove_all(struct history *history, const struct removal *removal, struct error *err)
{
    struct piece piece = { .work = remove_executions, .removal = removal };
    return run_all(history, &piece, err);
}

/* --- a look --- */

static bool clear_project(struct history *history, struct id id, struct error *err)
{
    struct removal everything = { .project_id = id, .open_too = true };
    struct piece rest = { .work = finish_project, .project_id = id };
    if (!remove_all(history, &everything, err) || !run_all(history, &rest, err))
        return false;
    log_info("history of a deleted project removed", LOG_ID("project", id));
    (void)pthread_mutex_lock(&history->lock);
    history->stats.projects++;
    (void)pthread_mutex_unlock(&history->lock);
    return true;
}

static bool clear_projects(struct history *history, struct error *err)
{
    AUTO(arena) arena = arena_new();
    struct array found;
    {
        AUTO(tx) tx = store_read(history->config.store, scope_system(), err);
        if (!tx || !removal_projects(tx, arena, &found, err))
            return false;
    }
    const struct id *ids = found.items;
    for (size_t i = 0; i < found.count; i++)
        if (!clear_project(history, ids[i], err))
            return false;
    return true;
}

/* The oldest execution of a workflow that is kept for their number; none when there are fewer. In
 * short reads, however many are kept. */
static bool last_kept(struct history *history, struct workflow_of workflow, struct id *out,
                      struct error *err)
{
    struct id place = ID_NONE;
    for (int64_t left = history->config.keep; left > 0; left -= LOOK_ROWS) {
        AUTO(arena) arena = arena_new();
        AUTO(tx) tx = store_read(history->config.store, scope_system(), err);
        if (!tx || !removal_nth(tx, workflow, place, left < LOOK_ROWS ? left : LOOK_ROWS, arena,
                                &place, err))
            return false;
        if (!id_set(place))
            break;
    }
    *out = place;
    return true;
}

/* Whether a step of the wall clock forbids counting ages for now. */
static bool clock_is_settled(struct history *history)
{
    int64_t ahead_us = instant_now().us - clock_us();
    int64_t stepped_us = ahead_us - history->wall_ahead_us;
    history->wall_ahead_us = ahead_us;
    if (stepped_us > CLOCK_SLACK_US || stepped_us < -CLOCK_SLACK_US) {
        log_warn("the clock was set: for a day nothing is removed for its age",
                 LOG_INT("seconds", stepped_us / 1000000));
        history->clock_settled = deadline_in_ms(DAY_MS);
    }
    return deadline_passed(history->clock_settled);
}

static bool thin_out(struct history *history, struct workflow_of workflow, bool by_age,
                     struct error *err)
{
    struct removal removal = { workflow.project_id, workflow.workflow_id, ID_NONE, false };
    if (by_age)
        removal.before =
            id_first_at(instant_add_ms(instant_now(), -history->config.keep_days * DAY_MS));
    if (history->config.keep > 0) {
        struct id last;
        if (!last_kept(history, workflow, &last, err))
            return false;
        if (memcmp(last.bytes, removal.before.bytes, sizeof(last.bytes)) > 0)
            removal.before = last;
    }
    return !id_set(removal.before) || remove_all(history, &removal, err);
}

static bool thin_out_all(struct history *history, struct error *err)
{
    bool by_age = clock_is_settled(history) && history->config.keep_days > 0;
    if (!by_age && history->config.keep == 0)
        return true;
    struct workflow_of last = { ID_NONE, ID_NONE };
    for (;;) {
        AUTO(arena) arena = arena_new();
        struct array found;
        {
            AUTO(tx) tx = store_read(history->config.store, scope_system(), err);
            if (!tx || !removal_workflows(tx, last, LOOK_ROWS, arena, &found, err))
                return false;
        }
        const struct workflow_of *workflows = found.items;
        for (size_t i = 0; i < found.count; i++)
            if (!thin_out(history, workflows[i], by_age, err))
                return false;
        if (found.count < LOOK_ROWS)
            return true;
        last = workflows[found.count - 1];
    }
}

static bool thin_out_keys(struct history *history, struct error *err)
{
    char last_key[1024];
    struct key_row last = { 0 };
    struct instant before = instant_add_ms(instant_now(), -KEYS_KEPT_MS);
    for (;;) {
        AUTO(arena) arena = arena_new();
        struct piece piece = { .work = remove_keys };
        bool any = false;
        {
            AUTO(tx) tx = store_read(history->config.store, scope_system(), err);
            if (!tx ||
                !removal_look_at_keys(tx, &last, before, KEYS_AT_ONCE, arena, &piece.keys, err))
                return false;
        }
        const struct key_row *keys = piece.keys.items;
        for (size_t i = 0; i < piece.keys.count; i++)
            any |= keys[i].stale;
        if (any && !run_all(history, &piece, err))
            return false;
        if (piece.keys.count < KEYS_AT_ONCE)
            return true;
        last = keys[piece.keys.count - 1];
        assert(last.key.len <= sizeof(last_key));
        memcpy(last_key, last.key.ptr, last.key.len);
        last.key.ptr = last_key;
        if (!pause_for(history, deadline_in_ms(1)))
            return false;
    }
}

/* Keys fall behind when executions go, and stay for a day: only then they are looked through. */
static bool keys_may_be_stale(struct history *history, int64_t removed_before)
{
    if (history->stats.executions > removed_before) /* written by this thread only */
        history->keys_until = deadline_in_ms(KEYS_KEPT_MS + KEYS_EVERY_MS);
    if (!deadline_passed(history->keys_due) || deadline_passed(history->keys_until))
        return false;
    history->keys_due = deadline_in_ms(KEYS_EVERY_MS);
    return true;
}

static bool look(struct history *history, struct error *err)
{
    int64_t removed = history->stats.executions;
    struct piece room = { .work = shrink };
    return clear_projects(history, err) && thin_out_all(history, err) &&
           (!keys_may_be_stale(history, removed) || thin_out_keys(history, err)) &&
           run_all(history, &room, err);
}

static void *run(void *context)
{
    struct history *history = context;
    do {
        struct error err = { 0 };
        bool ok = look(history, &err);
        if (!ok && err.code != ERR_NONE)
            log_warn("could not remove old history, trying again later", LOG_ERROR(&err));
        (void)pthread_mutex_lock(&history->lock);
        history->stats.looks += ok;
        history->stats.failures += !ok;
        (void)pthread_mutex_unlock(&history->lock);
    } while (pause_for(history, deadline_in_ms(history->config.every_ms)));
    return NULL;
}

/* --- opening and closing --- */

struct history *history_open(const struct history_config *config)
{
    struct history *history = NEW(history);
    (void)pthread_mutex_init(&history->lock, NULL);
    cond_init(&history->wake);
    history->config = *config;
    bool remote = store_is_remote(config->store);
    history->rows = remote ? REMOTE_ROWS_MIN : ROWS_FIRST;
    history->rows_min = remote ? REMOTE_ROWS_MIN : 1;
    history->piece_us = remote ? REMOTE_PIECE_US : PIECE_US;
    history->wall_ahead_us = instant_now().us - clock_us();
    history->clock_settled = history->keys_due = deadline_in_ms(0);
    history->keys_until = deadline_in_ms(KEYS_EVERY_MS); /* of the process before */
    history->thread = thread_start("history", run, history);
    return history;
}

void history_close(struct history *history)
{
    if (!history)
        return;
    (void)pthread_mutex_lock(&history->lock);
    history->closing = true;
    (void)pthread_mutex_unlock(&history->lock);
    (void)pthread_cond_signal(&history->wake);
    (void)pthread_join(history->thread, NULL);
    (void)pthread_cond_destroy(&history->wake);
    (void)pthread_mutex_destroy(&history->lock);
    free(history);
}

void history_stats(struct history *history, struct history_stats *out)
{
    (void)pthread_mutex_lock(&history->lock);
    *out = history->stats;
    (void)pthread_mutex_unlock(&history->lock);
}
