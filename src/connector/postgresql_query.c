/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operation "postgresql-query": one statement, its parameters bound, its rows written as JSON
 * while they arrive. What is sent around it: postgresql_session.c.
 *
 * Nothing counts before the statement's Sync was answered: a deferred constraint speaks up only then.
 */
#include "connector/postgresql_internal.h"

#include <stdio.h>
#include <unistd.h>

#include "json/read.h"

#define MAX_ROWS 10000
#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define ATTEMPTS_MAX 3 /* of preparing: a statement that went stale, a pooler found out */
#define LARGE_CELL (1 << 20)
#define RECEIVED_SLACK (1 << 20)
/* The server's own time limit may strike a little early by our clock. */
#define CLOCK_SLACK_MS 50

struct postgresql_query {
    struct id connection_id;
    struct str query;
    struct json_text parameters;
    struct opt_int timeout_ms, max_rows;
    struct opt_bool repeatable;
};

static const struct field query_fields[] = {
    { FIELD("connectionId", postgresql_query, connection_id, REQUIRED,
            "The PostgreSQL connection to use."),
      .title = "Connection", .look = LOOK_CONNECTION, .of = "postgresql" },
    { FIELD("query", postgresql_query, query, REQUIRED,
            "One SQL statement. Parameters stand in it as $1, $2 and so on."),
      .title = "SQL", .look = LOOK_SQL, .min = 1, .max = 1 << 20 },
    { FIELD("parameters", postgresql_query, parameters, OPTIONAL,
            "Values of $1, $2 and so on, as a JSON array. They are bound, never spliced."),
      .title = "Parameters", .look = LOOK_JSON_ARRAY, .templates = true },
    { FIELD("timeoutMs", postgresql_query, timeout_ms, OPTIONAL,
            "Longest time for one attempt. The connection's statement time-out otherwise."),
      .title = "Time-out", .look = LOOK_DURATION_MS, .min = 1, .max = DAY_MS },
    { FIELD("maxRows", postgresql_query, max_rows, OPTIONAL,
            "A result with more rows is an error."),
      .title = "Most rows", .min = 1, .max = 1000000, .fallback = "10000" },
    { FIELD("repeatable", postgresql_query, repeatable, OPTIONAL,
            "Running it twice does no harm: it may be tried again when nobody knows whether the "
            "first time counted. Statements that only read need not say so."),
      .title = "May be repeated" },
    { 0 },
};
static const struct shape query_shape = SHAPE("PostgresqlQuery", postgresql_query, query_fields);

struct job {
    struct pg *pg;
    const struct operation_run *run;
    const struct postgresql_query *config;
    struct pg_wait wait;
    struct pg_limits limits;
    bool sent;  /* the statement is on its way */
    bool stale; /* the server no longer knows it as it was prepared: nothing happened */
    int64_t sent_us;

    const struct json *parameters; /* NULL for none */
    struct pg_statement *statement;
    struct json_writer writer;
    bool begun;
    int64_t rows;
    char command[64];
};

/* --- the result ------------------------------------------------------------------------------- */

static void begin_result(struct job *job)
{
    if (job->begun)
        return;
    job->begun = true;
    json_writer_init(&job->writer, job->run->output);
    json_begin_object(&job->writer);
    json_key(&job->writer, STR("rows"));
    json_begin_array(&job->writer);
}

static void end_result(struct job *job)
{
    struct json_writer *w = &job->writer;
    begin_result(job);
    json_end_array(w);
    json_key(w, STR("rowCount"));
    json_int(w, job->rows);
    json_key(w, STR("columns"));
    json_begin_array(w);
    for (size_t i = 0; i < job->statement->column_count; i++) {
        json_begin_object(w);
        json_key(w, STR("name"));
        json_string(w, job->statement->columns[i].name);
        json_key(w, STR("type"));
        json_string(w, str_from(job->statement->columns[i].type->name));
        json_end_object(w);
    }
    json_end_array(w);
    json_key(w, STR("command"));
    json_string(w, str_from(job->command));
    json_end_object(w);
}

