/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of workflows, their versions, and the connections that versions name. */
#include "store/workflows.h"

#include "store/executions.h"
#include "store/internal.h"

static const struct field problem_fields[] = {
    { FIELD("nodeId", workflow_problem, node_id, OPTIONAL, "Node at fault.") },
    { FIELD("field", workflow_problem, field, OPTIONAL, "Field of its config.") },
    { FIELD("message", workflow_problem, message, REQUIRED, "What is wrong.") },
    { 0 },
};
const struct shape workflow_problem_shape =
    SHAPE("WorkflowProblem", workflow_problem, problem_fields);

/* What both outputs say; a list says it in the same order, without the definition. */
#define FIELDS_BEFORE_DEFINITION                                                                   \
    { FIELD("id", workflow_row, id, REQUIRED, "Id of the workflow.") },                            \
        { FIELD("projectId", workflow_row, project_id, REQUIRED, "Project it belongs to.") },      \
        { FIELD("name", workflow_row, name, REQUIRED, "What people call it.") },                   \
        { FIELD("active", workflow_row, active, REQUIRED, "Whether its triggers fire.") },         \
    {                                                                                              \
        FIELD("version", workflow_row, version, REQUIRED, "Rises with each new definition.")       \
    }
#define FIELDS_BEHIND_DEFINITION                                                                   \
    { FIELD_LIST("problems", workflow_row, problems, REQUIRED, &workflow_problem_shape,            \
                 "What keeps it from running as it is.") },                                        \
        { FIELD("savedBy", workflow_row, saved_by, OPTIONAL,                                       \
                "Name of who saved the definition.") },                                            \
        { FIELD("savedAt", workflow_row, saved_at, REQUIRED, "When the definition was saved.") },  \
        { FIELD("createdAt", workflow_row, created_at, REQUIRED, "When it was made.") },           \
    {                                                                                              \
        FIELD("updatedAt", workflow_row, updated_at, REQUIRED, "When it was last changed.")        \
    }

static const struct field workflow_fields[] = {
    FIELDS_BEFORE_DEFINITION,
    { FIELD("definition", workflow_row, definition, REQUIRED, "Nodes and edges."),
      .look = LOOK_JSON_OBJECT },
    FIELDS_BEHIND_DEFINITION,
    { 0 },
};
const struct shape workflow_shape = SHAPE("Workflow", workflow_row, workflow_fields);

static const struct field last_fields[] = {
    { FIELD("executionId", workflow_last, execution_id, REQUIRED, "Id of the execution.") },
    { FIELD_ENUM("status", workflow_last, status, REQUIRED, execution_status_names,
                 "Where it stands.") },
    { FIELD("createdAt", workflow_last, created_at, REQUIRED, "When it was accepted.") },
    { 0 },
};
static const struct shape last_shape = SHAPE("LastExecution", workflow_last, last_fields);

static const struct field summary_fields[] = {
    FIELDS_BEFORE_DEFINITION,
    FIELDS_BEHIND_DEFINITION,
    { FIELD_SHAPE("lastExecution", workflow_row, last, OPTIONAL, &last_shape,
                  "The newest one; absent: it was never executed.") },
    { 0 },
};
const struct shape workflow_summary_shape = SHAPE("WorkflowSummary", workflow_row, summary_fields);

static const struct field row_fields[] = {
    { FIELD("id", workflow_row, id, REQUIRED, "") },
    { FIELD("projectId", workflow_row, project_id, REQUIRED, "") },
    { FIELD("name", workflow_row, name, REQUIRED, "") },
    { FIELD("active", workflow_row, active, REQUIRED, "") },
    { FIELD("version", workflow_row, version, REQUIRED, "") },
    { FIELD("definition", workflow_row, definition, REQUIRED, "") },
    { FIELD("savedBy", workflow_row, saved_by, OPTIONAL, "") },
    { FIELD("savedAt", workflow_row, saved_at, REQUIRED, "") },
    { FIELD("createdBy", workflow_row, created_by, OPTIONAL, "") },
    { FIELD("createdAt", workflow_row, created_at, REQUIRED, "") },
    { FIELD("updatedAt", workflow_row, updated_at, REQUIRED, "") },
    { 0 },
};
static const struct shape row_shape = SHAPE(NULL, workflow_row, row_fields);

