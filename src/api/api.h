/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our procedures: tables of rows, one file a router, and what they work with.
 *
 * Reads answer at once on the HTTP thread; where the store is across a network, calls run on threads of
 * their own from the start. Writes are handed to the store, passwords and tests to
 * threads that may block, and starts to the engine: their calls are PENDING until one of those ends
 * them. The thread that read a request never waits.
 */
#ifndef API_API_H
#define API_API_H

#include "base/attr.h"
#include "base/str.h"
#include "base/time.h"
#include "rpc/procedure.h"
#include "rpc/trpc.h"

struct auth;
struct blocking;
struct egress;
struct engine;
struct keyring;
struct interrupt;
struct manager;
struct store;
struct test_gate;
struct watches;

/* Everything that procedures reach; made in app/server.c, which also closes it in reverse. */
struct services {
    struct store *store;
    struct auth *auth;
    struct keyring *keyring;
    struct manager *manager;
    const struct egress *egress;
    struct engine *engine;
    /* What is slow in one line keeps nobody waiting in another. */
    struct blocking *calling;        /* runs calls, when the store is across a network; or NULL */
    struct blocking *signing;        /* hashes passwords */
    struct blocking *testing;        /* tests connections */
    struct blocking *counting;       /* statistics */
    struct blocking *reading;        /* short reads behind a write */
    struct test_gate *test_gate;     /* how many tests, by whom: api/test_gate.h */
    const struct interrupt *closing; /* ends tests under way; or NULL */
    struct watches *watches;         /* open event streams: api/watch.h */
    struct str listen;               /* for system.status; absent: on no address */
    struct instant started_at;
};

/* All routers, NULL at the end: for rpc_new() and rpc_typescript(). */
extern const struct procedure *const api_tables[];

/* Runs work(argument), which may read the store of the services (context): here and now, or on a thread
 * that may wait for it. */
void api_dispatch(void (*work)(void *argument), void *argument, void *context);
/* How rpc reaches auth; the services must live as long as the rpc. */
struct rpc_hooks api_hooks(struct services *services);

#endif
