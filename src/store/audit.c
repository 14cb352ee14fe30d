/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of audit_log. */
#include "store/audit.h"

static const struct field row_fields[] = {
    { FIELD("id", audit_row, id, REQUIRED, "") },
    { FIELD("projectId", audit_row, project_id, OPTIONAL, "") },
    { FIELD("userId", audit_row, user_id, OPTIONAL, "") },
    { FIELD("action", audit_row, action, REQUIRED, "") },
    { FIELD("subjectId", audit_row, subject_id, OPTIONAL, "") },
    { FIELD("detail", audit_row, detail, OPTIONAL, "") },
    { FIELD("createdAt", audit_row, created_at, REQUIRED, "") },
    { 0 },
};
static const struct shape row_shape = SHAPE(NULL, audit_row, row_fields);

#define COLUMNS "id, project_id, user_id, action, subject_id, detail, created_at"

bool audit_insert(struct tx *tx, const struct audit_row *row, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO audit_log (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7)");
    struct id id = id_set(row->id) ? row->id : id_new();
    struct instant at = instant_set(row->created_at) ? row->created_at : instant_now();
    return tx_later(tx, &sql,
                    BINDS(bind_id(id), bind_id(row->project_id), bind_id(row->user_id),
                          bind_text(row->action), bind_id(row->subject_id), bind_json(row->detail),
                          bind_instant(at)),
                    err);
}

bool audit_list(struct tx *tx, struct id project_id, int64_t limit, struct arena *arena,
                struct array *out, struct error *err)
{
    static const struct sql of_project =
        SQL("SELECT " COLUMNS " FROM audit_log WHERE project_id = $1 ORDER BY id DESC LIMIT $2");
    static const struct sql of_none =
        SQL("SELECT " COLUMNS " FROM audit_log WHERE project_id IS NULL ORDER BY id DESC LIMIT $2");
    return tx_all(tx, id_set(project_id) ? &of_project : &of_none,
                  BINDS(bind_id(project_id), bind_int(limit)), &row_shape, arena, out, err);
}
