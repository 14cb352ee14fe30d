/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links that reads go over.
 *
 * Of a database in this process each thread has one of its own, and another one should it read while
 * it reads: nobody waits. Across a network links are few and lent: who finds none free waits for one.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/crash.h"
#include "base/mem.h"
#include "base/thread.h"
#include "store/store_internal.h"

#define LENT_MAX 12
#define LENT_WAIT_MS 5000

struct reader {
    struct list_node node; /* in store->readers */
    struct list_node free; /* in store->free_readers */
    struct store *store;
    struct reader *next; /* of the same thread */
    bool busy;
    struct tx tx;
};

static struct reader *reader_open(struct store *store, struct error *err)
{
    struct link *link = store->driver->open(str_from(store->url), LINK_READ, err);
    if (!link)
        return NULL;
    struct reader *reader = NEW(reader);
    reader->store = store;
    reader->tx = (struct tx){ .driver = store->driver, .link = link, .reader = reader };
    (void)pthread_mutex_lock(&store->lock);
    list_push(&store->readers, &reader->node);
    (void)pthread_mutex_unlock(&store->lock);
    return reader;
}

static void reader_close(struct reader *reader)
{
    reader->store->driver->close(reader->tx.link);
    free(reader);
}

/* --- one for each thread --- */

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

static struct reader *own_reader(struct store *store, struct error *err)
{
    struct reader *first = pthread_getspecific(store->thread_readers), *reader = first;
    while (reader && reader->busy)
        reader = reader->next;
    if (reader || !(reader = reader_open(store, err)))
        return reader;
    reader->next = first;
    if (pthread_setspecific(store->thread_readers, reader) != 0)
        crash_fatal("out of memory: no place for a thread's own value");
    return reader;
}

/* --- lent --- */

static void reader_return(struct store *store, struct reader *reader)
{
    (void)pthread_mutex_lock(&store->lock);
    if (reader)
        list_push_front(&store->free_readers, &reader->free);
    else
        store->lent_readers--;
    (void)pthread_cond_signal(&store->reader_freed);
    (void)pthread_mutex_unlock(&store->lock);
}

static struct reader *borrow_reader(struct store *store, struct error *err)
{
    struct deadline by = deadline_in_ms(LENT_WAIT_MS);
    bool in_time = true;
    (void)pthread_mutex_lock(&store->lock);
    while (in_time && list_empty(&store->free_readers) && store->lent_readers == LENT_MAX)
        in_time = cond_wait_until(&store->reader_freed, &store->lock, by);
    struct list_node *node = list_pop(&store->free_readers);
    bool may_open = !node && store->lent_readers < LENT_MAX;
    store->lent_readers += may_open;
    (void)pthread_mutex_unlock(&store->lock);
    if (node)
        return LIST_ITEM(node, reader, free);
    if (!may_open)
        return fail_null(err, ERR_UNAVAILABLE, "the store is busy: no session was free in time");
    struct reader *reader = reader_open(store, err);
    if (!reader)
        reader_return(store, NULL);
    return reader;
}

/* --- both --- */

struct tx *store_read(struct store *store, struct scope scope, struct error *err)
{
    bool lent = store->driver->remote;
    struct reader *reader = lent ? borrow_reader(store, err) : own_reader(store, err);
    if (!reader)
        return NULL;
    if (!store->driver->begin(reader->tx.link, TX_READ, &scope, err)) {
        if (lent)
            reader_return(store, reader);
        return NULL;
    }
    reader->busy = true;
    return &reader->tx;
}

void tx_end(struct tx *tx)
{
    if (!tx)
        return;
    struct reader *reader = tx->reader;
    tx->driver->rollback(tx->link); /* nothing was written */
    reader->busy = false;
    if (tx->driver->remote)
        reader_return(reader->store, reader);
}

void readers_init(struct store *store)
{
    list_init(&store->readers);
    list_init(&store->free_readers);
    cond_init(&store->reader_freed);
    if (pthread_key_create(&store->thread_readers, thread_readers_close) != 0)
        crash_fatal("the system has no key left for values of threads");
}

void readers_close(struct store *store)
{
    LIST_EACH(&store->readers, reader, node, reader)
    reader_close(reader);
    (void)pthread_cond_destroy(&store->reader_freed);
    (void)pthread_key_delete(store->thread_readers);
}
