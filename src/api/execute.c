/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workflows.execute, executions.runAgain: a start that is answered once it is durable, or, with waitMs, once the
 * execution has ended or the wait is over. Waiting holds no thread.
 */
#include "api/internal.h"

#include "engine/engine.h"
#include "store/workflows.h"

#define INPUT_MAX ((size_t)1 << 20)

struct execute_input {
    struct id workflow_id;
    struct json_text input;
    struct str idempotency_key;
    struct opt_int wait_ms;
};
static const struct field execute_fields[] = {
    { FIELD("workflowId", execute_input, workflow_id, REQUIRED, "Id of the workflow.") },
    { FIELD("input", execute_input, input, OPTIONAL,
            "What {{ trigger }} stands for; at most 1 MiB of JSON.") },
    { FIELD("idempotencyKey", execute_input, idempotency_key, OPTIONAL,
            "The same key and body again give the same execution."),
      .min = 1, .max = 200 },
    { FIELD("waitMs", execute_input, wait_ms, OPTIONAL,
            "Wait so long for the end, and give the execution as it then is."),
      .min = 1, .max = 60000, .look = LOOK_DURATION_MS },
    { 0 },
};
static const struct shape execute_shape = SHAPE(NULL, execute_input, execute_fields);

struct execute_output {
    struct id execution_id;
    struct execution_row *execution;
};
static const struct field executed_fields[] = {
    { FIELD("executionId", execute_output, execution_id, REQUIRED, "Id of the execution.") },
    { FIELD_SHAPE("execution", execute_output, execution, OPTIONAL, &execution_shape,
                  "With waitMs: as it is now.") },
    { 0 },
};
static const struct shape executed_shape = SHAPE(NULL, execute_output, executed_fields);

struct execute {
    struct engine_start start;
    struct engine_waiter waiter;
    struct job job;
    struct call *call;
};

static void place(struct call *call, struct execution_row *row)
{
    struct execute_output *out = call->output;
    api_advise(row);
    out->execution = row;
}

/* The key was used before: that execution may go on, or have ended long ago. */
static void await_existing(struct job *job)
{
    struct execute *self = CONTAINER_OF(job, struct execute, job);
    api_await_end(self->call, self->start.execution_id, self->start.wait_until, place);
}

static void started(struct engine_start *start, const struct error *err)
{
    struct execute *self = CONTAINER_OF(start, struct execute, start);
    struct execute_output *out = self->call->output;

    if (err) {
        call_finish(self->call, err);
        return;
    }
    out->execution_id = start->execution_id;
    self->job.run = await_existing;
    if (!start->waiter)
        call_finish(self->call, NULL);
    else if (start->existing)
        blocking_run_surely(services_of(self->call)->reading, &self->job);
}

static void waited(struct engine_waiter *waiter, const struct execution_row *row)
{
    struct execute *self = CONTAINER_OF(waiter, struct execute, waiter);
    const struct execute_output *out = self->call->output;
    api_waited(self->call, out->execution_id, row, place);
}

static void drop_graph(void *graph)
{
    graph_unref(graph);
}

static bool refuse_blocked(const struct workflow_problem *blocker, struct error *err)
{
    if (!str_set(blocker->node_id))
        return fail(err, ERR_BAD_REQUEST, "the workflow cannot run: " STR_FMT,
                    STR_ARG(blocker->message));
    return fail(err, ERR_BAD_REQUEST,
                "the workflow cannot run: node \"" STR_FMT "\": " STR_FMT "%s" STR_FMT,
                STR_ARG(blocker->node_id), STR_ARG(blocker->field),
                blocker->field.len > 0 ? ": " : "", STR_ARG(blocker->message));
}

/* Latest version of in->workflow_id. */
static bool prepare(struct call *call, struct tx *tx, const struct execute_input *in,
                    struct execute *self, struct error *err)
{
    struct workflow_row workflow;
    bool found;

