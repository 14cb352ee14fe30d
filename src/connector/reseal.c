/* SPDX-License-Identifier: Apache-2.0 */
/* Seals of earlier builds, made anew at start. */
#include "connector/reseal.h"

#include "base/log.h"
#include "connector/sealed.h"
#include "store/connections.h"
#include "store/projects.h"
#include "vault/seal.h"

struct renewal {
    struct write write;
    struct connection_row *rows;
    struct str *was; /* of each: its connection_url; absent: stays as it is */
    size_t count;
};

static bool write_rows(struct tx *tx, struct write *write, struct error *err)
{
    const struct renewal *renewal = CONTAINER_OF(write, struct renewal, write);
    for (size_t i = 0; i < renewal->count; i++)
        if (str_set(renewal->was[i]) &&
            !connection_reseal(tx, &renewal->rows[i], renewal->was[i], err))
            return false;
    return true;
}

static struct project_key *open_key(struct store *store, const struct keyring *keyring,
                                    struct id project_id, struct arena *arena, struct error *err)
{
    struct str wrapped;
    AUTO(tx) tx = store_read(store, scope_project(project_id), err);
    if (!tx || !project_find_key(tx, project_id, arena, &wrapped, err))
        return NULL;
    return keyring_open_project_key(keyring, project_id, wrapped, err);
}

static bool renew(struct store *store, const struct keyring *keyring, struct arena *arena,
                  struct connection_row *row)
{
    struct error err = { 0 };
    struct str mode = row->tls_mode;
    AUTO(project_key) key = open_key(store, keyring, row->project_id, arena, &err);
    if (!key || !connection_row_reseal(key, arena, row, &err)) {
        log_warn("a connection's seal could not be renewed", LOG_ID("connection", row->id),
                 LOG_ERROR(&err));
        return false;
    }
    if (!str_eq(mode, row->tls_mode))
        log_warn("a connection with a caPem verifies its server from now on",
                 LOG_ID("connection", row->id), LOG_STR("was", mode), LOG_STR("is", row->tls_mode));
    return true;
}

static bool find_rows(struct store *store, struct id project_id, struct id after,
                      struct arena *arena, struct array *out, struct error *err)
{
    AUTO(tx) tx = store_read(store, scope_project(project_id), err);
    return tx && connection_sealed_like(tx, project_id, SEAL_OLDER, after, arena, out, err);
}

static bool reseal_project(struct store *store, const struct keyring *keyring, struct id project_id,
                           size_t *total, struct error *err)
{
    struct id last = { 0 };
    for (size_t found = CONNECTION_RESEAL_MAX; found == CONNECTION_RESEAL_MAX;) {
        AUTO(arena) arena = arena_new();
        struct array rows;
        if (!find_rows(store, project_id, last, arena, &rows, err))
            return false;
        struct renewal renewal = {
            .write = { .scope = scope_project(project_id), .run = write_rows },
            .rows = arena_array(arena, rows.count + 1, sizeof(struct connection_row)),
            .was = arena_array(arena, rows.count + 1, sizeof(struct str)),
            .count = rows.count,
        };
        memcpy(renewal.rows, rows.items, rows.count * sizeof(struct connection_row));
        for (size_t i = 0; i < rows.count; i++) {
            struct str was = renewal.rows[i].connection_url;
            bool renewed = renew(store, keyring, arena, &renewal.rows[i]);
            renewal.was[i] = renewed ? was : STR_NULL;
            *total += renewed;
            last = renewal.rows[i].id;
        }
        if (rows.count > 0 && !store_write(store, &renewal.write, err))
            return false;
        found = rows.count;
    }
    return true;
}

static bool find_projects(struct store *store, struct arena *arena, struct array *out,
                          struct error *err)
{
    AUTO(tx) tx = store_read(store, scope_system(), err);
    return tx && project_ids(tx, arena, out, err);
}

bool connections_reseal(struct store *store, const struct keyring *keyring, struct error *err)
{
    AUTO(arena) arena = arena_new();
    struct array projects;
    size_t total = 0;
    if (!find_projects(store, arena, &projects, err))
        return false;
    const struct project_row *rows = projects.items;
    for (size_t i = 0; i < projects.count; i++)
        if (!reseal_project(store, keyring, rows[i].id, &total, err))
            return false;
    if (total > 0)
        log_info("seals of an earlier build were renewed", LOG_INT("connections", (int64_t)total));
    return true;
}
