/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of tokens. */
#include "store/tokens.h"

#include "store/internal.h"

const char *const token_access_names[] = { NULL, "read", "write", NULL };

static const struct field token_fields[] = {
    { FIELD("id", token_row, id, REQUIRED, "Id of the token, not its secret.") },
    { FIELD("name", token_row, name, REQUIRED, "What it is for.") },
    { FIELD("prefix", token_row, prefix, REQUIRED, "How its secret begins.") },
    { FIELD_ENUM("access", token_row, access, REQUIRED, token_access_names,
                 "read: queries only.") },
    { FIELD("createdAt", token_row, created_at, REQUIRED, "When it was made.") },
    { FIELD("expiresAt", token_row, expires_at, OPTIONAL, "When it ends by itself.") },
    { FIELD("lastUsedAt", token_row, last_used_at, OPTIONAL, "Last use, to the minute.") },
    { 0 },
};
const struct shape token_shape = SHAPE("Token", token_row, token_fields);

static const struct field row_fields[] = {
    { FIELD("id", token_row, id, REQUIRED, "") },
    { FIELD("userId", token_row, user_id, REQUIRED, "") },
    { FIELD("name", token_row, name, REQUIRED, "") },
    { FIELD("prefix", token_row, prefix, REQUIRED, "") },
    { FIELD("tokenHash", token_row, token_hash, REQUIRED, "") },
    { FIELD_ENUM("access", token_row, access, REQUIRED, token_access_names, "") },
    { FIELD("createdAt", token_row, created_at, REQUIRED, "") },
    { FIELD("expiresAt", token_row, expires_at, OPTIONAL, "") },
    { FIELD("lastUsedAt", token_row, last_used_at, OPTIONAL, "") },
    { FIELD("admin", token_row, admin, REQUIRED, "") },
    { 0 },
};
static const struct shape row_shape = SHAPE(NULL, token_row, row_fields);

bool token_insert(struct tx *tx, const struct token_row *row, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO tokens (id, user_id, name, prefix, token_hash, access, created_at,"
            " expires_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    return tx_run(tx, &sql,
                  BINDS(bind_id(row->id), bind_id(row->user_id), bind_text(row->name),
                        bind_text(row->prefix), bind_text(row->token_hash),
                        bind_text(str_from(token_access_names[row->access])),
                        bind_instant(row->created_at), bind_instant(row->expires_at),
                        bind_instant(row->last_used_at)),
                  NULL, err);
}

bool token_list(struct tx *tx, struct id user_id, struct arena *arena, struct array *out,
                struct error *err)
{
    static const struct sql sql =
        SQL("SELECT id, user_id, name, prefix, access, created_at, expires_at, last_used_at"
            " FROM tokens WHERE user_id = $1 ORDER BY id DESC");
    return tx_all(tx, &sql, BINDS(bind_id(user_id)), &row_shape, arena, out, err);
}

bool token_find_by_prefix(struct tx *tx, struct str prefix, struct arena *arena, struct array *out,
                          struct error *err)
{
    static const struct sql sql =
        SQL("SELECT t.id, t.user_id, t.name, t.prefix, t.token_hash, t.access, t.created_at,"
            " t.expires_at, t.last_used_at, u.admin"
            " FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.prefix = $1"
            " AND u.disabled_at IS NULL");
    return tx_all(tx, &sql, BINDS(bind_text(prefix)), &row_shape, arena, out, err);
}

bool token_set_used(struct tx *tx, struct id id, struct instant at, struct error *err)
{
    static const struct sql sql = SQL("UPDATE tokens SET last_used_at = $2 WHERE id = $1");
    return tx_run(tx, &sql, BINDS(bind_id(id), bind_instant(at)), NULL, err);
}

bool token_delete(struct tx *tx, struct id user_id, struct id id, struct error *err)
{
    static const struct sql sql = SQL("DELETE FROM tokens WHERE user_id = $1 AND id = $2");
    tx_rights_changed(tx);
    int64_t changes;
    return tx_run(tx, &sql, BINDS(bind_id(user_id), bind_id(id)), &changes, err) &&
           changed_one(changes, "token", err);
}
