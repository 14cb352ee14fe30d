/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of steps (component_executions), attempts included. */
#include "base/buf.h"
#include "json/write.h"
#include "schema/encode.h"
#include "store/executions.h"

const char *const step_status_names[] = { NULL,     "pending", "running",   "waiting", "succeeded",
                                          "failed", "skipped", "cancelled", NULL };
const char *const attempt_status_names[] = { NULL,        "started",   "succeeded", "failed",
                                             "cancelled", "abandoned", "unknown",   NULL };

#define ATTEMPT_FIELDS                                                                             \
    { FIELD("number", attempt, number, REQUIRED, "1 for the first.") },                            \
        { FIELD_ENUM("status", attempt, status, REQUIRED, attempt_status_names, "How it went.") }, \
        { FIELD("startedAt", attempt, started_at, REQUIRED, "When it began.") },                   \
        { FIELD("finishedAt", attempt, finished_at, OPTIONAL, "When it ended.") },                 \
    {                                                                                              \
        FIELD_SHAPE("error", attempt, error, OPTIONAL, &execution_error_shape, "Why it failed.")   \
    }

static const struct field attempt_fields[] = { ATTEMPT_FIELDS, { 0 } };
const struct shape attempt_shape = SHAPE("Attempt", attempt, attempt_fields);

static const struct field stored_attempt_fields[] = {
    ATTEMPT_FIELDS,
    { FIELD("repeatable", attempt, repeatable, OPTIONAL, "") },
    { 0 },
};
static const struct shape stored_attempt_shape = SHAPE(NULL, attempt, stored_attempt_fields);

#define STEP_FIELDS(attempt_shape)                                                                 \
    { FIELD_ENUM("status", step_row, status, REQUIRED, step_status_names, "Where it stands.") },   \
        { FIELD("input", step_row, input, OPTIONAL, "The config after templates.") },              \
        { FIELD("output", step_row, output, OPTIONAL, "The result.") },                            \
        { FIELD_SHAPE("error", step_row, error, OPTIONAL, &execution_error_shape,                  \
                      "Why it failed.") },                                                         \
        { FIELD("startedAt", step_row, started_at, OPTIONAL, "When its first attempt began.") },   \
        { FIELD("finishedAt", step_row, finished_at, OPTIONAL, "When it ended.") },                \
        { FIELD("retryAt", step_row, retry_at, OPTIONAL, "When the next attempt begins.") },       \
        { FIELD("attemptCount", step_row, attempt_count, REQUIRED, "Attempts so far.") },          \
    {                                                                                              \
        FIELD_LIST("attempts", step_row, attempts, REQUIRED, &attempt_shape,                       \
                   "In order; of very many only the first and the latest are kept.")               \
    }

static const struct field step_fields[] = {
    { FIELD("nodeId", step_row, node_id, REQUIRED, "Its node.") },
    { FIELD("name", step_row, name, REQUIRED, "The node's name.") },
    { FIELD("type", step_row, type, REQUIRED, "The node's component.") },
    STEP_FIELDS(attempt_shape),
    { FIELD("partial", step_row, partial, OPTIONAL,
            "True: input or output is too long here; executions.step has it.") },
    { FIELD("inputBytes", step_row, input_bytes, OPTIONAL,
            "Of an input that was cut: how long it is as a whole.") },
    { FIELD("outputBytes", step_row, output_bytes, OPTIONAL,
            "Of an output that was cut: how long it is as a whole.") },
    { 0 },
};
const struct shape step_shape = SHAPE("Step", step_row, step_fields);

static const struct field row_fields[] = {
    { FIELD("projectId", step_row, project_id, REQUIRED, "") },
    { FIELD("executionId", step_row, execution_id, REQUIRED, "") },
    { FIELD("nodeId", step_row, node_id, REQUIRED, "") },
    STEP_FIELDS(stored_attempt_shape),
    { 0 },
};
static const struct shape row_shape = SHAPE(NULL, step_row, row_fields);

/* Attempts are few and small: their errors are cut to a line before they come here. */
#define ATTEMPTS_TEXT_MAX ((size_t)1 << 20)

static struct str encode_attempts(const struct step_row *step, struct arena *arena)
{
    struct buf buf;
    buf_init(&buf, ATTEMPTS_TEXT_MAX);
    struct json_writer w;
    json_writer_init(&w, &buf);
    json_begin_array(&w);
    const struct attempt *attempts = step->attempts.items;
    for (size_t i = 0; i < step->attempts.count; i++)
        schema_encode(&stored_attempt_shape, &attempts[i], &w);
    json_end_array(&w);
    struct str text = arena_str(arena, buf_str(&buf));
    buf_done(&buf);
    return text;
}

bool step_save(struct tx *tx, const struct step_row *step, struct arena *arena, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO component_executions (project_id, execution_id, node_id, status, input, "
            "output, error, attempts, attempt_count, started_at, finished_at, retry_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
            "ON CONFLICT (project_id, execution_id, node_id) DO UPDATE SET "
            "status = excluded.status, input = excluded.input, output = excluded.output, "
            "error = excluded.error, attempts = excluded.attempts, "
            "attempt_count = excluded.attempt_count, started_at = excluded.started_at, "
            "finished_at = excluded.finished_at, retry_at = excluded.retry_at");
    struct str error_text = STR_NULL;
    if (step->error)
        error_text = schema_encode_text(&execution_error_shape, step->error, arena);
    return tx_later(tx, &sql,
                    BINDS(bind_id(step->project_id), bind_id(step->execution_id),
                          bind_text(step->node_id),
                          bind_text(str_from(step_status_names[step->status])),
                          bind_json(step->input), bind_json(step->output), bind_text(error_text),
                          bind_text(encode_attempts(step, arena)), bind_int(step->attempt_count),
                          bind_instant(step->started_at), bind_instant(step->finished_at),
                          bind_instant(step->retry_at)),
                    err);
}

#define STEPS(input, output)                                                                       \
    "SELECT project_id, execution_id, node_id, status, " input ", " output ", error, attempts, "   \
    "attempt_count, started_at, finished_at, retry_at FROM component_executions "                  \
    "WHERE project_id = $1 AND execution_id = $2"

bool step_list(struct tx *tx, struct id project_id, struct id execution_id, struct arena *arena,
               struct array *out, struct error *err)
{
    static const struct sql sql = SQL(STEPS("input", "output"));
    return tx_all(tx, &sql, BINDS(bind_id(project_id), bind_id(execution_id)), &row_shape, arena,
                  out, err);
}

/* PostgreSQL counts characters in a smaller type than our numbers have. */
#define BEGINNING(column) "substr(" column ", 1, CAST($3 AS integer))"

bool step_list_briefly(struct tx *tx, struct id project_id, struct id execution_id,
                       size_t characters, struct arena *arena, struct array *out, struct error *err)
{
    static const struct sql sql =
        SQL(STEPS(BEGINNING("input") " AS input", BEGINNING("output") " AS output"));
    return tx_all(tx, &sql,
                  BINDS(bind_id(project_id), bind_id(execution_id), bind_int((int64_t)characters)),
                  &row_shape, arena, out, err);
}

bool step_list_one(struct tx *tx, struct id project_id, struct id execution_id, struct str node_id,
                   struct arena *arena, struct array *out, struct error *err)
{
    static const struct sql sql = SQL(STEPS("input", "output") " AND node_id = $3");
    return tx_all(tx, &sql, BINDS(bind_id(project_id), bind_id(execution_id), bind_text(node_id)),
                  &row_shape, arena, out, err);
}