/* Stops a result that nobody will take; what of it is still on its way goes with the session. */
static bool fail_too_large(struct job *job, struct error *err)
{
    job->pg->conn.broken = true;
    pg_cancel_aside(job->pg->cancel);
    return fail(err, ERR_RESULT_TOO_LARGE, "the result is larger than %zu bytes",
                job->run->output->max);
}

static int64_t max_rows(const struct postgresql_query *config)
{
    return config->max_rows.set ? config->max_rows.value : MAX_ROWS;
}

static bool write_row(struct job *job, const PGresult *row, struct error *err)
{
    const struct pg_statement *statement = job->statement;
    if (job->rows == max_rows(job->config)) {
        (void)fail_too_large(job, err);
        return fail(err, ERR_RESULT_TOO_LARGE, "the result has more than %lld rows",
                    (long long)job->rows);
    }
    begin_result(job);
    json_begin_object(&job->writer);
    for (size_t i = 0; i < statement->column_count; i++) {
        json_key(&job->writer, statement->columns[i].name);
        size_t length = (size_t)PQgetlength(row, 0, (int)i);
        job->pg->bloated |= length > LARGE_CELL;
        if (PQgetisnull(row, 0, (int)i))
            json_null(&job->writer);
        else
            pg_write_value(&job->writer, job->pg, statement->columns[i].type,
                           (struct str){ PQgetvalue(row, 0, (int)i), length });
    }
    json_end_object(&job->writer);
    job->rows++;
    return job->run->output->failed ? fail_too_large(job, err) : true;
}

/* "INSERT 0 5" is an INSERT of 5; "CREATE TABLE" is just that. */
static void take_tag(struct job *job, PGresult *result)
{
    struct str tag = str_from(PQcmdStatus(result));
    size_t end = 0;
    while (end < tag.len && !(tag.ptr[end] >= '0' && tag.ptr[end] <= '9'))
        end++;
    tag = str_trim(str_slice(tag, 0, end));
    (void)snprintf(job->command, sizeof(job->command), STR_FMT, STR_ARG(tag));
    int64_t affected = 0;
    if (job->statement->column_count == 0 && str_to_int64(str_from(PQcmdTuples(result)), &affected))
        job->rows = affected;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* True when the server refused because of what was prepared, before it did anything. */
static bool is_stale(const struct job *job, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    if (!state || job->statement->fresh || job->begun)
        return false;
    if (strcmp(state, "26000") == 0)
        return words && strstr(words, job->statement->name);
    return strcmp(state, "0A000") == 0 && function &&
           strcmp(function, "RevalidateCachedQuery") == 0;
}

/* What the server says when the statement ran into our time limit, or into our cancel request. */
static bool judge_cancelled(const struct job *job, struct error *err)
{
    int64_t ran_ms = (clock_us() - job->sent_us) / 1000;
    if (!pg_has_state(err, "57014"))
        return false;
    if (job->run->cancelled && atomic_load(job->run->cancelled)) {
        err->code = ERR_CANCELLED;
        (void)snprintf(err->message, sizeof(err->message), "cancelled");
    } else if (ran_ms + CLOCK_SLACK_MS >= job->limits.timeout_ms) {
        err->code = ERR_DEADLINE_PASSED;
        (void)snprintf(err->message, sizeof(err->message), "the statement took longer than %lld ms",
                       (long long)job->limits.timeout_ms);
    }
    return false;
}

static bool take_result(struct job *job, PGresult *result, struct error *err)
{
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
        return write_row(job, result, err);
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        take_tag(job, result);
        return true;
    case PGRES_EMPTY_QUERY:
        return fail_field(err, ERR_INVALID_INPUT, "query", "holds no statement");
    case PGRES_FATAL_ERROR:
        if (PQstatus(job->pg->link) == CONNECTION_BAD)
            job->pg->conn.broken = true;
        job->stale = is_stale(job, result);
        (void)pg_fail_result(job->pg, result, err);
        return judge_cancelled(job, err);
    case PGRES_COPY_IN: /* pg_next() refuses them */
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
    case PGRES_BAD_RESPONSE:
    case PGRES_NONFATAL_ERROR:
    case PGRES_PIPELINE_SYNC:
    case PGRES_PIPELINE_ABORTED:
        break;
    }
    job->pg->conn.broken = true;
    return fail(err, ERR_SERVER_PROTOCOL, "the server answered out of turn");
}

