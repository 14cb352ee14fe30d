/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tRPC protocol over HTTP: from an exchange to calls of procedures and back. Follows what the
 * official server and client 11.25 do: single calls, batches, JSON lines, server-sent events; the
 * order of checks is part of the protocol.
 */
#ifndef RPC_TRPC_H
#define RPC_TRPC_H

#include "base/attr.h"
#include "base/buf.h"
#include "http/server.h"
#include "rpc/procedure.h"

#define RPC_BATCH_MAX 100

/* How rpc reaches what lies to its right. */
struct rpc_hooks {
    /* Finds out who calls, once a request. Not signed in is no failure; a bad token is. */
    bool (*authenticate)(const struct http_request *request, struct arena *arena,
                         struct caller *out, void *services, struct error *err);
    /* May this caller do this? Checks the procedure's right; sets call->project_id and role. */
    bool (*permit)(struct call *call, const void *input, struct error *err);
    /*
     * Runs work(argument) on some thread that may block, or NULL: calls run on the HTTP thread. Set
     * when the store is across a network.
     */
    void (*dispatch)(void (*work)(void *argument), void *argument, void *services);
    void *services;
};

struct rpc;

/* tables: arrays of procedures, NULL at the end; all must live as long. Two equal paths: assertion. */
MUST_USE struct rpc *rpc_new(const struct procedure *const *tables, const struct rpc_hooks *hooks);
/* After all calls have ended. */
void rpc_free(struct rpc *rpc);

/* Handler of the route "/trpc/"; the context is the rpc. */
void rpc_handle(struct exchange *exchange, void *context);

/* For http_config.overdue: what a call gets that nobody ended in time. */
extern const struct http_response rpc_overdue;

/*
 * A member of `connectionParams`, which event streams send in place of headers; absent when there is
 * none. For the authenticate hook. Never log it.
 */
struct str rpc_connection_param(const struct http_request *http, struct arena *arena,
                                struct str name);

/* Appends the TypeScript of all procedures: interfaces, then `AppRouter`. */
void rpc_typescript(const struct procedure *const *tables, struct buf *out);
/* Appends a JSON list of them: path, kind, right needed, what it is about, doc. */
void rpc_list(const struct procedure *const *tables, struct buf *out);

#endif
