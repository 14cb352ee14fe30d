/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of project_connections, and who uses them. */
#include "store/connections.h"

#include "store/internal.h"

static const struct field connection_fields[] = {
    { FIELD("id", connection_row, id, REQUIRED, "Id of the connection.") },
    { FIELD("projectId", connection_row, project_id, REQUIRED, "Project it belongs to.") },
    { FIELD("connectionType", connection_row, connection_type, REQUIRED,
            "Kind of upstream: postgresql, redis.") },
    { FIELD("name", connection_row, name, REQUIRED, "What people call it.") },
    { FIELD("connectionUrl", connection_row, url_redacted, REQUIRED,
            "As it was typed, the password masked.") },
    { FIELD("config", connection_row, config, REQUIRED, "Pool, time-outs and TLS, as given.") },
    { FIELD("createdBy", connection_row, created_by, OPTIONAL, "User who made it.") },
    { FIELD("createdAt", connection_row, created_at, REQUIRED, "When it was made.") },
    { FIELD("updatedAt", connection_row, updated_at, REQUIRED, "When it was last changed.") },
    { 0 },
};
const struct shape connection_shape = SHAPE("Connection", connection_row, connection_fields);

static const struct field row_fields[] = {
    { FIELD("id", connection_row, id, REQUIRED, "") },
    { FIELD("projectId", connection_row, project_id, REQUIRED, "") },
    { FIELD("connectionType", connection_row, connection_type, REQUIRED, "") },
    { FIELD("name", connection_row, name, REQUIRED, "") },
    { FIELD("connectionUrl", connection_row, connection_url, REQUIRED, "") },
    { FIELD("urlRedacted", connection_row, url_redacted, REQUIRED, "") },
    { FIELD("config", connection_row, config, REQUIRED, "") },
    { FIELD("host", connection_row, host, REQUIRED, "") },
    { FIELD("port", connection_row, port, REQUIRED, "") },
    { FIELD("tlsMode", connection_row, tls_mode, REQUIRED, "") },
    { FIELD("secretVersion", connection_row, secret_version, REQUIRED, "") },
    { FIELD("clientKey", connection_row, client_key, OPTIONAL, "") },
    { FIELD("createdBy", connection_row, created_by, OPTIONAL, "") },
    { FIELD("createdAt", connection_row, created_at, REQUIRED, "") },
    { FIELD("updatedAt", connection_row, updated_at, REQUIRED, "") },
    { FIELD("deletedAt", connection_row, deleted_at, OPTIONAL, "") },
    { 0 },
};
static const struct shape row_shape = SHAPE(NULL, connection_row, row_fields);

/* What the output says; a list is asked for so often that every further column would show. */
#define SHOWN_COLUMNS                                                                              \
    "id, project_id, connection_type, name, url_redacted, config, created_by, created_at,"         \
    " updated_at"
#define ALL_COLUMNS                                                                                \
    SHOWN_COLUMNS                                                                                  \
    ", host, port, tls_mode, secret_version, deleted_at, connection_url, client_key"

bool connection_insert(struct tx *tx, const struct connection_row *row, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO project_connections (id, project_id, connection_type, name,"
            " connection_url, url_redacted, config, host, port, tls_mode, secret_version,"
            " client_key, created_by, created_at, updated_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)");
    return tx_run(tx, &sql,
                  BINDS(bind_id(row->id), bind_id(row->project_id), bind_text(row->connection_type),
                        bind_text(row->name), bind_text(row->connection_url),
                        bind_text(row->url_redacted), bind_json(row->config), bind_text(row->host),
                        bind_int(row->port), bind_text(row->tls_mode),
                        bind_int(row->secret_version), bind_text(row->client_key),
                        bind_id(row->created_by), bind_instant(row->created_at),
                        bind_instant(row->updated_at)),
                  NULL, err) ||
           fail_taken(err, "name", "a connection", row->name);
}