    if (!workflow_find(tx, call->project_id, in->workflow_id, call->arena, &workflow, &found, err))
        return false;
    if (!found)
        return fail(err, ERR_NOT_FOUND, "the workflow was deleted");
    struct graph *graph = engine_graph(services_of(call)->engine, call->project_id, workflow.id,
                                       workflow.version, err);
    if (!graph)
        return false;
    arena_defer(call->arena, drop_graph, graph);
    if (graph->blocker)
        return refuse_blocked(graph->blocker, err);
    self->start = (struct engine_start){
        .project_id = call->project_id,
        .workflow_id = workflow.id,
        .workflow_name = workflow.name,
        .workflow_version = workflow.version,
        .graph = graph,
        .input = in->input,
        .trigger = id_set(call->caller.session_id) ? TRIGGER_MANUAL : TRIGGER_API,
        .idempotency_key = in->idempotency_key,
        .started = started,
    };
    return true;
}

static enum answer start(struct call *call, struct execute *self, struct opt_int wait_ms)
{
    self->call = call;
    if (wait_ms.set) {
        self->waiter.done = waited;
        self->start.waiter = &self->waiter;
        self->start.wait_until = deadline_in_ms(wait_ms.value);
    }
    engine_start(services_of(call)->engine, &self->start);
    return PENDING;
}

static enum answer workflows_execute(struct call *call, const void *input, void *output,
                                     struct error *err)
{
    const struct execute_input *in = input;
    struct execute *self = ARENA_NEW(call->arena, execute);
    (void)output;

    if (in->input.text.len > INPUT_MAX) {
        (void)fail_field(err, ERR_BAD_REQUEST, "input", "must be at most 1 MiB of JSON");
        return FAILED;
    }
    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx || !prepare(call, tx, in, self, err))
        return FAILED;
    return start(call, self, in->wait_ms);
}

/* --- once more --- */

struct run_again_input {
    struct id execution_id;
    struct opt_int wait_ms;
};
static const struct field run_again_fields[] = {
    { FIELD("executionId", run_again_input, execution_id, REQUIRED, "Id of the execution.") },
    { FIELD("waitMs", run_again_input, wait_ms, OPTIONAL,
            "Wait so long for the end, and give the execution as it then is."),
      .min = 1, .max = 60000, .look = LOOK_DURATION_MS },
    { 0 },
};
static const struct shape run_again_shape = SHAPE(NULL, run_again_input, run_again_fields);

/* With the very input, as it is stored: no program in between has read its numbers. */
static enum answer executions_run_again(struct call *call, const void *input, void *output,
                                        struct error *err)
{
    const struct run_again_input *in = input;
    struct execute *self = ARENA_NEW(call->arena, execute);
    struct execution_row old;
    bool found;
    (void)output;

    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx ||
        !execution_find(tx, call->project_id, in->execution_id, call->arena, &old, &found, err))
        return FAILED;
    if (!found) {
        (void)fail(err, ERR_NOT_FOUND, "no such execution");
        return FAILED;
    }
    const struct execute_input again = { .workflow_id = old.workflow_id, .input = old.input };
    if (!prepare(call, tx, &again, self, err))
        return FAILED;
    self->start.rerun_of = in->execution_id;
    return start(call, self, in->wait_ms);
}

const struct procedure execute_procedures[] = {
    { .path = "workflows.execute",
      .kind = MUTATION,
      .needs = PROJECT_WRITE,
      .about = ABOUT_WORKFLOW,
      .doc = "Starts the latest version. Once answered, the execution is never lost.",
      .input = &execute_shape,
      .output = &executed_shape,
      .run = workflows_execute },
    { .path = "executions.runAgain",
      .kind = MUTATION,
      .needs = PROJECT_WRITE,
      .about = ABOUT_EXECUTION,
      .doc =
          "Starts the latest version of an execution's workflow with the same input. The old one "
          "stays as it is.",
      .input = &run_again_shape,
      .output = &executed_shape,
      .run = executions_run_again },
    { 0 },
};