/* The results of one statement of the flight, up to the nothing behind them. */
static bool read_results(struct job *job, struct error *err)
{
    for (;;) {
        AUTO(pg_result) result = NULL;
        if (!pg_next(job->pg, &job->wait, &result, err))
            return false;
        if (!result)
            return true;
        if (!take_result(job, result, err))
            return false;
    }
}

/* The same of one of ours that stands before it. */
static bool skip_results(struct job *job, struct error *err)
{
    for (;;) {
        AUTO(pg_result) result = NULL;
        if (!pg_next(job->pg, &job->wait, &result, err))
            return false;
        if (!result)
            return true;
        if (PQresultStatus(result) != PGRES_FATAL_ERROR)
            continue;
        (void)pg_fail_result(job->pg, result, err);
        /* Somebody's DEALLOCATE ALL, within a function, where it does not show. */
        job->stale = pg_has_state(err, "26000");
        if (job->stale) {
            pg_session_forget(job->pg);
            job->statement = NULL;
        }
        return false;
    }
}

static bool read_statement(struct job *job, const struct pg_before *before, struct error *err)
{
    unsigned skipped = before->statements + job->statement->prepared_again;
    while (skipped-- > 0)
        if (!skip_results(job, err))
            return false;
    if (!PQsetSingleRowMode(job->pg->link))
        return pg_fail_lost(job->pg, err);
    return read_results(job, err);
}

