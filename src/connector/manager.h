/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a saved connection to its pool: loads the row, checks it against its seal, opens the seal,
 * keeps one pool for each (connection, secret version and config), and retires it when the
 * connection is edited or deleted; what the pool before still has open counts against the next one's
 * cap. Also tests connections, on sessions of their own.
 *
 * The only code beside sealing (connector/sealed.h) that sees a plain URL.
 */
#ifndef CONNECTOR_MANAGER_H
#define CONNECTOR_MANAGER_H

#include "base/attr.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "connector/connector.h"
#include "connector/pool.h"

struct store;
struct keyring;
struct egress;
struct manager;

struct manager_config {
    struct store *store;
    const struct keyring *keyring;
    const struct egress *egress;
};

MUST_USE struct manager *manager_new(const struct manager_config *config);
/* Retires all pools and frees; borrowed sessions must have come back. */
void manager_free(struct manager *manager);

/*
 * The pool of a connection of this project, referenced for the caller.
 *   Fails   CONNECTION_DELETED (also for one that never was, or another project's),
 *           CONNECTION_UNREADABLE (the seal does not open, or clear columns differ from it)
 *   Blocks  on a read of the store the first time, then not.  Threads: any.
 */
MUST_USE struct pool *manager_pool(struct manager *manager, struct id project_id,
                                   struct id connection_id, struct error *err);

/* The connection was changed or deleted: its pool is retired; the next asker loads it anew. */
void manager_forget(struct manager *manager, struct id connection_id);
/* Ticks all pools; returns when to be called again. */
struct deadline manager_tick(struct manager *manager);

struct manager_stats {
    int64_t pools;
    struct pool_stats sum; /* over all of them */
};
void manager_stats(struct manager *manager, struct manager_stats *out);

#endif