/* --- writing --- */

/* The row stands only when the connection is, or was, one of the project's. */
static bool insert_use(struct tx *tx, const struct workflow_version *version,
                       const struct workflow_use *use, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO workflow_connections"
            " (project_id, workflow_id, version, node_id, node_name, connection_id)"
            " SELECT c.project_id, $2, $3, $4, $5, c.id FROM project_connections c"
            " WHERE c.project_id = $1 AND c.id = $6");
    int64_t changes;
    if (!tx_run(tx, &sql,
                BINDS(bind_id(version->project_id), bind_id(version->workflow_id),
                      bind_int(version->version), bind_text(use->node_id),
                      bind_text(use->node_name), bind_id(use->connection_id)),
                &changes, err))
        return false;
    return changes > 0 ||
           fail_field(err, ERR_BAD_REQUEST, "definition",
                      "node \"" STR_FMT "\" names a connection that this project does not have",
                      STR_ARG(use->node_id));
}

static bool insert_version(struct tx *tx, const struct workflow_version *version, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO workflow_versions"
            " (project_id, workflow_id, version, definition, created_by, created_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)");
    if (!tx_run(tx, &sql,
                BINDS(bind_id(version->project_id), bind_id(version->workflow_id),
                      bind_int(version->version), bind_json(version->definition),
                      bind_id(version->created_by), bind_instant(version->created_at)),
                NULL, err))
        return false;
    for (size_t i = 0; i < version->use_count; i++)
        if (!insert_use(tx, version, &version->uses[i], err))
            return false;
    return true;
}

bool workflow_insert(struct tx *tx, const struct workflow_row *row, const struct workflow_use *uses,
                     size_t use_count, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO workflows"
            " (project_id, id, name, active, version, created_by, created_at, updated_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    const struct workflow_version first = {
        .project_id = row->project_id,
        .workflow_id = row->id,
        .version = row->version,
        .definition = row->definition,
        .uses = uses,
        .use_count = use_count,
        .created_by = row->created_by,
        .created_at = row->created_at,
    };
    return tx_run(tx, &sql,
                  BINDS(bind_id(row->project_id), bind_id(row->id), bind_text(row->name),
                        bind_bool(row->active), bind_int(row->version), bind_id(row->created_by),
                        bind_instant(row->created_at), bind_instant(row->updated_at)),
                  NULL, err) &&
           insert_version(tx, &first, err);
}

bool workflow_update(struct tx *tx, struct id project_id, struct id id, struct str name,
                     bool active, struct instant at, struct error *err)
{
    static const struct sql sql = SQL("UPDATE workflows SET name = $3, active = $4, updated_at = $5"
                                      " WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL");
    int64_t changes;
    return tx_run(tx, &sql,
                  BINDS(bind_id(project_id), bind_id(id), bind_text(name), bind_bool(active),
                        bind_instant(at)),
                  &changes, err) &&
           changed_one(changes, "workflow", err);
}

/* Why a version could not follow the latest. Always false. */
static bool explain_version(struct tx *tx, const struct workflow_version *version,
                            struct error *err)
{
    static const struct sql sql = SQL("SELECT version FROM workflows WHERE project_id = $1"
                                      " AND id = $2 AND deleted_at IS NULL");
    int64_t now;
    if (!tx_int(tx, &sql, BINDS(bind_id(version->project_id), bind_id(version->workflow_id)), &now,
                err) ||
        !changed_one(now, "workflow", err))
        return false;
    return fail(err, ERR_CONFLICT,
                "the workflow was changed meanwhile: its version is %lld, not %lld", (long long)now,
                (long long)version->version - 1);
}

