/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam between the engine and who watches executions: it carries the news that something has
 * changed, not what. Who is told looks for himself, so that a slow one never holds the engine up and
 * sees fewer states instead of late ones. Nothing is done while nobody watches.
 *
 *     engine ──publish──► topics (an execution, a project) ──► changed ──wait──► who tells
 *
 * A project's topic also keeps which executions came to which status, the last EVENTS_KEPT of them,
 * so that nobody needs to look at all of its executions.
 */
#ifndef ENGINE_EVENTS_H
#define ENGINE_EVENTS_H

#include "base/attr.h"
#include "base/id.h"
#include "base/list.h"
#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct events;

#define EVENTS_KEPT 1024

/* An execution came to a status (enum execution_status). */
struct event {
    struct id execution_id;
    int status;
};

/* What is watched. Embed it, zeroed but for the ids. */
struct topic {
    struct id project_id;
    struct id execution_id;                 /* none: the project's executions */
    struct list_node bucket, changed_place; /* the hub's own, as all below */
    struct event *kept;                     /* of a project: event n is kept[n % EVENTS_KEPT] */
    uint64_t count;                         /* of events so far */
};

MUST_USE struct events *events_new(void);
/* After all topics were removed. NULL is fine. */
void events_free(struct events *events);

/* From now on the topic is told of changes.  Threads: any. */
void events_add(struct events *events, struct topic *topic);
void events_remove(struct events *events, struct topic *topic);

/*
 * An execution has changed; `turned`: it came to this status just now. One atomic load when nobody
 * watches.  Blocks: no.  Threads: any; takes no other lock.
 */
void events_publish(struct events *events, struct id project_id, struct event event, bool turned);

/* As if it had changed. */
void events_touch(struct events *events, struct topic *topic);
/* Makes events_wait() return without a topic. */
void events_poke(struct events *events);
/*
 * The next topic that has changed since it was last given, or NULL: poked, or `by` has passed. Each
 * is given once however often it changed.  Threads: one.
 */
struct topic *events_wait(struct events *events, struct deadline by);

/* How many events a project's topic has had. */
uint64_t events_count(struct events *events, const struct topic *topic);
/*
 * Copies up to `max` events from number `from` on, oldest first, and gives how many. False when the
 * oldest of them are not kept any more.
 */
MUST_USE bool events_read(struct events *events, const struct topic *topic, uint64_t from,
                          struct event *out, size_t max, size_t *got);

#endif
