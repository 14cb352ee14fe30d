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
    { 0 },
};
static const struct shape row_shape = SHAPE(NULL, user_row, row_fields);

#define COLUMNS "id, email, name, password_hash, admin, created_at, updated_at"

bool user_insert(struct tx *tx, const struct user_row *row, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO users (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7)");
    return tx_run(tx, &sql,
                  BINDS(bind_id(row->id), bind_text(row->email), bind_text(row->name),
                        bind_text(row->password_hash), bind_bool(row->admin),
                        bind_instant(row->created_at), bind_instant(row->updated_at)),
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
