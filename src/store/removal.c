/* SPDX-License-Identifier: Apache-2.0 */
/* Statements that take history away. */
#include "store/removal.h"

#include "store/internal.h"

struct id_row {
    struct id id;
};
static const struct field id_fields[] = { { FIELD("id", id_row, id, REQUIRED, "") }, { 0 } };
static const struct shape id_shape = SHAPE(NULL, id_row, id_fields);

/* No id is either of them. */
#define FIRST_ID "'00000000-0000-0000-0000-000000000000'"
#define LAST_ID "'ffffffff-ffff-ffff-ffff-ffffffffffff'"

/* --- executions --- */

/* The oldest that are to go: by the workflow's index, or by the primary key. */
static bool find_oldest(struct tx *tx, const struct removal *removal, int64_t rows, struct id after,
                        struct arena *arena, struct array *out, struct error *err)
{
#define WHICH                                                                                      \
    " AND id < COALESCE($2, " LAST_ID ") AND id > COALESCE($3, " FIRST_ID ")"                      \
    " AND ($4 OR finished_at IS NOT NULL) ORDER BY id LIMIT $5"
    static const struct sql of_project =
        SQL("SELECT id FROM workflow_executions WHERE project_id = $1" WHICH);
    static const struct sql of_workflow =
        SQL("SELECT id FROM workflow_executions WHERE project_id = $1 AND workflow_id = $6" WHICH);
#undef WHICH
    return tx_all(tx, id_set(removal->workflow_id) ? &of_workflow : &of_project,
                  BINDS(bind_id(removal->project_id), bind_id(removal->before), bind_id(after),
                        bind_bool(removal->open_too), bind_int(rows),
                        bind_id(removal->workflow_id)),
                  &id_shape, arena, out, err);
}

/* Removes up to *rows rows of one execution, its own last; *rows is less what it took. */
static bool remove_one(struct tx *tx, struct id project_id, struct id id, int64_t *rows,
                       bool *removed, struct error *err)
{
    static const struct sql steps =
        SQL("DELETE FROM component_executions WHERE project_id = $1 AND execution_id = $2 AND "
            "node_id IN (SELECT node_id FROM component_executions WHERE project_id = $1 AND "
            "execution_id = $2 LIMIT $3)");
    static const struct sql itself =
        SQL("DELETE FROM workflow_executions WHERE project_id = $1 AND id = $2");
    int64_t gone, limit = *rows;
    if (!tx_run(tx, &steps, BINDS(bind_id(project_id), bind_id(id), bind_int(limit)), &gone, err))
        return false;
    *rows -= gone;
    *removed = gone < limit;
    if (!*removed)
        return true;
    (*rows)--;
    return tx_run(tx, &itself, BINDS(bind_id(project_id), bind_id(id)), NULL, err);
}

bool removal_run(struct tx *tx, const struct removal *removal, int64_t rows, struct id *after,
                 struct removal_piece *out, struct error *err)
{
    AUTO(arena) arena = arena_new();
    struct array found;
    if (!find_oldest(tx, removal, rows, *after, arena, &found, err))
        return false;
    const struct id_row *oldest = found.items;
    *out = (struct removal_piece){ .more = (int64_t)found.count == rows };
    for (size_t i = 0; i < found.count; i++) {
        bool removed = false;
        if (rows > 0 && !remove_one(tx, removal->project_id, oldest[i].id, &rows, &removed, err))
            return false;
        if (!removed) {
            out->more = true;
            break;
        }
        out->executions++;
        *after = oldest[i].id;
    }
    return true;
}

/* --- projects --- */

bool removal_projects(struct tx *tx, struct arena *arena, struct array *out, struct error *err)
{
    static const struct sql sql =
        SQL("SELECT project_id AS id FROM deleted_projects ORDER BY project_id");
    return tx_all(tx, &sql, NO_BINDS, &id_shape, arena, out, err);
}

