/* SPDX-License-Identifier: Apache-2.0 */
/* One pool for each saved connection in use. */
#include "connector/manager.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "connector/sealed.h"
#include "store/connections.h"
#include "store/projects.h"
#include "vault/keyring.h"

struct entry {
    struct id project_id;
    struct pool *pool;
};

struct manager {
    pthread_mutex_t lock;
    struct map *entries; /* connection id → entry */
    struct map *formers; /* connection id → its pool before it was edited, while sessions are out */
    uint64_t changes;    /* rises with each manager_forget(): what was loaded before is stale */

    struct store *store;
    const struct keyring *keyring;
    const struct egress *egress;
};

struct manager *manager_new(const struct manager_config *config)
{
    struct manager *manager = NEW(manager);
    pthread_mutex_init(&manager->lock, NULL);
    manager->entries = map_new();
    manager->formers = map_new();
    manager->store = config->store;
    manager->keyring = config->keyring;
    manager->egress = config->egress;
    return manager;
}

static struct error changed(void)
{
    struct error err;
    (void)fail(&err, ERR_UNAVAILABLE, "the connection was changed");
    return err;
}

static void retire(struct entry *entry)
{
    struct error err = changed();
    pool_retire(entry->pool, &err);
    pool_unref(entry->pool);
    free(entry);
}

void manager_free(struct manager *manager)
{
    if (!manager)
        return;
    size_t at = 0;
    struct str key;
    void *entry;
    while (map_each(manager->entries, &at, &key, &entry))
        retire(entry);
    map_free(manager->entries);
    void *former;
    for (at = 0; map_each(manager->formers, &at, &key, &former);)
        pool_unref(former);
    map_free(manager->formers);
    pthread_mutex_destroy(&manager->lock);
    free(manager);
}

static void release(void *opened)
{
    opened_upstream_free(opened);
}

/* Loads the row, opens its seal, makes a pool that nobody knows yet. */
static struct pool *load(struct manager *manager, struct id project_id, struct id connection_id,
                         struct error *err)
{
    AUTO(arena) arena = arena_new();
    struct connection_row row;
    struct str wrapped;
    bool found;
    {
        AUTO(tx) tx = store_read(manager->store, scope_project(project_id), err);
        if (!tx || !connection_find_any(tx, project_id, connection_id, arena, &row, &found, err))
            return NULL;
        if (!found)
            return fail_null(err, ERR_CONNECTION_DELETED, "This connection was deleted");
        if (!project_find_key(tx, project_id, arena, &wrapped, err))
            return NULL;
    }
    AUTO(project_key) key = keyring_open_project_key(manager->keyring, project_id, wrapped, err);
    if (!key)
        return NULL;
    struct opened_upstream *opened = upstream_from_row(&row, key, manager->egress, err);
    return opened ? pool_new(&opened->upstream, release, opened) : NULL;
}

static struct pool *find(struct manager *manager, struct id project_id, struct id connection_id)
{
    struct entry *entry = map_find(manager->entries, id_key(&connection_id));
    return entry && id_eq(entry->project_id, project_id) ? pool_ref(entry->pool) : NULL;
}

/* Puts a loaded pool in place, unless it is stale. */
static bool put(struct manager *manager, struct id project_id, struct id connection_id,
                struct pool *pool, uint64_t changes)
{
    pthread_mutex_lock(&manager->lock);
    bool fresh = manager->changes == changes && !map_find(manager->entries, id_key(&connection_id));
    if (fresh) {
        struct entry *entry = NEW(entry);
        *entry = (struct entry){ project_id, pool_ref(pool) };
        struct pool *former = map_remove(manager->formers, id_key(&connection_id));
        if (former)
            pool_inherit(pool, former);
        pool_unref(former);
        (void)map_put(manager->entries, id_key(&connection_id), entry);
    }
    pthread_mutex_unlock(&manager->lock);
    return fresh;
}

struct pool *manager_pool(struct manager *manager, struct id project_id, struct id connection_id,
                          struct error *err)
{
    for (;;) {
        pthread_mutex_lock(&manager->lock);
        struct pool *pool = find(manager, project_id, connection_id);
        uint64_t changes = manager->changes;
        pthread_mutex_unlock(&manager->lock);
        if (pool)
            return pool;
        pool = load(manager, project_id, connection_id, err);
        if (!pool || put(manager, project_id, connection_id, pool, changes))
            return pool;
        pool_unref(pool); /* somebody else was faster, or it was changed meanwhile */
    }
}

void manager_forget(struct manager *manager, struct id connection_id)
{
    pthread_mutex_lock(&manager->lock);
    manager->changes++;
    struct entry *entry = map_remove(manager->entries, id_key(&connection_id));
    if (entry) {
        struct error err = changed();
        pool_seal(entry->pool, &err);
        pool_unref(map_put(manager->formers, id_key(&connection_id), pool_ref(entry->pool)));
    }
    pthread_mutex_unlock(&manager->lock);
    if (entry)
        retire(entry);
}

/* All pools, each referenced, and how many; the caller gives them back. */
static struct pool **all_pools(struct manager *manager, size_t *count)
{
    pthread_mutex_lock(&manager->lock);
    size_t used = 0, at = 0;
    struct pool **pools = xcalloc(map_count(manager->entries) + 1, sizeof(struct pool *));
    struct str key;
    void *entry;
    while (map_each(manager->entries, &at, &key, &entry))
        pools[used++] = pool_ref(((struct entry *)entry)->pool);
    pthread_mutex_unlock(&manager->lock);
    *count = used;
    return pools;
}

/* Forgets the former pools that have nothing out any more. */
static void drop_formers(struct manager *manager)
{
    size_t at = 0;
    struct str key;
    void *former;
    pthread_mutex_lock(&manager->lock);
    while (map_each(manager->formers, &at, &key, &former)) {
        struct pool_stats stats;
        struct id id; /* the key goes with its pair */
        pool_stats(former, &stats);
        if (stats.in_use > 0)
            continue;
        memcpy(id.bytes, key.ptr, sizeof(id.bytes));
        pool_unref(map_remove(manager->formers, id_key(&id)));
        at = 0; /* a map must not change while it is walked */
    }
    pthread_mutex_unlock(&manager->lock);
}

struct deadline manager_tick(struct manager *manager)
{
    drop_formers(manager);
    size_t count;
    struct pool **pools = all_pools(manager, &count);
    struct deadline next = DEADLINE_NEVER;
    for (size_t i = 0; i < count; i++) {
        next = deadline_earlier(next, pool_tick(pools[i]));
        pool_unref(pools[i]);
    }
    free(pools);
    return next;
}

void manager_stats(struct manager *manager, struct manager_stats *out)
{
    size_t count;
    struct pool **pools = all_pools(manager, &count);
    *out = (struct manager_stats){ .pools = (int64_t)count };
    for (size_t i = 0; i < count; i++) {
        struct pool_stats stats;
        pool_stats(pools[i], &stats);
        out->sum.max += stats.max;
        out->sum.in_use += stats.in_use;
        out->sum.idle += stats.idle;
        out->sum.waiting += stats.waiting;
        out->sum.opened += stats.opened;
        out->sum.closed += stats.closed;
        pool_unref(pools[i]);
    }
    free(pools);
}
