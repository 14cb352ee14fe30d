/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of server_meta. */
#include "store/meta.h"

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