bool connection_update(struct tx *tx, const struct connection_row *row, struct instant was,
                       struct error *err)
{
    static const struct sql sql =
        SQL("UPDATE project_connections SET name = $4, connection_url = $5, url_redacted = $6,"
            " config = $7, host = $8, port = $9, tls_mode = $10, secret_version = $11,"
            " client_key = $12, updated_at = $13"
            " WHERE project_id = $1 AND id = $2 AND updated_at = $3 AND deleted_at IS NULL");
    static const struct sql still_there =
        SQL("SELECT count(*) FROM project_connections"
            " WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL");
    int64_t changes, there;
    if (!tx_run(tx, &sql,
                BINDS(bind_id(row->project_id), bind_id(row->id), bind_instant(was),
                      bind_text(row->name), bind_text(row->connection_url),
                      bind_text(row->url_redacted), bind_json(row->config), bind_text(row->host),
                      bind_int(row->port), bind_text(row->tls_mode), bind_int(row->secret_version),
                      bind_text(row->client_key), bind_instant(row->updated_at)),
                &changes, err))
        return fail_taken(err, "name", "a connection", row->name);
    if (changes > 0)
        return true;
    if (!tx_int(tx, &still_there, BINDS(bind_id(row->project_id), bind_id(row->id)), &there, err) ||
        !changed_one(there, "connection", err))
        return false;
    return fail(err, ERR_CONFLICT, "the connection was changed by someone else meanwhile");
}

bool connection_delete(struct tx *tx, struct id project_id, struct id id, struct instant at,
                       struct error *err)
{
    static const struct sql sql =
        SQL("UPDATE project_connections SET connection_url = '', client_key = NULL,"
            " deleted_at = $3, updated_at = $3"
            " WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL");
    int64_t changes;
    return tx_run(tx, &sql, BINDS(bind_id(project_id), bind_id(id), bind_instant(at)), &changes,
                  err) &&
           changed_one(changes, "connection", err);
}

bool connection_list(struct tx *tx, struct id project_id, struct str type, struct arena *arena,
                     struct array *out, struct error *err)
{
    static const struct sql all = SQL("SELECT " SHOWN_COLUMNS " FROM project_connections"
                                      " WHERE project_id = $1 AND deleted_at IS NULL"
                                      " ORDER BY id DESC");
    static const struct sql of_type = SQL("SELECT " SHOWN_COLUMNS " FROM project_connections"
                                          " WHERE project_id = $1 AND deleted_at IS NULL"
                                          " AND connection_type = $2 ORDER BY id DESC");
    return tx_all(tx, str_set(type) ? &of_type : &all, BINDS(bind_id(project_id), bind_text(type)),
                  &row_shape, arena, out, err);
}

bool connection_find(struct tx *tx, struct id project_id, struct id id, struct arena *arena,
                     struct connection_row *out, bool *found, struct error *err)
{
    static const struct sql sql = SQL("SELECT " ALL_COLUMNS " FROM project_connections"
                                      " WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL");
    return tx_one(tx, &sql, BINDS(bind_id(project_id), bind_id(id)), &row_shape, arena, out, found,
                  err);
}

bool connection_find_any(struct tx *tx, struct id project_id, struct id id, struct arena *arena,
                         struct connection_row *out, bool *found, struct error *err)
{
    static const struct sql sql = SQL("SELECT " ALL_COLUMNS " FROM project_connections"
                                      " WHERE project_id = $1 AND id = $2");
    return tx_one(tx, &sql, BINDS(bind_id(project_id), bind_id(id)), &row_shape, arena, out, found,
                  err);
}

/* --- sealing anew --- */

bool connection_sealed_like(struct tx *tx, struct id project_id, struct str beginning,
                            struct id after, struct arena *arena, struct array *out,
                            struct error *err)
{
    static const struct sql sql =
        SQL("SELECT " ALL_COLUMNS " FROM project_connections WHERE project_id = $1"
            " AND substr(connection_url, 1, length($2)) = $2 AND ($3 IS NULL OR id > $3)"
            " ORDER BY id LIMIT $4");
    return tx_all(tx, &sql,
                  BINDS(bind_id(project_id), bind_text(beginning), bind_id(after),
                        bind_int(CONNECTION_RESEAL_MAX)),
                  &row_shape, arena, out, err);
}

bool connection_reseal(struct tx *tx, const struct connection_row *row, struct str was,
                       struct error *err)
{
    static const struct sql sql =
        SQL("UPDATE project_connections SET connection_url = $4, client_key = $5, tls_mode = $6,"
            " secret_version = $7 WHERE project_id = $1 AND id = $2 AND connection_url = $3");
    return tx_run(tx, &sql,
                  BINDS(bind_id(row->project_id), bind_id(row->id), bind_text(was),
                        bind_text(row->connection_url), bind_text(row->client_key),
                        bind_text(row->tls_mode), bind_int(row->secret_version)),
                  NULL, err);
}