bool removal_finish(struct tx *tx, struct id project_id, int64_t rows, bool *more,
                    struct error *err)
{
    static const struct sql rest[] = {
        SQL("DELETE FROM component_executions WHERE project_id = $1 AND (execution_id, node_id) IN "
            "(SELECT execution_id, node_id FROM component_executions WHERE project_id = $1 "
            "LIMIT $2)"),
        SQL("DELETE FROM execution_keys WHERE project_id = $1 AND key IN "
            "(SELECT key FROM execution_keys WHERE project_id = $1 LIMIT $2)"),
    };
    static const struct sql note = SQL("DELETE FROM deleted_projects WHERE project_id = $1");
    for (size_t i = 0; i < ARRAY_LEN(rest) && rows > 0; i++) {
        int64_t gone;
        if (!tx_run(tx, &rest[i], BINDS(bind_id(project_id), bind_int(rows)), &gone, err))
            return false;
        rows -= gone;
    }
    *more = rows <= 0;
    return *more || tx_run(tx, &note, BINDS(bind_id(project_id)), NULL, err);
}

/* --- what counts as too many --- */

bool removal_workflows(struct tx *tx, struct workflow_of after, int64_t limit, struct arena *arena,
                       struct array *out, struct error *err)
{
    static const struct field fields[] = {
        { FIELD("projectId", workflow_of, project_id, REQUIRED, "") },
        { FIELD("workflowId", workflow_of, workflow_id, REQUIRED, "") },
        { 0 },
    };
    static const struct shape shape = SHAPE(NULL, workflow_of, fields);
    static const struct sql sql =
        SQL("SELECT project_id, id AS workflow_id FROM workflows WHERE (project_id, id) > "
            "(COALESCE($1, " FIRST_ID "), COALESCE($2, " FIRST_ID
            ")) ORDER BY project_id, id LIMIT $3");
    return tx_all(tx, &sql,
                  BINDS(bind_id(after.project_id), bind_id(after.workflow_id), bind_int(limit)),
                  &shape, arena, out, err);
}

bool removal_nth(struct tx *tx, struct workflow_of workflow, struct id from, int64_t count,
                 struct arena *arena, struct id *out, struct error *err)
{
    static const struct sql sql =
        SQL("SELECT id FROM workflow_executions WHERE project_id = $1 AND workflow_id = $2 "
            "AND id < COALESCE($3, " LAST_ID ") ORDER BY id DESC LIMIT 1 OFFSET $4");
    struct id_row row = { ID_NONE };
    bool found;
    if (!tx_one(tx, &sql,
                BINDS(bind_id(workflow.project_id), bind_id(workflow.workflow_id), bind_id(from),
                      bind_int(count - 1)),
                &id_shape, arena, &row, &found, err))
        return false;
    *out = found ? row.id : ID_NONE;
    return true;
}

/* --- idempotency keys --- */

static const struct field key_fields[] = {
    { FIELD("projectId", key_row, project_id, REQUIRED, "") },
    { FIELD("key", key_row, key, REQUIRED, "") },
    { FIELD("stale", key_row, stale, REQUIRED, "") },
    { 0 },
};
static const struct shape key_shape = SHAPE(NULL, key_row, key_fields);

bool removal_look_at_keys(struct tx *tx, const struct key_row *after, struct instant before,
                          int64_t limit, struct arena *arena, struct array *out, struct error *err)
{
    static const struct sql sql =
        SQL("SELECT k.project_id, k.key, (k.created_at < $3 AND NOT EXISTS (SELECT 1 FROM "
            "workflow_executions x WHERE x.project_id = k.project_id AND x.id = k.execution_id)) "
            "AS stale FROM execution_keys k WHERE (k.project_id, k.key) > "
            "(COALESCE($1, " FIRST_ID "), COALESCE($2, '')) ORDER BY k.project_id, k.key LIMIT $4");
    return tx_all(tx, &sql,
                  BINDS(bind_id(after->project_id), bind_text(after->key), bind_instant(before),
                        bind_int(limit)),
                  &key_shape, arena, out, err);
}

bool removal_stale_keys(struct tx *tx, const struct array *keys, struct error *err)
{
    static const struct sql sql =
        SQL("DELETE FROM execution_keys WHERE project_id = $1 AND key = $2");
    const struct key_row *rows = keys->items;
    for (size_t i = 0; i < keys->count; i++)
        if (rows[i].stale &&
            !tx_run(tx, &sql, BINDS(bind_id(rows[i].project_id), bind_text(rows[i].key)), NULL,
                    err))
            return false;
    return true;
}

/* --- the file --- */

bool removal_shrink(struct tx *tx, int64_t pages, bool *more, struct error *err)
{
    *more = false;
    return !tx->driver->shrink || tx->driver->shrink(tx->link, pages, more, err);
}
