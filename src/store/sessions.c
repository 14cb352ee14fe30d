/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of sessions and sign_in_codes. */
#include "store/sessions.h"

static const struct field row_fields[] = {
    { FIELD("id", session_row, id, REQUIRED, "") },
    { FIELD("userId", session_row, user_id, REQUIRED, "") },
    { FIELD("createdAt", session_row, created_at, REQUIRED, "") },
    { FIELD("expiresAt", session_row, expires_at, REQUIRED, "") },
    { FIELD("admin", session_row, admin, REQUIRED, "") },
    { FIELD("lastSeenAt", session_row, last_seen_at, OPTIONAL, "") },
    { 0 },
};
static const struct shape row_shape = SHAPE(NULL, session_row, row_fields);

bool session_insert(struct tx *tx, const struct session_row *row, struct error *err)
{
    static const struct sql remove_expired = SQL("DELETE FROM sessions WHERE expires_at < $1");
    static const struct sql insert =
        SQL("INSERT INTO sessions (id, token_hash, user_id, created_at, expires_at)"
            " VALUES ($1, $2, $3, $4, $5)");
    return tx_run(tx, &remove_expired, BINDS(bind_instant(row->created_at)), NULL, err) &&
           tx_run(tx, &insert,
                  BINDS(bind_id(row->id), bind_text(row->token_hash), bind_id(row->user_id),
                        bind_instant(row->created_at), bind_instant(row->expires_at)),
                  NULL, err);
}

bool session_find(struct tx *tx, struct str token_hash, struct arena *arena,
                  struct session_row *out, bool *found, struct error *err)
{
    static const struct sql sql =
        SQL("SELECT s.id, s.user_id, s.created_at, s.expires_at, u.admin,"
            " u.last_seen_at FROM sessions s JOIN users u ON u.id = s.user_id"
            " WHERE s.token_hash = $1 AND u.disabled_at IS NULL");
    return tx_one(tx, &sql, BINDS(bind_text(token_hash)), &row_shape, arena, out, found, err);
}

bool session_delete(struct tx *tx, struct id id, struct error *err)
{
    static const struct sql sql = SQL("DELETE FROM sessions WHERE id = $1");
    tx_rights_changed(tx);
    return tx_run(tx, &sql, BINDS(bind_id(id)), NULL, err);
}

bool session_delete_others(struct tx *tx, struct id user_id, struct id keep, struct error *err)
{
    static const struct sql others = SQL("DELETE FROM sessions WHERE user_id = $1 AND id <> $2");
    static const struct sql all = SQL("DELETE FROM sessions WHERE user_id = $1");
    static const struct sql code = SQL("DELETE FROM sign_in_codes WHERE user_id = $1");
    tx_rights_changed(tx);
    if (!tx_run(tx, &code, BINDS(bind_id(user_id)), NULL, err))
        return false;
    if (!id_set(keep))
        return tx_run(tx, &all, BINDS(bind_id(user_id)), NULL, err);
    return tx_run(tx, &others, BINDS(bind_id(user_id), bind_id(keep)), NULL, err);
}

/* --- codes --- */

static const struct field code_fields[] = {
    { FIELD("userId", session_row, user_id, REQUIRED, "") },
    { FIELD("expiresAt", session_row, expires_at, REQUIRED, "") },
    { 0 },
};
static const struct shape code_shape = SHAPE(NULL, session_row, code_fields);

bool sign_in_code_set(struct tx *tx, struct id user_id, struct str code_hash,
                      struct instant expires_at, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO sign_in_codes (user_id, code_hash, expires_at) VALUES ($1, $2, $3)"
            " ON CONFLICT (user_id) DO UPDATE"
            " SET code_hash = excluded.code_hash, expires_at = excluded.expires_at");
    return tx_run(tx, &sql, BINDS(bind_id(user_id), bind_text(code_hash), bind_instant(expires_at)),
                  NULL, err);
}

bool sign_in_code_take(struct tx *tx, struct str code_hash, struct instant now, struct id *user_id,
                       bool *found, struct error *err)
{
    static const struct sql find =
        SQL("SELECT user_id, expires_at FROM sign_in_codes WHERE code_hash = $1");
    static const struct sql remove = SQL("DELETE FROM sign_in_codes WHERE code_hash = $1");
    struct session_row row;
    /* No arena: neither member is a text. */
    if (!tx_one(tx, &find, BINDS(bind_text(code_hash)), &code_shape, NULL, &row, found, err) ||
        !tx_run(tx, &remove, BINDS(bind_text(code_hash)), NULL, err))
        return false;
    *found = *found && row.expires_at.us > now.us;
    if (*found)
        *user_id = row.user_id;
    return true;
}
