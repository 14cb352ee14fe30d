/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of executions: starting, holding under a fence, claiming, reading. */
#include "store/executions.h"

#include "schema/encode.h"
#include "store/internal.h"
#include "store/removal.h"

const char *const execution_status_names[] = { NULL,        "queued", "running",   "waiting",
                                               "succeeded", "failed", "cancelled", NULL };
const char *const execution_trigger_names[] = { NULL, "manual", "api", NULL };

static const struct field error_fields[] = {
    { FIELD("code", execution_error, code, REQUIRED, "One of the closed list of codes.") },
    { FIELD("message", execution_error, message, REQUIRED, "What happened, in a sentence.") },
    { FIELD("nodeId", execution_error, node_id, OPTIONAL, "Node that failed.") },
    { FIELD("sqlState", execution_error, sql_state, OPTIONAL,
            "SQLSTATE, or the error word of Redis.") },
    { FIELD("advice", execution_error, advice, OPTIONAL, "What to do about it.") },
    { 0 },
};
const struct shape execution_error_shape = SHAPE("ExecutionError", execution_error, error_fields);

#define SUMMARY_FIELDS                                                                             \
    { FIELD("id", execution_row, id, REQUIRED, "Unique id; sorts by time.") },                     \
        { FIELD("projectId", execution_row, project_id, REQUIRED, "Its project.") },               \
        { FIELD("workflowId", execution_row, workflow_id, REQUIRED, "Its workflow.") },            \
        { FIELD("workflowName", execution_row, workflow_name, REQUIRED,                            \
                "The workflow's name when it was started.") },                                     \
        { FIELD("workflowVersion", execution_row, workflow_version, REQUIRED,                      \
                "The version that runs.") },                                                       \
        { FIELD("rerunOf", execution_row, rerun_of, OPTIONAL,                                      \
                "The execution that this one was run again of.") },                                \
        { FIELD_ENUM("trigger", execution_row, trigger, OPTIONAL, execution_trigger_names,         \
                     "What started it: a person in the page, or a call with a token.") },          \
        { FIELD_ENUM("status", execution_row, status, REQUIRED, execution_status_names,            \
                     "Where it stands.") },                                                        \
        { FIELD("attemptCount", execution_row, attempt_count, OPTIONAL,                            \
                "Attempts of all its nodes so far.") },                                            \
        { FIELD_SHAPE("error", execution_row, error, OPTIONAL, &execution_error_shape,             \
                      "Why it failed.") },                                                         \
        { FIELD("createdAt", execution_row, created_at, REQUIRED, "When it was accepted.") },      \
        { FIELD("startedAt", execution_row, started_at, OPTIONAL, "When its first node began.") }, \
    {                                                                                              \
        FIELD("finishedAt", execution_row, finished_at, OPTIONAL, "When it ended.")                \
    }

static const struct field summary_fields[] = { SUMMARY_FIELDS, { 0 } };
const struct shape execution_summary_shape =
    SHAPE("ExecutionSummary", execution_row, summary_fields);

static const struct field execution_fields[] = {
    SUMMARY_FIELDS,
    { FIELD("input", execution_row, input, OPTIONAL, "What it was started with.") },
    { FIELD_LIST("steps", execution_row, steps, REQUIRED, &step_shape,
                 "One for each node, in an order in which they can run.") },
    { 0 },
};
const struct shape execution_shape = SHAPE("Execution", execution_row, execution_fields);

/* The row as the engine reads it. */
static const struct field row_fields[] = {
    SUMMARY_FIELDS,
    { FIELD("input", execution_row, input, OPTIONAL, "") },
    { FIELD("leaseOwner", execution_row, lease_owner, OPTIONAL, "") },
    { FIELD("leaseEpoch", execution_row, lease_epoch, REQUIRED, "") },
    { FIELD("claims", execution_row, claims, REQUIRED, "") },
    { FIELD("resumeAt", execution_row, resume_at, OPTIONAL, "") },
    { FIELD("cancelRequested", execution_row, cancel_requested, REQUIRED, "") },
    { 0 },
};
static const struct shape row_shape = SHAPE(NULL, execution_row, row_fields);

#define SUMMARY_COLUMNS                                                                            \
    "id, project_id, workflow_id, workflow_name, workflow_version, rerun_of, trigger, status, "    \
    "attempt_count, error, created_at, started_at, finished_at"