static bool read_answers(struct job *job, const struct pg_before *before, struct error *err)
{
    struct pg *pg = job->pg;
    if (before->flight && !pg_finish_flight(pg, &job->wait, err)) {
        pg->conn.broken = true; /* the statement runs under limits that are not ours */
        return false;
    }
    bool ok = read_statement(job, before, err);
    if (pg->conn.broken)
        return false;
    AUTO(pg_result) rows = NULL;
    struct error end;
    if (pg_read_flight(pg, &job->wait, PGRES_TUPLES_OK, &rows, &end)) {
        if (ok)
            pg_session_done(pg, &job->limits, rows);
        return ok;
    }
    if (!ok && !pg->conn.broken)
        return false;
    *err = end;
    return judge_cancelled(job, err);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* Finds or prepares the statement. Where its name meets another server process: pooled from now on. */
static bool take_statement(struct job *job, const char *const *before, struct error *err)
{
    struct pg *pg = job->pg;
    job->statement = pg->pooled ? NULL : pg_statement_find(pg, job->config->query);
    if (job->statement)
        return true;
    job->statement = pg_statement_prepare(pg, &job->wait, job->config->query, before, err);
    if (job->statement)
        return true;
    bool ours = strstr(err->message, "tieline_") != NULL;
    if (!pg->pooled && ours && (pg_has_state(err, "26000") || pg_has_state(err, "42P05"))) {
        pg_statement_forget(pg, NULL);
        pg->pooled = true;
        job->stale = true;
    }
    return false;
}

static bool send_statement(struct job *job, const struct pg_binds *binds, struct error *err)
{
    struct pg *pg = job->pg;
    job->sent_us = clock_us();
    if (!PQsendQueryPrepared(pg->link, job->statement->name, binds->count, binds->values,
                             binds->lengths, binds->formats, 0))
        return pg_fail_lost(pg, err);
    job->sent = true;
    return pg_session_behind(pg, &job->limits, err);
}

static bool attempt(struct job *job, struct error *err)
{
    struct pg *pg = job->pg;
    const char *const *transaction = NULL;
    struct pg_before before;
    struct pg_binds binds;
    job->stale = job->sent = false;
    if (!pg_session_ready(pg, &job->wait, err))
        return false;
    if (pg->pooled)
        transaction = pg_session_transaction(job->run->arena, pg, &job->limits);
    return take_statement(job, transaction, err) &&
           pg_bind(pg, job->statement, job->parameters, job->run->arena, &binds, err) &&
           pg_session_before(pg, &job->limits, &before, err) && send_statement(job, &binds, err) &&
           read_answers(job, &before, err);
}

static bool read_parameters(struct job *job, struct error *err)
{
    struct str text = job->config->parameters.text;
    if (!str_set(text))
        return true;
    job->parameters = json_read(job->run->arena, text, JSON_DUPLICATES_LAST, err);
    if (job->parameters && job->parameters->kind != JSON_ARRAY)
        return fail_field(err, ERR_INVALID_INPUT, "parameters", "must be an array");
    return job->parameters != NULL;
}

/* A cancel from before this run rang for another one. */
static bool is_cancelled_before(const struct job *job)
{
    uint64_t rings;
    (void)!read(job->pg->wake, &rings, sizeof(rings));
    return job->run->cancelled && atomic_load(job->run->cancelled);
}

/* Attempts until the statement is one that the server knows. */
static bool run_job(struct job *job, struct error *err)
{
    if (is_cancelled_before(job))
        return fail(err, ERR_CANCELLED, "cancelled");
    if (!read_parameters(job, err))
        return false;
    for (int tries = 1;; tries++) {
        if (attempt(job, err)) {
            end_result(job);
            struct str whole;
            return buf_finish(job->run->output, &whole, err);
        }
        if (!job->stale || job->pg->conn.broken || tries == ATTEMPTS_MAX)
            return false;
        if (job->statement)
            pg_statement_forget(job->pg, job->statement);
    }
}

/* What a statement leaves behind in our own books. */
static void clean_up(struct job *job)
{
    struct pg *pg = job->pg;
    if (pg->pooled)
        pg_statement_forget(pg, NULL);
    else if (strcmp(job->command, "DEALLOCATE ALL") == 0 ||
             strcmp(job->command, "DISCARD ALL") == 0)
        pg_session_forget(pg);
}

static enum effect effect(const void *config)
{
    const struct postgresql_query *query = config;
    if (query->repeatable.set)
        return query->repeatable.value ? EFFECT_IDEMPOTENT : EFFECT_ONCE;
    return pg_effect_of(query->query);
}

static enum step_result run(struct conn *conn, const struct operation_run *run, const void *config,
                            struct error *err)
{
    struct pg *pg = CONTAINER_OF(conn, struct pg, conn);
    struct job job = {
        .pg = pg,
        .run = run,
        .config = config,
        .wait = { .by = run->by, .cancelled = run->cancelled },
        .limits = { .writes = run->writes_allowed || effect(config) != EFFECT_READS,
                    .prepares = pg_prepares(((const struct postgresql_query *)config)->query),
                    .timeout_ms = pg_session_timeout_ms(pg, deadline_left_ms(run->by)) },
    };
    pg_limit_received(pg, &job.wait, 2 * run->output->max + RECEIVED_SLACK);
    bool done = run_job(&job, err);
    pg->bloated |= pg_is_bloated(pg, &job.wait, run->output->len);
    clean_up(&job);
    if (done)
        return STEP_DONE;
    if (!job.limits.writes && pg_has_state(err, "25006")) {
        buf_reset(run->output);
        return STEP_WRITES;
    }
    /* An error that the server reported is an end that is known. */
    if (!err->server_code[0])
        err->maybe_done = job.sent && job.limits.writes;
    return STEP_FAILED;
}

static bool check(const void *config, struct error *err)
{
    const struct postgresql_query *query = config;
    return !pg_is_empty(query->query) ||
           fail_field(err, ERR_BAD_REQUEST, "query", "holds no statement");
}

static int64_t timeout_ms(const void *config)
{
    const struct postgresql_query *query = config;
    return query->timeout_ms.set ? query->timeout_ms.value : 0;
}

const struct operation pg_operations[] = {
    {
        .name = "postgresql-query",
        .title = "PostgreSQL Query",
        .doc = "Runs one SQL statement and gives its rows.",
        .example = "{\"config\": {\"connectionId\": \"0190a6c0-0000-7000-8000-000000000001\","
                   " \"query\": \"SELECT $1::int + 1 AS answer\", \"parameters\": [41]},"
                   " \"input\": {},"
                   " \"output\": {\"rows\": [{\"answer\": 42}], \"rowCount\": 1,"
                   " \"columns\": [{\"name\": \"answer\", \"type\": \"int4\"}],"
                   " \"command\": \"SELECT\"}}",
        .config = &query_shape,
        .check = check,
        .effect = effect,
        .timeout_ms = timeout_ms,
        .run = run,
    },
    { 0 },
};
