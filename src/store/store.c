/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: readers, one link a thread; and writes, in groups.
 *
 * A group is carried out by one thread at a time, who leads: the writer's, or one that was about to
 * go on with what the group makes possible. It is what waits when the leader comes round, up to
 * GROUP_MAX writes: one transaction, one sync. While it commits, the next group gathers by itself;
 * nobody waits on a timer. A group runs bare at first, because a savepoint for each write makes
 * SQLite copy every page that the write touches, for an undo that is hardly ever needed. When a write
 * fails, the group is rolled back and run again with savepoints, so that the others do not suffer;
 * that is why `run` may run twice.
 */
#include "store/store.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "store/driver.h"
#include "store/internal.h"
#include "store/migrate.h"

#define GROUP_MAX 256
#define IDLE_MS 1000

/* A read link of one thread; a thread that reads while it reads gets a second one. */
struct reader {
    struct list_node node; /* in store->readers */
    struct store *store;
    struct reader *next; /* of the same thread */
    bool busy;
    struct tx tx;
};

struct group {
    struct write *writes[GROUP_MAX];
    struct error errors[GROUP_MAX];
    bool failed[GROUP_MAX];
    size_t count;
};

struct store {
    pthread_mutex_t lock;
    struct list queue; /* of struct write */
    bool writer_waits, stopping;
    bool tidy;        /* nothing was written since the log was carried over */
    bool leading;     /* somebody is at a group */
    pthread_t leader; /* who, then */
    struct list readers;
    struct store_stats stats;
    /* The lock guards what stands above. */
    pthread_cond_t wake;
    const struct store_driver *driver;
    char *url;
    pthread_t checker;
    bool checking; /* there is such a thread to be joined */
    atomic_bool check_stop;
    pthread_key_t thread_readers; /* the calling thread's struct reader list */
    pthread_t writer;
    struct link *write_link; /* the leader's own, and so is what follows */
    struct group *group;
    _Atomic uint64_t rights_generation;
    void (*rights_changed)(void *context); /* under the lock, as the next */
    void *rights_context;
};

/* --- groups --- */

/* Runs the writes of a group. False when the whole group is lost, *err says why. */
static bool run_writes(struct store *store, struct group *group, struct tx *tx, bool savepoints,
                       struct error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        struct write *write = group->writes[i];
        group->failed[i] = false;
        if (savepoints && !store->driver->savepoint(tx->link, err))
            return false;
        group->failed[i] = !write->run(tx, write, &group->errors[i]);
        if (group->failed[i] && (!savepoints || group->errors[i].code == ERR_STORE_FULL)) {
            *err = group->errors[i];
            return false;
        }
        if (group->failed[i])
            store->driver->rollback_to_savepoint(tx->link);
        else if (savepoints && !store->driver->release(tx->link, err))
            return false;
    }
    return true;
}

static bool group_try(struct store *store, struct group *group, bool savepoints, bool *changed,
                      struct error *err)
{
    struct scope scope = group->count == 1 ? group->writes[0]->scope : scope_system();
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
    int64_t failed = 0;
    for (size_t i = 0; i < group->count; i++)
        failed += group->failed[i];
    int64_t now = clock_us();
    (void)pthread_mutex_lock(&store->lock);
    store->stats.groups++;
    store->stats.group_sizes[size_class(group->count)]++;
    store->stats.writes += (int64_t)group->count;
    store->stats.failed_writes += failed;
    store->stats.commit_us_total += now - started_us;
    store->stats.wal_bytes = store->driver->wal_bytes(store->write_link);
    bool was_alarmed = store->stats.wal_alarm;
    bool alarmed = store->stats.wal_bytes > STORE_WAL_ALARM_BYTES;
    store->stats.wal_alarm = alarmed;
    (void)pthread_mutex_unlock(&store->lock);
    if (alarmed && !was_alarmed)
        log_warn("the store's log does not get shorter: a read lasts, or the disk is slow",
                 LOG_INT("bytes", store->driver->wal_bytes(store->write_link)));
}

static void rights_changed(struct store *store)
{
    atomic_fetch_add(&store->rights_generation, 1);
    (void)pthread_mutex_lock(&store->lock);
    if (store->rights_changed)
        store->rights_changed(store->rights_context);
    (void)pthread_mutex_unlock(&store->lock);
}

static void group_run(struct store *store, struct group *group)
{
    int64_t started_us = clock_us();
    struct error err = { 0 };
    bool changed = false;
    bool ok = group_try(store, group, false, &changed, &err);
    if (!ok && group->count > 1 && err.code != ERR_STORE_FULL)
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

/* --- leading --- */

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
    store->driver->tidy(store->write_link, false);
    give_lead_up(store, false);
}

bool store_carry_out(struct store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    bool mine = take_group(store);
    (void)pthread_mutex_unlock(&store->lock);
    if (mine)
        carry_out_group(store);
    return mine;
}

/* --- the writer --- */