#define ROW_COLUMNS                                                                                \
    SUMMARY_COLUMNS ", input, lease_owner, lease_epoch, claims, resume_at, cancel_requested"

/* --- starting --- */

struct used_key {
    struct id execution_id;
    struct str request_hash;
};

bool execution_key_use(struct tx *tx, struct id project_id, struct str key, struct str request_hash,
                       struct id execution_id, struct arena *arena, struct id *existing,
                       struct error *err)
{
    static const struct field fields[] = {
        { FIELD("executionId", used_key, execution_id, REQUIRED, "") },
        { FIELD("requestHash", used_key, request_hash, REQUIRED, "") },
        { 0 },
    };
    static const struct shape shape = SHAPE(NULL, used_key, fields);
    static const struct sql find = SQL("SELECT execution_id, request_hash FROM execution_keys "
                                       "WHERE project_id = $1 AND key = $2");
    static const struct sql keep =
        SQL("INSERT INTO execution_keys (project_id, key, execution_id, request_hash, created_at) "
            "VALUES ($1, $2, $3, $4, $5)");

    struct used_key row;
    bool found;
    if (!tx_one(tx, &find, BINDS(bind_id(project_id), bind_text(key)), &shape, arena, &row, &found,
                err))
        return false;
    if (found) {
        if (!str_eq(row.request_hash, request_hash))
            return fail_field(err, ERR_CONFLICT, "idempotencyKey",
                              "was used before with another workflow or input");
        *existing = row.execution_id;
        return true;
    }
    *existing = ID_NONE;
    return tx_run(tx, &keep,
                  BINDS(bind_id(project_id), bind_text(key), bind_id(execution_id),
                        bind_text(request_hash), bind_instant(instant_now())),
                  NULL, err);
}

bool execution_insert(struct tx *tx, const struct execution_row *row, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO workflow_executions (project_id, id, workflow_id, workflow_name, "
            "workflow_version, status, input, created_at, lease_owner, lease_epoch, rerun_of, "
            "trigger, attempt_count) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)");
    const char *trigger = execution_trigger_names[row->trigger];
    return tx_later(tx, &sql,
                    BINDS(bind_id(row->project_id), bind_id(row->id), bind_id(row->workflow_id),
                          bind_text(row->workflow_name), bind_int(row->workflow_version),
                          bind_text(str_from(execution_status_names[row->status])),
                          bind_json(row->input), bind_instant(row->created_at),
                          bind_text(row->lease_owner), bind_int(row->lease_epoch),
                          bind_id(row->rerun_of),
                          bind_text(trigger ? str_from(trigger) : STR_NULL)),
                    err);
}

/* --- holding --- */

bool execution_save(struct tx *tx, const struct execution_fence *fence,
                    const struct execution_point *point, struct arena *arena, bool *held,
                    struct error *err)
{
    static const struct sql sql =
        SQL("UPDATE workflow_executions SET status = $4, started_at = $5, finished_at = $6, "
            "error = $7, attempt_count = $9, claims = 0, resume_at = NULL, resting_since = NULL, "
            "lease_owner = CASE WHEN $8 THEN NULL ELSE lease_owner END "
            "WHERE project_id = $1 AND id = $2 AND lease_epoch = $3 AND " SQL_EXECUTION_OPEN);
    struct str error_text = STR_NULL;
    if (point->error)
        error_text = schema_encode_text(&execution_error_shape, point->error, arena);
    int64_t changes;
    if (!tx_run(tx, &sql,
                BINDS(bind_id(fence->project_id), bind_id(fence->id), bind_int(fence->epoch),
                      bind_text(str_from(execution_status_names[point->status])),
                      bind_instant(point->started_at), bind_instant(point->finished_at),
                      bind_text(error_text), bind_bool(execution_status_ended(point->status)),
                      bind_int(point->attempt_count)),
                &changes, err))
        return false;
    *held = changes == 1;
    return true;
}

