/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's life: opening and closing, a look for damage, numbers. Reading: readers.c; writing:
 * group.c.
 */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/thread.h"
#include "store/migrate.h"
#include "store/store_internal.h"

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
    struct link *link = store->driver->open(str_from(store->url), LINK_READ, err);
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
    if (!store->driver->was_unclean || !store->driver->was_unclean(store->write_link))
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

static const struct store_driver *find_driver(struct str url, struct error *err)
{
    static const struct store_driver *const drivers[] = { &sqlite_driver, &postgres_driver };
    for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
        for (const char *const *scheme = drivers[i]->schemes; *scheme; scheme++)
            if (str_starts(url, str_from(*scheme)))
                return drivers[i];
    /* Not the address itself: it may hold a password. */
    return fail_null(err, ERR_BAD_REQUEST,
                     "the store's address must begin with \"sqlite:\" or \"postgresql:\"");
}

bool store_url_is_remote(struct str url)
{
    struct error ignored;
    const struct store_driver *driver = find_driver(url, &ignored);
    return driver && driver->remote;
}

/* One process owns a database of its own, and keeps its schema up to date; one that several share has
 * an owner. */
static bool open_write_link(struct store *store, struct str url, bool serves, struct error *err)
{
    store->driver = find_driver(url, err);
    if (!store->driver)
        return false;
    store->url = xstrdup(url);
    store->write_link = store->driver->open(url, serves ? LINK_SERVE : LINK_WRITE, err);
    if (!store->write_link)
        return false;
    if (!store->driver->remote)
        return migrate(store->driver, store->write_link, err);
    if (!store->driver->judge(store->write_link, err))
        return false;
    bool fits = migrate_check(store->driver, store->write_link, err);
    if (!fits && err->code == ERR_BAD_REQUEST)
        err->hint = "as the owner of the database: tieline migrate --store postgresql://OWNER@…";
    return fits;
}

bool store_migrate(struct str url, struct error *err)
{
    const struct store_driver *driver = find_driver(url, err);
    struct link *link = driver ? driver->open(url, LINK_OWNER, err) : NULL;
    bool ok = link && migrate(driver, link, err);
    if (link)
        driver->close(link);
    return ok;
}

static void store_free(struct store *store)
{
    readers_close(store);
    if (store->write_link)
        store->driver->close(store->write_link);
    (void)pthread_cond_destroy(&store->wake);
    (void)pthread_mutex_destroy(&store->lock);
    free(store->group);
    if (store->url)
        secret_wipe(store->url, strlen(store->url));
    free(store->url);
    free(store);
}

struct store *store_open(const struct store_config *config, struct error *err)
{
    struct store *store = NEW(store);
    (void)pthread_mutex_init(&store->lock, NULL);
    cond_init(&store->wake);
    list_init(&store->queue);
    readers_init(store);
    store->group = group_new();
    if (!open_write_link(store, config->url, config->serves, err)) {
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
    store_free(store);
}

struct str store_kind(const struct store *store)
{
    return str_from(store->driver->name);
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
