/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open event streams of executions.watch, and the thread that tells them what has changed.
 *
 * The engine says that something changed (engine/events.h); the teller looks at it once for all who
 * watch it, and sends each what it has not seen. Nobody waits for a stream: one that is slow is left
 * out until it has caught up, and then sees the state as it is by then.
 *
 * Rights are judged again when any right was taken away, before anything else is sent, and every
 * WATCH_JUDGE_MS, since tokens and sessions also end by themselves.
 */
#ifndef API_WATCH_H
#define API_WATCH_H

#include "base/attr.h"
#include "base/id.h"

#include <stddef.h>

struct engine;
struct events;
struct store;
struct watches;

/* Open streams at most: of all, of a user, of an address. */
#define WATCH_STREAMS_MAX 2048
#define WATCH_USER_MAX 64
#define WATCH_PEER_MAX 256
#define WATCH_JUDGE_MS 15000

/* All three must live longer. The store tells it of rights from now on. */
MUST_USE struct watches *watches_open(struct store *store, struct engine *engine,
                                      struct events *events);
/* When all streams are closed and no call can come. NULL is fine. */
void watches_close(struct watches *watches);
/* An execution came to this status without the engine.  Threads: any. */
void watches_publish(struct watches *watches, struct id project_id, struct id execution_id,
                     int status);
/* Open streams.  Threads: any. */
size_t watches_count(struct watches *watches);

#endif
