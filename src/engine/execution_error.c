/* SPDX-License-Identifier: Apache-2.0 */
/* The errors of steps, in words. */
#include "engine/execution_error.h"

#include "base/buf.h"
#include "json/write.h"

struct execution_error *execution_make_error(struct execution *x, const struct error *from,
                                             enum error_code code)
{
    struct execution_error *error = ARENA_NEW(x->arena, execution_error);
    error->code = str_from(error_code_row(code)->reason);
    if (error->code.len == 0)
        error->code = str_from(error_code_row(code)->name);
    error->message = arena_str(x->arena, str_from(from->message));
    if (from->server_code[0])
        error->sql_state = arena_str(x->arena, str_from(from->server_code));
    return error;
}

struct execution_error *execution_gave_up(struct execution *x, unsigned node,
                                          const struct error *last)
{
    struct error err = { 0 };
    (void)fail(&err, ERR_RETRY_DEADLINE, "gave up after %lld attempts within %lld ms: %s",
               (long long)x->nodes[node].attempt_count,
               (long long)x->graph->nodes[node].retry.deadline_ms, last->message);
    return execution_make_error(x, &err, ERR_RETRY_DEADLINE);
}

struct execution_error *execution_unknown_outcome(struct execution *x, const struct error *cause)
{
    struct error err = { 0 };
    (void)fail(&err, ERR_OUTCOME_UNKNOWN,
               "nobody knows whether this was carried out, and it may not be repeated: %s",
               cause->message);
    return execution_make_error(x, &err, ERR_OUTCOME_UNKNOWN);
}

struct execution_error *execution_worker_lost(struct execution *x, unsigned count)
{
    struct error err = { 0 };
    (void)fail(&err, ERR_WORKER_LOST, "%u processes in a row ended while they carried this out",
               count);
    return execution_make_error(x, &err, ERR_WORKER_LOST);
}

struct json_text execution_error_output(struct execution *x, const struct execution_error *error)
{
    struct buf buf;
    struct json_writer w;
    buf_init(&buf, 4096);
    json_writer_init(&w, &buf);
    json_begin_object(&w);
    json_key(&w, STR("error"));
    json_begin_object(&w);
    json_key(&w, STR("code"));
    json_string(&w, error->code);
    json_key(&w, STR("message"));
    json_string(&w, error->message);
    json_end_object(&w);
    json_end_object(&w);
    struct json_text output = { arena_str(x->arena, buf_str(&buf)) };
    buf_done(&buf);
    return output;
}
