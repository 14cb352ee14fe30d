/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes, in groups, and who carries them out.
 *
 * A group is carried out by one thread at a time, who leads: the writer's, or one that was about to
 * go on with what the group makes possible. It is what waits when the leader comes round, up to
 * GROUP_MAX writes: one transaction, one sync. While it commits, the next group gathers by itself;
 * nobody waits on a timer. A group runs bare at first, because a savepoint for each write makes
 * SQLite copy every page that the write touches, for an undo that is hardly ever needed. When a write
 * fails, the group is rolled back and run again with savepoints, so that the others do not suffer;
 * that is why `run` may run twice.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "store/store_internal.h"

#define GROUP_MAX 256
#define IDLE_MS 1000

struct group {
    struct write *writes[GROUP_MAX];
    struct error errors[GROUP_MAX];
    bool failed[GROUP_MAX];
    size_t count;
};

struct group *group_new(void)
{
    return NEW(group);
}

/* --- one group --------------------------------------------------------------------------------- */

/* Runs the writes of a group. False when the whole group is lost, *err says why. */
static bool run_writes(struct store *store, struct group *group, struct tx *tx, bool savepoints,
                       struct error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        struct write *write = group->writes[i];
        group->failed[i] = false;
        if (store->driver->scope && !store->driver->scope(tx->link, &write->scope, err))
            return false;
        if (savepoints && !store->driver->savepoint(tx->link, err))
            return false;
        group->failed[i] = !write->run(tx, write, &group->errors[i]) ||
                           (savepoints && !store->driver->release(tx->link, &group->errors[i]));
        if (group->failed[i] && (!savepoints || group->errors[i].code == ERR_STORE_FULL)) {
            *err = group->errors[i];
            return false;
        }
        if (group->failed[i])
            store->driver->rollback_to_savepoint(tx->link);
    }
    return true;
}

static bool group_try(struct store *store, struct group *group, bool savepoints, bool *changed,
                      struct error *err)
{
    struct scope scope = group->writes[0]->scope;
    struct tx tx = { .driver = store->driver, .link = store->write_link };
    if (!store->driver->begin(tx.link, TX_WRITE, &scope, err))
        return false;
    bool ok = run_writes(store, group, &tx, savepoints, err);
    if (ok) {
        CRASH_POINT("store.before_commit");
        ok = store->driver->commit(tx.link, err);
        CRASH_POINT("store.after_commit");
    }
    if (!ok)
        store->driver->rollback(tx.link);
    *changed = tx.rights_changed;
    return ok;
}

static size_t size_class(size_t count)
{
    size_t at = 0;
    while (at + 1 < STORE_GROUP_SIZES && (size_t)1 << at < count)
        at++;
    return at;
}

static void note_group(struct store *store, const struct group *group, int64_t started_us)
{
    int64_t failed = 0, log_bytes = 0;
    for (size_t i = 0; i < group->count; i++)
        failed += group->failed[i];
    int64_t now = clock_us();
    if (store->driver->wal_bytes)
        log_bytes = store->driver->wal_bytes(store->write_link);
    (void)pthread_mutex_lock(&store->lock);
    store->stats.groups++;
    store->stats.group_sizes[size_class(group->count)]++;
    store->stats.writes += (int64_t)group->count;
    store->stats.failed_writes += failed;
    store->stats.commit_us_total += now - started_us;
    store->stats.wal_bytes = log_bytes;
    bool was_alarmed = store->stats.wal_alarm;
    bool alarmed = log_bytes > STORE_WAL_ALARM_BYTES;
    store->stats.wal_alarm = alarmed;
    (void)pthread_mutex_unlock(&store->lock);
    if (alarmed && !was_alarmed)
        log_warn("the store's log does not get shorter: a read lasts, or the disk is slow",
                 LOG_INT("bytes", log_bytes));
}

static void rights_changed(struct store *store)
{
    atomic_fetch_add(&store->rights_generation, 1);
    (void)pthread_mutex_lock(&store->lock);
    if (store->rights_changed)
        store->rights_changed(store->rights_context);
    (void)pthread_mutex_unlock(&store->lock);
}

/* Across a network others write, too: who lost a race to them finds what they wrote; and who lost the
 * way there may find it again. */
static bool may_be_tried_again(const struct store *store, const struct group *group,
                               const struct error *err)
{
    if (err->code == ERR_STORE_FULL || err->maybe_done)
        return false;
    return group->count > 1 ||
           (store->driver->remote && (err->code == ERR_CONFLICT || err->code == ERR_UNAVAILABLE));
}

static void group_run(struct store *store, struct group *group)
{
    int64_t started_us = clock_us();
    struct error err = { 0 };
    bool changed = false;
    bool ok = group_try(store, group, false, &changed, &err);
    if (!ok && may_be_tried_again(store, group, &err))
        ok = group_try(store, group, true, &changed, &err);
    if (!ok)
        for (size_t i = 0; i < group->count; i++) {
            group->failed[i] = true;
            group->errors[i] = err;
        }
    if (changed)
        rights_changed(store);
    note_group(store, group, started_us);
    for (size_t i = 0; i < group->count; i++)
        group->writes[i]->done(group->writes[i], group->failed[i] ? &group->errors[i] : NULL);
}

