/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of executions.watch share: watch.c (streams, who may have one, the teller's rounds)
 * and watch_tell.c (what is sent).
 *
 * The place in a sequence of events, which their ids name, is a number that only rises, of one
 * watched thing: of an execution its revision (each step, and the execution itself, has the revision
 * at which it changed last), of a project the number of its event. The ids begin with a tag that no
 * other process and no later watching has: with another one, a client is told everything again. Only
 * an execution's last event has an id that holds for ever, so that its end is never told twice.
 *
 * Locks: watches->lock guards the lists; a stream's lock guards its call, and is held while it is
 * written to. Order: watches, then a stream's.
 */
#ifndef API_WATCH_INTERNAL_H
#define API_WATCH_INTERNAL_H

#include "api/watch.h"
#include "base/error.h"
#include "base/list.h"
#include "base/str.h"
#include "engine/events.h"
#include "rpc/procedure.h"
#include "schema/field.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WATCH_TAG_LEN 16
#define WATCH_PEER_SIZE 64
/* In place of a number: the first page of a project was not sent to its end. */
#define WATCH_UNFINISHED "first"
/* A stream with so much unsent text gets no more until it has taken half of it. */
#define WATCH_BACKLOG_MAX ((size_t)256 * 1024)

/* One part of an execution as it was last seen. */
struct mark {
    uint64_t look;     /* a sum over what is shown of it; 0: not seen yet */
    uint64_t revision; /* at which it came to look so */
};

/* Something watched: an execution, or a project's executions. */
struct watched {
    struct topic topic;
    char tag[WATCH_TAG_LEN + 1];
    struct list_node node; /* under watches->lock, as the next two */
    struct list streams;
    int64_t left_at_us; /* since when nobody watches; 0: somebody does */
    /* The teller's own: */
    bool again;        /* the store could not be read: look once more */
    unsigned failures; /* so often in a row */
    uint64_t revision;
    struct mark execution, *steps;
    size_t step_count;
};

struct stream {
    struct list_node node; /* in watched->streams */
    struct watched *watched;
    atomic_int refs;
    struct id user_id;
    char peer[WATCH_PEER_SIZE];
    /* The teller's own from the first round on: */
    bool fresh;        /* has seen nothing */
    bool has_seen_end; /* by the id that it came with */
    bool lost_track;   /* it came with the id of an event that cannot be found any more */
    uint64_t seen;     /* everything up to this revision, or event */
    pthread_mutex_t lock;
    /* Under the lock: */
    struct call *call; /* NULL: over, or the client is gone */
    bool lagging;      /* has to take what it got before it gets more */
};

struct watches {
    struct store *store;
    struct engine *engine;
    struct events *events;
    pthread_t teller;
    atomic_bool ending;
    pthread_mutex_t lock;
    struct list all; /* of struct watched */
    size_t watched_count, stream_count;
    /* The teller's own: */
    uint64_t judged; /* generation of rights */
    struct arena *arena;
};

/* Output of the procedure. */
extern const struct shape watch_event_shape;

/* The streams of one thing, held for one round. */
struct audience {
    struct stream **streams;
    size_t count;
};

/* watch.c: ends a stream; nothing is sent behind that. */
void stream_end(struct stream *stream, const struct error *err);
/* Ends those that may not watch any more, if rights have changed since that was last judged. */
void watches_judge(struct watches *watches, bool always);

/* watch_tell.c: what each has not seen yet. */
void tell_execution(struct watches *watches, struct watched *watched, const struct audience *to);
void tell_project(struct watches *watches, struct watched *watched, const struct audience *to);

#endif