bool execution_rest(struct tx *tx, const struct execution_fence *fence, struct instant since,
                    struct instant until, bool *released, struct error *err)
{
    static const struct sql sql =
        SQL("UPDATE workflow_executions SET lease_owner = NULL, resting_since = $4, resume_at = $5 "
            "WHERE project_id = $1 AND id = $2 AND lease_epoch = $3 AND NOT cancel_requested "
            "AND " SQL_EXECUTION_OPEN);
    int64_t changes;
    if (!tx_run(tx, &sql,
                BINDS(bind_id(fence->project_id), bind_id(fence->id), bind_int(fence->epoch),
                      bind_instant(since), bind_instant(until)),
                &changes, err))
        return false;
    *released = changes == 1;
    return true;
}

#define TAKE(set)                                                                                  \
    "UPDATE workflow_executions SET lease_owner = $1, lease_epoch = lease_epoch + 1" set
#define FREE(which)                                                                                \
    "SELECT project_id, id FROM workflow_executions WHERE " SQL_EXECUTION_OPEN                     \
    " AND lease_owner IS NULL AND " which " LIMIT $2"
#define CLAIM(set, which)                                                                          \
    TAKE(set) " WHERE (project_id, id) IN (" FREE(which) ") RETURNING " ROW_COLUMNS
/* Chosen once, and not those that another process is choosing. */
#define CLAIM_AMONG_OTHERS(set, which)                                                             \
    "WITH free (p, i) AS MATERIALIZED (" FREE(which) " FOR UPDATE SKIP LOCKED) " TAKE(             \
        set) " FROM free WHERE project_id = p AND id = i RETURNING " ROW_COLUMNS
#define FRESH "resume_at IS NULL ORDER BY id"
#define DUE "resume_at <= $3 ORDER BY resume_at"
#define RUNS ", status = 'running'" /* a process that dies over it is counted */

static bool claim_some(struct tx *tx, const struct execution_claim *claim, bool due,
                       struct arena *arena, struct array *out, struct error *err)
{
    static const struct sql fresh = SQL2(CLAIM("", FRESH), CLAIM_AMONG_OTHERS("", FRESH));
    static const struct sql rested = SQL2(CLAIM(RUNS, DUE), CLAIM_AMONG_OTHERS(RUNS, DUE));
    struct bind owner = bind_text(claim->owner), limit = bind_int(due ? claim->due : claim->fresh);
    *out = (struct array){ NULL, 0 };
    if (limit.integer == 0)
        return true;
    return due ? tx_all(tx, &rested, BINDS(owner, limit, bind_instant(claim->now)), &row_shape,
                        arena, out, err)
               : tx_all(tx, &fresh, BINDS(owner, limit), &row_shape, arena, out, err);
}

struct rest_row {
    struct instant resume_at;
};
static const struct field rest_fields[] = {
    { FIELD("resumeAt", rest_row, resume_at, OPTIONAL, "") },
    { 0 },
};
static const struct shape rest_shape = SHAPE(NULL, rest_row, rest_fields);

static bool is_one_of(const struct array *projects, struct id id)
{
    const struct id *ids = projects->items;
    for (size_t i = 0; i < projects->count; i++)
        if (id_eq(ids[i], id))
            return true;
    return false;
}

/* Appends those to `out` whose project is there; the others are removed. */
static bool keep(struct tx *tx, const struct array *claimed, const struct array *deleted,
                 struct array *out, struct error *err)
{
    static const struct sql remove =
        SQL("DELETE FROM workflow_executions WHERE project_id = $1 AND id = $2");
    const struct execution_row *rows = claimed->items;
    struct execution_row *kept = out->items;
    for (size_t i = 0; i < claimed->count; i++) {
        if (!is_one_of(deleted, rows[i].project_id))
            kept[out->count++] = rows[i];
        else if (!tx_run(tx, &remove, BINDS(bind_id(rows[i].project_id), bind_id(rows[i].id)), NULL,
                         err))
            return false;
    }
    return true;
}

#define RESTS SQL_EXECUTION_OPEN " AND lease_owner IS NULL AND resume_at IS NOT NULL"