bool workflow_save_version(struct tx *tx, const struct workflow_version *version, struct error *err)
{
    static const struct sql sql =
        SQL("UPDATE workflows SET version = $3, updated_at = $4"
            " WHERE project_id = $1 AND id = $2 AND version = $3 - 1 AND deleted_at IS NULL");
    int64_t changes;
    if (!tx_run(tx, &sql,
                BINDS(bind_id(version->project_id), bind_id(version->workflow_id),
                      bind_int(version->version), bind_instant(version->created_at)),
                &changes, err))
        return false;
    return changes > 0 ? insert_version(tx, version, err) : explain_version(tx, version, err);
}

bool workflow_delete(struct tx *tx, struct id project_id, struct id id, struct instant at,
                     struct error *err)
{
    static const struct sql sql =
        SQL("UPDATE workflows SET deleted_at = $3, active = FALSE, updated_at = $3"
            " WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL");
    int64_t changes;
    return tx_run(tx, &sql, BINDS(bind_id(project_id), bind_id(id), bind_instant(at)), &changes,
                  err) &&
           changed_one(changes, "workflow", err);
}

/* --- reading --- */

#define SELECT_LATEST                                                                              \
    "SELECT w.id, w.project_id, w.name, w.active, w.version, v.definition,"                        \
    " (SELECT u.name FROM users u WHERE u.id = v.created_by) AS saved_by,"                         \
    " v.created_at AS saved_at, w.created_by, w.created_at, w.updated_at"                          \
    " FROM workflows w JOIN workflow_versions v"                                                   \
    " ON v.project_id = w.project_id AND v.workflow_id = w.id AND v.version = w.version"           \
    " WHERE w.project_id = $1 AND w.deleted_at IS NULL"

bool workflow_list(struct tx *tx, struct id project_id, struct arena *arena, struct array *out,
                   struct error *err)
{
    static const struct sql sql = SQL(SELECT_LATEST " ORDER BY w.id DESC");
    return tx_all(tx, &sql, BINDS(bind_id(project_id)), &row_shape, arena, out, err);
}

bool workflow_last_executions(struct tx *tx, struct id project_id, struct arena *arena,
                              struct array *out, struct error *err)
{
    static const struct field fields[] = {
        { FIELD("workflowId", workflow_last, workflow_id, REQUIRED, "") },
        { FIELD("executionId", workflow_last, execution_id, REQUIRED, "") },
        { FIELD_ENUM("status", workflow_last, status, REQUIRED, execution_status_names, "") },
        { FIELD("createdAt", workflow_last, created_at, REQUIRED, "") },
        { 0 },
    };
    static const struct shape shape = SHAPE(NULL, workflow_last, fields);
    /* One look at an index for each workflow, however long its history is. */
    static const struct sql sql =
        SQL("SELECT w.id AS workflow_id, e.id AS execution_id, e.status, e.created_at"
            " FROM workflows w JOIN workflow_executions e ON e.project_id = w.project_id"
            " AND e.id = (SELECT x.id FROM workflow_executions x WHERE x.project_id = w.project_id"
            " AND x.workflow_id = w.id ORDER BY x.id DESC LIMIT 1)"
            " WHERE w.project_id = $1 AND w.deleted_at IS NULL ORDER BY w.id DESC");
    return tx_all(tx, &sql, BINDS(bind_id(project_id)), &shape, arena, out, err);
}

bool workflow_find(struct tx *tx, struct id project_id, struct id id, struct arena *arena,
                   struct workflow_row *out, bool *found, struct error *err)
{
    static const struct sql sql = SQL(SELECT_LATEST " AND w.id = $2");
    return tx_one(tx, &sql, BINDS(bind_id(project_id), bind_id(id)), &row_shape, arena, out, found,
                  err);
}

bool workflow_find_version(struct tx *tx, struct id project_id, struct id id, int64_t version,
                           struct arena *arena, struct json_text *out, struct error *err)
{
    static const struct sql sql =
        SQL("SELECT definition FROM workflow_versions"
            " WHERE project_id = $1 AND workflow_id = $2 AND version = $3");
    struct workflow_row row;
    bool found;
    if (!tx_one(tx, &sql, BINDS(bind_id(project_id), bind_id(id), bind_int(version)), &row_shape,
                arena, &row, &found, err) ||
        !changed_one(found, "version of this workflow", err))
        return false;
    *out = row.definition;
    return true;
}