/* Nothing was written for a while. Under the lock, which is given up for it. */
static void tidy_up(struct store *store)
{
    take_lead(store);
    (void)pthread_mutex_unlock(&store->lock);
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

/* --- readers --- */

static struct reader *reader_open(struct store *store, struct error *err)
{
    struct link *link = store->driver->open(str_from(store->url), false, err);
    if (!link)
        return NULL;
    struct reader *reader = NEW(reader);
    reader->store = store;
    reader->tx = (struct tx){ .driver = store->driver, .link = link, .reader = reader };
    reader->next = pthread_getspecific(store->thread_readers);
    (void)pthread_mutex_lock(&store->lock);
    list_push(&store->readers, &reader->node);
    (void)pthread_mutex_unlock(&store->lock);
    if (pthread_setspecific(store->thread_readers, reader) != 0)
        crash_fatal("out of memory: no place for a thread's own value");
    return reader;
}

static void reader_close(struct reader *reader)
{
    reader->store->driver->close(reader->tx.link);
    free(reader);
}

/* When a thread ends. */
static void thread_readers_close(void *readers)
{
    struct reader *reader = readers;
    while (reader) {
        struct reader *next = reader->next;
        struct store *store = reader->store;
        (void)pthread_mutex_lock(&store->lock);
        list_remove(&reader->node);
        (void)pthread_mutex_unlock(&store->lock);
        reader_close(reader);
        reader = next;
    }
}

struct tx *store_read(struct store *store, struct scope scope, struct error *err)
{
    struct reader *reader = pthread_getspecific(store->thread_readers);
    while (reader && reader->busy)
        reader = reader->next;
    if (!reader && !(reader = reader_open(store, err)))
        return NULL;
    if (!store->driver->begin(reader->tx.link, TX_READ, &scope, err))
        return NULL;
    reader->busy = true;
    return &reader->tx;
}

void tx_end(struct tx *tx)
{
    if (!tx)
        return;
    tx->driver->rollback(tx->link); /* nothing was written */
    tx->reader->busy = false;
}

/* --- a look for damage --- */

const char *const store_check_names[] = { "none", "running", "ok", "damaged", "failed" };

static void note_check(struct store *store, enum store_check check)
{
    (void)pthread_mutex_lock(&store->lock);
    store->stats.check = check;
    (void)pthread_mutex_unlock(&store->lock);
}

static enum store_check look_for_damage(struct store *store, struct error *err)
{
    char found[256];
    struct link *link = store->driver->open(str_from(store->url), false, err);
    bool ok = link && store->driver->check(link, &store->check_stop, found, sizeof(found), err);
    store->driver->close(link);
    if (!ok)
        return STORE_CHECK_FAILED;
    if (found[0] == '\0')
        return STORE_CHECK_OK;
    (void)fail(err, ERR_INTERNAL, "%s", found);
    return STORE_CHECK_DAMAGED;
}

static void *checker_main(void *context)
{
    struct store *store = context;
    struct error err = { 0 };
    int64_t started_us = clock_us();
    enum store_check check = look_for_damage(store, &err);
    int64_t ms = (clock_us() - started_us) / 1000;
    if (atomic_load(&store->check_stop))
        return NULL;
    note_check(store, check);
    if (check == STORE_CHECK_OK)
        log_info("the store was not closed the last time; it is sound", LOG_INT("ms", ms));
    else
        log_error(check == STORE_CHECK_DAMAGED
                      ? "the store is damaged: restore a copy of it"
                      : "the store was not closed the last time, and could not be checked",
                  LOG_ERROR(&err));
    return NULL;
}

static void start_checker(struct store *store)
{
    if (!store->driver->was_unclean(store->write_link))
        return;
    store->stats.check = STORE_CHECK_RUNNING;
    store->checker = thread_start("check", checker_main, store);
    store->checking = true;
}

static void stop_checker(struct store *store)
{
    atomic_store(&store->check_stop, true);
    if (store->checking)
        (void)pthread_join(store->checker, NULL);
}

/* --- opening and closing --- */

static bool open_write_link(struct store *store, struct str url, struct error *err)
{
    if (!str_starts(url, STR("sqlite:")))
        return fail(err, ERR_BAD_REQUEST, "the store's address must begin with \"sqlite:\"");
    store->driver = &sqlite_driver;
    store->url = xstrdup(str_slice(url, 7, url.len));
    store->write_link = store->driver->open(str_from(store->url), true, err);
    return store->write_link != NULL;
}

static void store_free(struct store *store)
{
    if (store->write_link)
        store->driver->close(store->write_link);
    (void)pthread_cond_destroy(&store->wake);
    (void)pthread_mutex_destroy(&store->lock);
    (void)pthread_key_delete(store->thread_readers);
    free(store->group);
    free(store->url);
    free(store);
}

struct store *store_open(const struct store_config *config, struct error *err)
{
    struct store *store = NEW(store);
    (void)pthread_mutex_init(&store->lock, NULL);
    cond_init(&store->wake);
    list_init(&store->queue);
    list_init(&store->readers);
    store->group = NEW(group);
    if (pthread_key_create(&store->thread_readers, thread_readers_close) != 0)
        crash_fatal("the system has no key left for values of threads");
    if (!open_write_link(store, config->url, err) ||
        !migrate(store->driver, store->write_link, sqlite_migrations, err)) {
        store_free(store);
        return NULL;
    }
    store->writer = thread_start("store", writer_main, store);
    start_checker(store);
    return store;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    stop_checker(store);
    (void)pthread_mutex_lock(&store->lock);
    store->stopping = true;
    (void)pthread_mutex_unlock(&store->lock);
    (void)pthread_cond_signal(&store->wake);
    (void)pthread_join(store->writer, NULL);
    LIST_EACH(&store->readers, reader, node, reader)
    reader_close(reader);
    store_free(store);
}

bool store_is_remote(const struct store *store)
{
    return store->driver->remote;
}

uint64_t store_rights_generation(const struct store *store)
{
    return atomic_load(&store->rights_generation);
}

void store_on_rights_changed(struct store *store, void (*changed)(void *context), void *context)
{
    (void)pthread_mutex_lock(&store->lock);
    store->rights_changed = changed;
    store->rights_context = context;
    (void)pthread_mutex_unlock(&store->lock);
}

void store_stats(struct store *store, struct store_stats *out)
{
    (void)pthread_mutex_lock(&store->lock);
    *out = store->stats;
    (void)pthread_mutex_unlock(&store->lock);
}