bool execution_claim(struct tx *tx, const struct execution_claim *claim, struct arena *arena,
                     struct execution_claimed *out, struct error *err)
{
    static const struct sql next =
        SQL("SELECT resume_at FROM workflow_executions WHERE " RESTS " ORDER BY resume_at LIMIT 1");
    struct array deleted, fresh, due;
    struct rest_row first = { INSTANT_NONE };
    bool found;
    if (!removal_projects(tx, arena, &deleted, err) ||
        !claim_some(tx, claim, true, arena, &due, err) ||
        !claim_some(tx, claim, false, arena, &fresh, err) ||
        !tx_one(tx, &next, NO_BINDS, &rest_shape, arena, &first, &found, err))
        return false;
    struct array rows = { ARENA_ARRAY(arena, execution_row, due.count + fresh.count + 1), 0 };
    if (!keep(tx, &due, &deleted, &rows, err) || !keep(tx, &fresh, &deleted, &rows, err))
        return false;
    *out = (struct execution_claimed){
        .rows = rows,
        .more_fresh = claim->fresh > 0 && (int64_t)fresh.count == claim->fresh,
        .more_due = claim->due > 0 && (int64_t)due.count == claim->due,
        .first_rest = found ? first.resume_at : INSTANT_NONE,
    };
    return true;
}

bool execution_count_resting(struct tx *tx, int64_t *out, struct error *err)
{
    static const struct sql sql = SQL("SELECT count(*) FROM workflow_executions WHERE " RESTS
                                      " AND project_id NOT IN (SELECT project_id FROM "
                                      "deleted_projects)");
    return tx_int(tx, &sql, NO_BINDS, out, err);
}

bool execution_rest_anew(struct tx *tx, struct instant now, struct error *err)
{
    static const struct sql sql =
        SQL("UPDATE workflow_executions SET resume_at = resume_at - (resting_since - $1), "
            "resting_since = $1 WHERE " RESTS " AND resting_since > $1");
    return tx_run(tx, &sql, BINDS(bind_instant(now)), NULL, err);
}

bool execution_release(struct tx *tx, struct str owner, bool died, struct error *err)
{
    static const struct sql sql =
        SQL("UPDATE workflow_executions SET lease_owner = NULL, claims = claims + "
            "CASE WHEN $2 THEN 1 ELSE 0 END "
            "WHERE " SQL_EXECUTION_OPEN
            " AND lease_owner IS NOT NULL AND ($1 IS NULL OR lease_owner = $1)");
    return tx_run(tx, &sql, BINDS(bind_text(owner), bind_bool(died)), NULL, err);
}

/* --- reading --- */

bool execution_find(struct tx *tx, struct id project_id, struct id id, struct arena *arena,
                    struct execution_row *out, bool *found, struct error *err)
{
    static const struct sql sql = SQL("SELECT " ROW_COLUMNS " FROM workflow_executions "
                                      "WHERE project_id = $1 AND id = $2");
    return tx_one(tx, &sql, BINDS(bind_id(project_id), bind_id(id)), &row_shape, arena, out, found,
                  err);
}

#define BY_WORKFLOW " INDEXED BY workflow_executions_workflow"
#define BY_FAILURE " INDEXED BY workflow_executions_failed"
#define BY_OPENNESS " INDEXED BY workflow_executions_open"
#define BY_REST " INDEXED BY workflow_executions_resting"
#define LIST_OF(index)                                                                             \
    "SELECT " SUMMARY_COLUMNS " FROM workflow_executions" index " WHERE project_id = $1"
#define OF_ANY_STATUS " AND ($2 IS NULL OR status = $2)"
#define OF_STATUS(among) " AND status = $2 AND " among " AND ($5 IS NULL OR workflow_id = $5)"
#define BEFORE " AND id < coalesce($4, 'ffffffff-ffff-ffff-ffff-ffffffffffff')"
#define FROM " AND id >= coalesce($6, '00000000-0000-0000-0000-000000000000')"
#define LIST_END BEFORE FROM " ORDER BY id DESC LIMIT $3"
#define FAILED "status IN ('failed', 'cancelled')"

#define OPEN_PART(index, which)                                                                    \
    "SELECT * FROM (" LIST_OF(index) " AND " SQL_EXECUTION_OPEN " AND " which OF_ANY_STATUS        \
                                     " AND ($5 IS NULL OR workflow_id = $5)" LIST_END ") AS part"
/* Those that rest may be many, and the others are not: they are few, or come in order. */
#define LIST_OPEN(open_index, resting_index)                                                       \
    OPEN_PART(resting_index, "lease_owner IS NULL AND resume_at IS NOT NULL AND NOT $7")           \
    " UNION ALL " OPEN_PART(                                                                       \
        open_index,                                                                                \
        "lease_owner IS NULL AND resume_at IS NULL") " UNION ALL " OPEN_PART(open_index,           \
                                                                             "lease_owner > ''") " ORDER BY id DESC LIMIT $3"

