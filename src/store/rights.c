/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a user may see. Each look goes from the user's memberships to keys that begin with the
 * project: rows of foreign projects are not even touched, so that they take no time of their own.
 */
#include "store/rights.h"

static const struct field right_fields[] = {
    { FIELD("projectId", right_row, project_id, REQUIRED, "") },
    { FIELD_ENUM("role", right_row, role, REQUIRED, role_names, "") },
    { 0 },
};
static const struct shape right_shape = SHAPE(NULL, right_row, right_fields);

#define OF(table, more)                                                                            \
    SQL("SELECT m.project_id, m.role FROM project_members m JOIN " table                           \
        " t ON t.project_id = m.project_id AND t.id = $2 WHERE m.user_id = $1" more)

#define OF_ANY(table, more)                                                                        \
    SQL("SELECT p.id AS project_id, 'owner' AS role FROM projects p JOIN " table                   \
        " t ON t.project_id = p.id AND t.id = $1" more)

static bool find_of_any(struct tx *tx, enum right_subject subject, struct id id,
                        struct right_row *out, bool *found, struct error *err)
{
    static const struct sql statements[] = {
        [RIGHT_OF_PROJECT] =
            SQL("SELECT id AS project_id, 'owner' AS role FROM projects WHERE id = $1"),
        [RIGHT_OF_CONNECTION] = OF_ANY("connection_places", ""),
        [RIGHT_OF_WORKFLOW] = OF_ANY("workflows", " AND t.deleted_at IS NULL"),
        [RIGHT_OF_EXECUTION] = OF_ANY("workflow_executions", ""),
    };
    return tx_one(tx, &statements[subject], BINDS(bind_id(id)), &right_shape, NULL, out, found,
                  err);
}

bool right_find(struct tx *tx, enum right_subject subject, struct id user_id, struct id id,
                struct right_row *out, bool *found, struct error *err)
{
    static const struct sql statements[] = {
        [RIGHT_OF_PROJECT] = SQL("SELECT project_id, role FROM project_members"
                                 " WHERE user_id = $1 AND project_id = $2"),
        [RIGHT_OF_CONNECTION] = OF("project_connections", " AND t.deleted_at IS NULL"),
        [RIGHT_OF_WORKFLOW] = OF("workflows", " AND t.deleted_at IS NULL"),
        [RIGHT_OF_EXECUTION] = OF("workflow_executions", ""),
    };
    if (!id_set(user_id))
        return find_of_any(tx, subject, id, out, found, err);
    /* No arena: neither member is a text. */
    return tx_one(tx, &statements[subject], BINDS(bind_id(user_id), bind_id(id)), &right_shape,
                  NULL, out, found, err);
}