/* --- who uses it --- */

static const struct field use_node_fields[] = {
    { FIELD("id", connection_use_node, id, REQUIRED, "Id of the node.") },
    { FIELD("name", connection_use_node, name, REQUIRED, "Name of the node.") },
    { 0 },
};
static const struct shape use_node_shape = SHAPE(NULL, connection_use_node, use_node_fields);

static const struct field use_fields[] = {
    { FIELD("id", connection_use, id, REQUIRED, "Id of the workflow.") },
    { FIELD("name", connection_use, name, REQUIRED, "Name of the workflow.") },
    { FIELD("active", connection_use, active, REQUIRED, "Whether its triggers fire.") },
    { FIELD_LIST("nodes", connection_use, nodes, REQUIRED, &use_node_shape,
                 "Nodes that name the connection.") },
    { 0 },
};
const struct shape connection_use_shape = SHAPE("ConnectionUse", connection_use, use_fields);

/* A row is one node; rows of a workflow stand together. */
struct use_row {
    struct id id;
    struct str name;
    bool active;
    struct str node_id, node_name;
};
static const struct field use_row_fields[] = {
    { FIELD("id", use_row, id, REQUIRED, "") },
    { FIELD("name", use_row, name, REQUIRED, "") },
    { FIELD("active", use_row, active, REQUIRED, "") },
    { FIELD("nodeId", use_row, node_id, REQUIRED, "") },
    { FIELD("nodeName", use_row, node_name, REQUIRED, "") },
    { 0 },
};
static const struct shape use_row_shape = SHAPE(NULL, use_row, use_row_fields);

static void gather_uses(const struct array *rows, struct arena *arena, struct array *out)
{
    const struct use_row *row = rows->items;
    struct connection_use *uses = ARENA_ARRAY(arena, connection_use, rows->count + 1);
    struct connection_use_node *nodes = ARENA_ARRAY(arena, connection_use_node, rows->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (count == 0 || !id_eq(uses[count - 1].id, row[i].id))
            uses[count++] = (struct connection_use){
                .id = row[i].id,
                .name = row[i].name,
                .active = row[i].active,
                .nodes.items = &nodes[i],
            };
        nodes[i] = (struct connection_use_node){ .id = row[i].node_id, .name = row[i].node_name };
        uses[count - 1].nodes.count++;
    }
    *out = (struct array){ .items = uses, .count = count };
}

bool connection_uses(struct tx *tx, struct id project_id, struct id id, struct arena *arena,
                     struct array *out, struct error *err)
{
    static const struct sql sql =
        SQL("SELECT w.id, w.name, w.active, c.node_id, c.node_name"
            " FROM workflow_connections c JOIN workflows w"
            " ON w.project_id = c.project_id AND w.id = c.workflow_id AND w.version = c.version"
            " WHERE c.project_id = $1 AND c.connection_id = $2 AND w.deleted_at IS NULL"
            " ORDER BY lower(w.name), w.id, c.node_id");
    struct array rows;
    if (!tx_all(tx, &sql, BINDS(bind_id(project_id), bind_id(id)), &use_row_shape, arena, &rows,
                err))
        return false;
    gather_uses(&rows, arena, out);
    return true;
}

/* The plus keeps SQLite from walking the project's history: the few open ones have an index. */
#define OPEN_USERS(project)                                                                        \
    "SELECT count(*) FROM workflow_executions e"                                                   \
    " WHERE " SQL_EXECUTION_OPEN " AND " project " = $1"                                           \
    " AND EXISTS (SELECT 1 FROM workflow_connections c"                                            \
    " WHERE c.project_id = $1 AND c.connection_id = $2"                                            \
    " AND c.workflow_id = e.workflow_id AND c.version = e.workflow_version)"

bool connection_open_executions(struct tx *tx, struct id project_id, struct id id, int64_t *out,
                                struct error *err)
{
    static const struct sql sql = SQL2(OPEN_USERS("+e.project_id"), OPEN_USERS("e.project_id"));
    return tx_int(tx, &sql, BINDS(bind_id(project_id), bind_id(id)), out, err);
}