/* --- leading ----------------------------------------------------------------------------------- */

void store_wake(struct store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    bool wake = store->writer_waits;
    store->writer_waits = false; /* one wake is enough */
    (void)pthread_mutex_unlock(&store->lock);
    if (wake)
        (void)pthread_cond_signal(&store->wake);
}

/* Under the lock: from here on this thread leads. */
static void take_lead(struct store *store)
{
    store->leader = pthread_self();
    store->leading = true;
}

static void give_lead_up(struct store *store, bool tidy)
{
    (void)pthread_mutex_lock(&store->lock);
    store->tidy = tidy;
    store->leading = false;
    bool more = !list_empty(&store->queue);
    (void)pthread_mutex_unlock(&store->lock);
    if (more)
        store_wake(store);
}

/* Under the lock: the next group, and the lead with it. False when it is not to be had. */
static bool take_group(struct store *store)
{
    struct group *group = store->group;
    if (store->leading || list_empty(&store->queue))
        return false;
    take_lead(store);
    group->count = 0;
    while (group->count < GROUP_MAX && !list_empty(&store->queue))
        group->writes[group->count++] = LIST_ITEM(list_pop(&store->queue), write, node);
    return true;
}

static void carry_out_group(struct store *store)
{
    group_run(store, store->group);
    if (store->driver->tidy)
        store->driver->tidy(store->write_link, false);
    give_lead_up(store, false);
}

void store_carry_out(struct store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    bool mine = take_group(store);
    (void)pthread_mutex_unlock(&store->lock);
    if (mine)
        carry_out_group(store);
}

/* --- the writer -------------------------------------------------------------------------------- */

/* Nothing was written for a while. Under the lock, which is given up for it. */
static void tidy_up(struct store *store)
{
    take_lead(store);
    (void)pthread_mutex_unlock(&store->lock);
    if (store->driver->tidy)
        store->driver->tidy(store->write_link, true);
    give_lead_up(store, true);
    (void)pthread_mutex_lock(&store->lock);
}

/* Waits for a group; false when none will come any more. An idle second is used to tidy up. */
static bool gather(struct store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    struct deadline idle = deadline_in_ms(IDLE_MS);
    bool taken;
    while (!(taken = take_group(store)) && !store->stopping) {
        store->writer_waits = true;
        bool woken =
            cond_wait_until(&store->wake, &store->lock, store->tidy ? DEADLINE_NEVER : idle);
        store->writer_waits = false;
        if (woken)
            continue;
        if (!store->leading && list_empty(&store->queue))
            tidy_up(store);
        idle = deadline_in_ms(IDLE_MS);
    }
    (void)pthread_mutex_unlock(&store->lock);
    return taken;
}

static void *writer_main(void *context)
{
    struct store *store = context;
    while (gather(store))
        carry_out_group(store);
    return NULL;
}

void writer_start(struct store *store)
{
    store->writer = thread_start("store", writer_main, store);
}

void writer_stop(struct store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    store->stopping = true;
    (void)pthread_mutex_unlock(&store->lock);
    (void)pthread_cond_signal(&store->wake);
    (void)pthread_join(store->writer, NULL);
}

/* --- handing over ------------------------------------------------------------------------------ */

bool store_put(struct store *store, struct write *write)
{
    (void)pthread_mutex_lock(&store->lock);
    list_push(&store->queue, &write->node);
    bool alone = !store->leading;
    (void)pthread_mutex_unlock(&store->lock);
    return alone;
}

void store_submit(struct store *store, struct write *write)
{
    if (store_put(store, write))
        store_wake(store);
}

/* Whether this thread is in a callback of the store's. */
static bool leads(struct store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    bool leads = store->leading && pthread_equal(store->leader, pthread_self());
    (void)pthread_mutex_unlock(&store->lock);
    return leads;
}

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done, ok;
    struct error *err;
};

static void waiter_done(struct write *write, const struct error *err)
{
    struct waiter *waiter = write->waiter;
    (void)pthread_mutex_lock(&waiter->lock);
    waiter->is_done = true;
    waiter->ok = !err;
    if (err)
        *waiter->err = *err;
    (void)pthread_cond_signal(&waiter->done);
    (void)pthread_mutex_unlock(&waiter->lock);
}

bool store_write(struct store *store, struct write *write, struct error *err)
{
    assert(!leads(store)); /* it would wait for itself */
    struct waiter waiter = { .lock = PTHREAD_MUTEX_INITIALIZER, .err = err };
    cond_init(&waiter.done);
    write->waiter = &waiter;
    write->done = waiter_done;
    store_submit(store, write);
    (void)pthread_mutex_lock(&waiter.lock);
    while (!waiter.is_done)
        (void)cond_wait_until(&waiter.done, &waiter.lock, DEADLINE_NEVER);
    (void)pthread_mutex_unlock(&waiter.lock);
    (void)pthread_cond_destroy(&waiter.done);
    (void)pthread_mutex_destroy(&waiter.lock);
    return waiter.ok;
}
