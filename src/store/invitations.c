/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of invitations. */
#include "store/invitations.h"

#include "store/internal.h"
#include "store/projects.h"

static const struct field invitation_fields[] = {
    { FIELD("id", invitation_row, id, REQUIRED, "Id of the invitation.") },
    { FIELD("email", invitation_row, email, REQUIRED, "Address of who is invited.") },
    { FIELD_ENUM("role", invitation_row, role, REQUIRED, role_names, "What they will be.") },
    { FIELD("createdAt", invitation_row, created_at, REQUIRED, "When it was made.") },
    { FIELD("expiresAt", invitation_row, expires_at, REQUIRED, "When it ends by itself.") },
    { 0 },
};
const struct shape invitation_shape = SHAPE("Invitation", invitation_row, invitation_fields);

static const struct field found_fields[] = {
    { FIELD("id", invitation_row, id, REQUIRED, "") },
    { FIELD("projectId", invitation_row, project_id, REQUIRED, "") },
    { FIELD("email", invitation_row, email, REQUIRED, "") },
    { FIELD_ENUM("role", invitation_row, role, REQUIRED, role_names, "") },
    { FIELD("expiresAt", invitation_row, expires_at, REQUIRED, "") },
    { FIELD("projectName", invitation_row, project_name, REQUIRED, "") },
    { FIELD("inviter", invitation_row, inviter, OPTIONAL, "") },
    { 0 },
};
static const struct shape found_shape = SHAPE(NULL, invitation_row, found_fields);

/* With whoever made it, as an owner of today. */
#define COUNTING                                                                                   \
    "invitations i LEFT JOIN users u ON u.id = i.created_by AND u.disabled_at IS NULL"             \
    " LEFT JOIN project_members m"                                                                 \
    " ON m.project_id = i.project_id AND m.user_id = u.id AND m.role = 'owner'"
#define COUNTS(now) "i.expires_at > " now " AND (i.created_by IS NULL OR m.user_id IS NOT NULL)"

bool invitation_insert(struct tx *tx, const struct invitation_row *row, struct error *err)
{
    static const struct sql remove = SQL("DELETE FROM invitations WHERE project_id = $1"
                                         " AND (expires_at <= $2 OR lower(email) = lower($3))");
    static const struct sql count = SQL("SELECT count(*) FROM invitations WHERE project_id = $1");
    static const struct sql insert =
        SQL("INSERT INTO invitations"
            " (id, project_id, email, role, code_hash, created_by, created_at, expires_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    int64_t others;
    if (!tx_run(
            tx, &remove,
            BINDS(bind_id(row->project_id), bind_instant(row->created_at), bind_text(row->email)),
            NULL, err) ||
        !tx_int(tx, &count, BINDS(bind_id(row->project_id)), &others, err))
        return false;
    if (others >= INVITATIONS_MAX)
        return fail(err, ERR_CONFLICT, "this project has %d invitations that nobody has taken up",
                    INVITATIONS_MAX);
    return tx_run(tx, &insert,
                  BINDS(bind_id(row->id), bind_id(row->project_id), bind_text(row->email),
                        bind_text(str_from(role_names[row->role])), bind_text(row->code_hash),
                        bind_id(row->created_by), bind_instant(row->created_at),
                        bind_instant(row->expires_at)),
                  NULL, err);
}

bool invitation_list(struct tx *tx, struct id project_id, struct instant now, struct arena *arena,
                     struct array *out, struct error *err)
{
    static const struct sql sql =
        SQL("SELECT i.id, i.email, i.role, i.created_at, i.expires_at FROM " COUNTING
            " WHERE i.project_id = $1 AND " COUNTS("$2") " ORDER BY i.id DESC");
    return tx_all(tx, &sql, BINDS(bind_id(project_id), bind_instant(now)), &invitation_shape, arena,
                  out, err);
}

bool invitation_find(struct tx *tx, struct str code_hash, struct instant now, struct arena *arena,
                     struct invitation_row *out, bool *found, struct error *err)
{
    static const struct sql sql =
        SQL("SELECT i.id, i.project_id, i.email, i.role, i.expires_at,"
            " p.name AS project_name, u.name AS inviter FROM " COUNTING
            " JOIN projects p ON p.id = i.project_id WHERE i.code_hash = $1 AND " COUNTS("$2"));
    return tx_one(tx, &sql, BINDS(bind_text(code_hash), bind_instant(now)), &found_shape, arena,
                  out, found, err);
}

bool invitation_delete(struct tx *tx, struct id project_id, struct id id, struct error *err)
{
    static const struct sql sql = SQL("DELETE FROM invitations WHERE project_id = $1 AND id = $2");
    int64_t changes;
    return tx_run(tx, &sql, BINDS(bind_id(project_id), bind_id(id)), &changes, err) &&
           changed_one(changes, "invitation", err);
}
