/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's life: opening and closing, the links that threads read over, a look for damage, numbers.
 * Writing: group.c.
 */
#include "store/store.h"

#include <stdlib.h>

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "store/migrate.h"
#include "store/store_internal.h"

/* A read link of one thread; a thread that reads while it reads gets a second one. */
struct reader {
    struct list_node node; /* in store->readers */
    struct store *store;
    struct reader *next; /* of the same thread */
    bool busy;
    struct tx tx;
};

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

const char *const store_check_names[] = { "none", "running", "ok", "damaged", "failed", NULL };

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
    store->group = group_new();
    if (pthread_key_create(&store->thread_readers, thread_readers_close) != 0)
        crash_fatal("the system has no key left for values of threads");
    if (!open_write_link(store, config->url, err) ||
        !migrate(store->driver, store->write_link, sqlite_migrations, err)) {
        store_free(store);
        return NULL;
    }
    writer_start(store);
    start_checker(store);
    return store;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    stop_checker(store);
    writer_stop(store);
    LIST_EACH(&store->readers, reader, node, reader)
    reader_close(reader);
    store_free(store);
}

struct str store_kind(const struct store *store)
{
    return str_from(store->driver->scheme);
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
