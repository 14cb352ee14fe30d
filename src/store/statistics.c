/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that statistics are made of. All of them are found by keys that begin with project and time. */
#include "store/statistics.h"

#include "store/executions.h"

bool statistics_executions(struct tx *tx, struct id project_id, struct id first, struct id before,
                           int64_t limit, struct arena *arena, struct array *out, struct error *err)
{
    static const struct field fields[] = {
        { FIELD("id", execution_fact, id, REQUIRED, "") },
        { FIELD("workflowId", execution_fact, workflow_id, REQUIRED, "") },
        { FIELD("workflowName", execution_fact, workflow_name, REQUIRED, "") },
        { FIELD_ENUM("status", execution_fact, status, REQUIRED, execution_status_names, "") },
        { FIELD("createdAt", execution_fact, created_at, REQUIRED, "") },
        { FIELD("startedAt", execution_fact, started_at, OPTIONAL, "") },
        { FIELD("finishedAt", execution_fact, finished_at, OPTIONAL, "") },
        { 0 },
    };
    static const struct shape shape = SHAPE(NULL, execution_fact, fields);
    static const struct sql sql =
        SQL("SELECT id, workflow_id, workflow_name, status, created_at, started_at, finished_at "
            "FROM workflow_executions WHERE project_id = $1 AND id >= $2 "
            "AND id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff') "
            "ORDER BY id DESC LIMIT $4");
    return tx_all(tx, &sql,
                  BINDS(bind_id(project_id), bind_id(first), bind_id(before), bind_int(limit)),
                  &shape, arena, out, err);
}

bool statistics_steps(struct tx *tx, struct id project_id, struct id first, struct id last,
                      struct arena *arena, struct array *out, struct error *err)
{
    static const struct field fields[] = {
        { FIELD("connectionId", step_fact, connection_id, REQUIRED, "") },
        { FIELD_ENUM("status", step_fact, status, REQUIRED, step_status_names, "") },
        { FIELD("attemptCount", step_fact, attempt_count, REQUIRED, "") },
        { FIELD("startedAt", step_fact, started_at, OPTIONAL, "") },
        { FIELD("finishedAt", step_fact, finished_at, OPTIONAL, "") },
        { 0 },
    };
    static const struct shape shape = SHAPE(NULL, step_fact, fields);
    /* CROSS: SQLite then joins in this order, each time by the whole key. */
    static const struct sql sql =
        SQL("SELECT c.connection_id, s.status, s.attempt_count, s.started_at, s.finished_at "
            "FROM workflow_executions e CROSS JOIN component_executions s "
            "CROSS JOIN workflow_connections c WHERE e.project_id = $1 AND e.id >= $2 "
            "AND e.id <= $3 AND s.project_id = e.project_id AND s.execution_id = e.id "
            "AND s.attempt_count > 0 AND c.project_id = e.project_id "
            "AND c.workflow_id = e.workflow_id AND c.version = e.workflow_version "
            "AND c.node_id = s.node_id");
    return tx_all(tx, &sql, BINDS(bind_id(project_id), bind_id(first), bind_id(last)), &shape,
                  arena, out, err);
}

bool statistics_connections(struct tx *tx, struct id project_id, struct arena *arena,
                            struct array *out, struct error *err)
{
    static const struct field fields[] = {
        { FIELD("id", connection_name, id, REQUIRED, "") },
        { FIELD("name", connection_name, name, REQUIRED, "") },
        { FIELD("connectionType", connection_name, connection_type, REQUIRED, "") },
        { FIELD("deleted", connection_name, deleted, REQUIRED, "") },
        { 0 },
    };
    static const struct shape shape = SHAPE(NULL, connection_name, fields);
    static const struct sql sql =
        SQL("SELECT id, name, connection_type, CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END "
            "AS deleted FROM project_connections WHERE project_id = $1");
    return tx_all(tx, &sql, BINDS(bind_id(project_id)), &shape, arena, out, err);
}
