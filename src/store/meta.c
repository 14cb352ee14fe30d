/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of server_meta. */
#include "store/meta.h"

#include "store/internal.h"

struct meta_row {
    struct str value;
};
static const struct field row_fields[] = {
    { FIELD("value", meta_row, value, REQUIRED, "") },
    { 0 },
};
static const struct shape row_shape = SHAPE(NULL, meta_row, row_fields);

bool meta_get(struct tx *tx, struct str name, struct arena *arena, struct str *out,
              struct error *err)
{
    static const struct sql sql = SQL("SELECT value FROM server_meta WHERE name = $1");
    struct meta_row row = { 0 };
    bool found;
    if (!tx_one(tx, &sql, BINDS(bind_text(name)), &row_shape, arena, &row, &found, err))
        return false;
    *out = row.value;
    return true;
}

bool meta_set(struct tx *tx, struct str name, struct str value, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO server_meta (name, value, updated_at) VALUES ($1, $2, $3)"
            " ON CONFLICT (name) DO UPDATE"
            " SET value = excluded.value, updated_at = excluded.updated_at");
    return tx_run(tx, &sql, BINDS(bind_text(name), bind_text(value), bind_instant(instant_now())),
                  NULL, err);
}

bool meta_delete(struct tx *tx, struct str name, bool *deleted, struct error *err)
{
    static const struct sql sql = SQL("DELETE FROM server_meta WHERE name = $1");
    int64_t changes;
    if (!tx_run(tx, &sql, BINDS(bind_text(name)), &changes, err))
        return false;
    if (deleted)
        *deleted = changes > 0;
    return true;
}

bool meta_size(struct tx *tx, struct store_size *out, struct error *err)
{
    static const struct {
        size_t member;
        struct sql sql;
    } sizes[] = {
        { offsetof(struct store_size, users), SQL("SELECT count(*) FROM users") },
        { offsetof(struct store_size, projects), SQL("SELECT count(*) FROM projects") },
        { offsetof(struct store_size, workflows),
          SQL("SELECT count(*) FROM workflows WHERE deleted_at IS NULL") },
        { offsetof(struct store_size, connections), SQL("SELECT count(*) FROM connection_places") },
    };
    if (!tx->driver->size(tx->link, &out->bytes, &out->free_bytes, err))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        if (!tx_int(tx, &sizes[i].sql, NO_BINDS, (int64_t *)((char *)out + sizes[i].member), err))
            return false;
    return true;
}
