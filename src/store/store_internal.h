/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the store share: its state (store.c makes it, group.c writes with it). */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include "store/driver.h"
#include "store/internal.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

struct group;

struct store {
    pthread_mutex_t lock;
    struct list queue; /* of struct write */
    bool writer_waits, stopping;
    bool tidy;                         /* nothing was written since the log was carried over */
    bool leading;                      /* somebody is at a group */
    pthread_t leader;                  /* who, then */
    struct list readers, free_readers; /* readers.c */
    unsigned lent_readers;             /* open, or being opened, to be lent */
    struct store_stats stats;
    /* The lock guards what stands above. */
    pthread_cond_t wake;
    const struct store_driver *driver;
    char *url; /* may hold a password: for opening links only */
    pthread_t checker;
    bool checking; /* there is such a thread to be joined */
    atomic_bool check_stop;
    pthread_key_t thread_readers; /* the calling thread's struct reader list */
    pthread_cond_t reader_freed;
    pthread_t writer;
    struct link *write_link; /* the leader's own, and so is what follows */
    struct group *group;
    _Atomic uint64_t rights_generation;
    void (*rights_changed)(void *context); /* under the lock, as the next */
    void *rights_context;
};

/* readers.c */
void readers_init(struct store *store);
/* When nobody reads any more. */
void readers_close(struct store *store);

/* Room for a group; free() ends it. */
struct group *group_new(void);
/* The thread that writes what nobody else carries out. */
void writer_start(struct store *store);
/* Ends it behind the last write that was handed over.  Blocks. */
void writer_stop(struct store *store);

#endif
