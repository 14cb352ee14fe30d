/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of users. */
#include "store/users.h"

#include "store/internal.h"
#include "store/sessions.h"

static const struct field user_fields[] = {
    { FIELD("id", user_row, id, REQUIRED, "Id of the user.") },
    { FIELD("name", user_row, name, REQUIRED, "What people call them.") },
    { FIELD("email", user_row, email, REQUIRED, "Address they sign in with.") },
    { FIELD("admin", user_row, admin, REQUIRED, "Manages users and the server.") },
    { FIELD("createdAt", user_row, created_at, REQUIRED, "When the user was added.") },
    { FIELD("disabledAt", user_row, disabled_at, OPTIONAL,
            "Since when they may not sign in; absent: they may.") },
    { 0 },
};
const struct shape user_shape = SHAPE("User", user_row, user_fields);

static const struct field row_fields[] = {
    { FIELD("id", user_row, id, REQUIRED, "") },
    { FIELD("email", user_row, email, REQUIRED, "") },
    { FIELD("name", user_row, name, REQUIRED, "") },
    { FIELD("passwordHash", user_row, password_hash, REQUIRED, "") },
    { FIELD("admin", user_row, admin, REQUIRED, "") },
    { FIELD("createdAt", user_row, created_at, REQUIRED, "") },
    { FIELD("updatedAt", user_row, updated_at, REQUIRED, "") },
    { FIELD("disabledAt", user_row, disabled_at, OPTIONAL, "") },
    { 0 },
};
static const struct shape row_shape = SHAPE(NULL, user_row, row_fields);

#define COLUMNS "id, email, name, password_hash, admin, created_at, updated_at, disabled_at"

bool user_insert(struct tx *tx, const struct user_row *row, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO users (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    return tx_run(tx, &sql,
                  BINDS(bind_id(row->id), bind_text(row->email), bind_text(row->name),
                        bind_text(row->password_hash), bind_bool(row->admin),
                        bind_instant(row->created_at), bind_instant(row->updated_at),
                        bind_instant(row->disabled_at)),
                  NULL, err) ||
           fail_taken(err, "email", "a user with the address", row->email);
}

bool user_find(struct tx *tx, struct id id, struct arena *arena, struct user_row *out, bool *found,
               struct error *err)
{
    static const struct sql sql = SQL("SELECT " COLUMNS " FROM users WHERE id = $1");
    return tx_one(tx, &sql, BINDS(bind_id(id)), &row_shape, arena, out, found, err);
}

bool user_find_by_email(struct tx *tx, struct str email, struct arena *arena, struct user_row *out,
                        bool *found, struct error *err)
{
    static const struct sql sql =
        SQL("SELECT " COLUMNS " FROM users WHERE lower(email) = lower($1)");
    return tx_one(tx, &sql, BINDS(bind_text(email)), &row_shape, arena, out, found, err);
}

bool user_list(struct tx *tx, struct str email, struct arena *arena, struct array *out,
               struct error *err)
{
    static const struct sql all = SQL("SELECT " COLUMNS " FROM users ORDER BY lower(email)");
    static const struct sql one =
        SQL("SELECT " COLUMNS " FROM users WHERE lower(email) = lower($1)");
    return str_set(email) ? tx_all(tx, &one, BINDS(bind_text(email)), &row_shape, arena, out, err)
                          : tx_all(tx, &all, NO_BINDS, &row_shape, arena, out, err);
}

static bool count_admins(struct tx *tx, int64_t *out, struct error *err)
{
    static const struct sql sql =
        SQL("SELECT count(*) FROM users WHERE admin AND disabled_at IS NULL");
    return tx_int(tx, &sql, NO_BINDS, out, err);
}

bool user_update(struct tx *tx, const struct user_row *row, struct error *err)
{
    static const struct sql sql = SQL("UPDATE users SET name = $2, admin = $3, disabled_at = $4,"
                                      " updated_at = $5 WHERE id = $1");
    int64_t changes, before, after;
    tx_rights_changed(tx);
    if (!count_admins(tx, &before, err) ||
        !tx_run(tx, &sql,
                BINDS(bind_id(row->id), bind_text(row->name), bind_bool(row->admin),
                      bind_instant(row->disabled_at), bind_instant(row->updated_at)),
                &changes, err) ||
        !changed_one(changes, "user", err) || !count_admins(tx, &after, err))
        return false;
    if (before > 0 && after == 0)
        return fail(err, ERR_CONFLICT, "the server needs an administrator: this is the last one");
    return !instant_set(row->disabled_at) || session_delete_others(tx, row->id, ID_NONE, err);
}

bool user_set_seen(struct tx *tx, struct id id, struct instant at, struct error *err)
{
    static const struct sql sql = SQL("UPDATE users SET last_seen_at = $2 WHERE id = $1");
    return tx_run(tx, &sql, BINDS(bind_id(id), bind_instant(at)), NULL, err);
}

bool user_count(struct tx *tx, int64_t *out, struct error *err)
{
    static const struct sql sql = SQL("SELECT count(*) FROM users");
    return tx_int(tx, &sql, NO_BINDS, out, err);
}

bool user_set_password(struct tx *tx, struct id id, struct str password_hash, struct instant at,
                       struct id keep, struct error *err)
{
    static const struct sql sql =
        SQL("UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1");
    int64_t changes;
    return tx_run(tx, &sql, BINDS(bind_id(id), bind_text(password_hash), bind_instant(at)),
                  &changes, err) &&
           changed_one(changes, "user", err) && session_delete_others(tx, id, keep, err);
}