/*
 * A statement for each way to ask, so that each seeks in the index that gives what was asked for; left
 * to itself SQLite walks through the project's history for those of one workflow, or for the few that
 * failed. Those that succeeded are met everywhere.
 */
static const struct sql *list_sql(const struct execution_filter *filter)
{
    static const struct sql all = SQL(LIST_OF("") OF_ANY_STATUS LIST_END);
    static const struct sql of_workflow =
        SQL2(LIST_OF(BY_WORKFLOW) OF_ANY_STATUS " AND workflow_id = $5" LIST_END,
             LIST_OF("") OF_ANY_STATUS " AND workflow_id = $5" LIST_END);
    static const struct sql failed = SQL2(LIST_OF(BY_FAILURE) OF_STATUS(FAILED) LIST_END,
                                          LIST_OF("") OF_STATUS(FAILED) LIST_END);
    static const struct sql open = SQL2(LIST_OPEN(BY_OPENNESS, BY_REST), LIST_OPEN("", ""));
    if (filter->open)
        return &open;
    switch (filter->status) {
    case EXECUTION_QUEUED:
    case EXECUTION_RUNNING:
    case EXECUTION_WAITING:
        return &open;
    case EXECUTION_FAILED:
    case EXECUTION_CANCELLED:
        return &failed;
    default:
        return id_set(filter->workflow_id) ? &of_workflow : &all;
    }
}

bool execution_list(struct tx *tx, const struct execution_filter *filter, struct arena *arena,
                    struct array *out, struct error *err)
{
    struct bind project = bind_id(filter->project_id), before = bind_id(filter->before);
    struct bind status = bind_text(str_from(execution_status_names[filter->status]));
    struct bind limit = bind_int(filter->limit), workflow = bind_id(filter->workflow_id);
    struct bind first = bind_id(filter->first), not_resting = bind_bool(filter->not_resting);
    return tx_all(tx, list_sql(filter),
                  BINDS(project, status, limit, before, workflow, first, not_resting),
                  &execution_summary_shape, arena, out, err);
}

bool execution_request_cancel(struct tx *tx, struct id project_id, struct id id, struct instant at,
                              struct execution_cancelled *out, struct error *err)
{
#define NOT_BEFORE_IT_BEGAN "CASE WHEN started_at > $3 THEN started_at ELSE $3 END"
    static const struct sql unheld =
        SQL("UPDATE workflow_executions SET status = 'cancelled', cancel_requested = TRUE, "
            "finished_at = " NOT_BEFORE_IT_BEGAN " WHERE project_id = $1 AND id = $2 "
            "AND lease_owner IS NULL AND " SQL_EXECUTION_OPEN
            " AND NOT EXISTS (SELECT 1 FROM component_executions WHERE project_id = $1 "
            "AND execution_id = $2 AND status = 'running') RETURNING resume_at");
    static const struct sql steps =
        SQL("UPDATE component_executions SET retry_at = NULL, "
            "status = CASE WHEN attempt_count > 0 THEN 'cancelled' ELSE 'skipped' END, "
            "finished_at = CASE WHEN attempt_count > 0 THEN " NOT_BEFORE_IT_BEGAN " END "
            "WHERE project_id = $1 AND execution_id = $2 AND status IN ('pending', 'waiting')");
#undef NOT_BEFORE_IT_BEGAN
    static const struct sql held = SQL("UPDATE workflow_executions SET cancel_requested = TRUE "
                                       "WHERE project_id = $1 AND id = $2 AND " SQL_EXECUTION_OPEN);
    AUTO(arena) arena = arena_new();
    struct rest_row row = { INSTANT_NONE };
    bool ended;
    const struct bind *binds = BINDS(bind_id(project_id), bind_id(id), bind_instant(at));
    if (!tx_one(tx, &unheld, binds, &rest_shape, arena, &row, &ended, err) ||
        !tx_run(tx, ended ? &steps : &held, ended ? binds : BINDS(bind_id(project_id), bind_id(id)),
                NULL, err))
        return false;
    *out = (struct execution_cancelled){ ended, ended && instant_set(row.resume_at) };
    return true;
}
