/* SPDX-License-Identifier: Apache-2.0 */
/* executions.list, get, step, definition, cancel. */
#include "api/internal.h"

#include "api/watch.h"
#include "engine/engine.h"
#include "json/beginning.h"
#include "store/workflows.h"

#define PAGE_DEFAULT 50
/* Pages looked through for executions that are open in a certain way. */
#define OPEN_PAGES_MAX 8
#define CANCEL_WAIT_MS 2000

struct execution_list_input {
    struct id project_id, workflow_id;
    int status;
    struct instant since;
    struct opt_int limit;
    struct id cursor;
};
static const struct field list_fields[] = {
    { FIELD("projectId", execution_list_input, project_id, REQUIRED, "Id of the project.") },
    { FIELD("workflowId", execution_list_input, workflow_id, OPTIONAL,
            "Only those of this workflow.") },
    { FIELD_ENUM("status", execution_list_input, status, OPTIONAL, execution_status_names,
                 "Only those that stand so.") },
    { FIELD("since", execution_list_input, since, OPTIONAL,
            "Only those that were accepted then or later.") },
    { FIELD("limit", execution_list_input, limit, OPTIONAL, "Page size."), .min = 1, .max = 200,
      .fallback = "50" },
    { FIELD("cursor", execution_list_input, cursor, OPTIONAL, "nextCursor of the page before.") },
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, execution_list_input, list_fields);

struct execution_list_output {
    struct array executions;
    struct id next_cursor;
};
static const struct field listed_fields[] = {
    { FIELD_LIST("executions", execution_list_output, executions, REQUIRED,
                 &execution_summary_shape, "Newest first.") },
    { FIELD("nextCursor", execution_list_output, next_cursor, OPTIONAL,
            "Absent: this is the last page.") },
    { 0 },
};
static const struct shape listed_shape = SHAPE(NULL, execution_list_output, listed_fields);

struct execution_id_input {
    struct id execution_id;
};
static const struct field id_fields[] = {
    { FIELD("executionId", execution_id_input, execution_id, REQUIRED, "Id of the execution.") },
    { 0 },
};
static const struct shape id_shape = SHAPE(NULL, execution_id_input, id_fields);

/*
 * Those that stand so now, which only memory knows of open ones: the store's word for them may be
 * older. A page is looked through at a time, a few at most: it may come out short, and have a next one.
 */
static bool list_open(struct call *call, struct tx *tx, struct execution_filter *filter,
                      struct execution_list_output *out, struct error *err)
{
    size_t limit = (size_t)filter->limit - 1, kept = 0;
    struct execution_row *found = ARENA_ARRAY(call->arena, execution_row, limit);
    int wanted = filter->status;

    filter->status = 0;
    filter->open = true;
    filter->not_resting = wanted != EXECUTION_WAITING;
    out->executions.items = found;
    for (int pages = 0; pages < OPEN_PAGES_MAX && kept < limit; pages++) {
        struct array page;
        if (!execution_list(tx, filter, call->arena, &page, err))
            return false;
        struct execution_row *rows = page.items;
        bool more = page.count > limit;
        size_t at = 0, count = more ? limit : page.count;
        engine_refresh(services_of(call)->engine, rows, count);
        for (; at < count && kept < limit; at++)
            if (rows[at].status == wanted)
                found[kept++] = rows[at];
        more = more || at < count;
        out->executions.count = kept;
        out->next_cursor = more ? rows[at - 1].id : ID_NONE;
        if (!more)
            break;
        filter->before = out->next_cursor;
    }
    return true;
}

static bool is_open(int status)
{
    return status != 0 && !execution_status_ended(status);
}

/* One row more than asked for tells whether there is another page. */
static enum answer executions_list(struct call *call, const void *input, void *output,
                                   struct error *err)
{
    const struct execution_list_input *in = input;
    struct execution_list_output *out = output;
    size_t limit = in->limit.set ? (size_t)in->limit.value : PAGE_DEFAULT;
    struct execution_filter filter = {
        .project_id = call->project_id,
        .workflow_id = in->workflow_id,
        .status = in->status,
        .before = in->cursor,
        .first = instant_set(in->since) ? id_first_at(in->since) : ID_NONE,
        .limit = (int64_t)limit + 1,
    };

    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx)
        return FAILED;
    if (is_open(filter.status))
        return list_open(call, tx, &filter, out, err) ? DONE : FAILED;
    if (!execution_list(tx, &filter, call->arena, &out->executions, err))
        return FAILED;
    struct execution_row *rows = out->executions.items;
    if (out->executions.count > limit) {
        out->executions.count = limit;
        out->next_cursor = rows[limit - 1].id;
    }
    engine_refresh(services_of(call)->engine, rows, out->executions.count);
    return DONE;
}

/* --- one --- */

struct execution_get_input {
    struct id execution_id;
    bool brief;
};
static const struct field get_fields[] = {
    { FIELD("executionId", execution_get_input, execution_id, REQUIRED, "Id of the execution.") },
    { FIELD("brief", execution_get_input, brief, OPTIONAL,
            "Leave out inputs and outputs of steps over 16 KiB: those steps are partial.") },
    { 0 },
};
static const struct shape get_shape = SHAPE(NULL, execution_get_input, get_fields);

/* What was left out is present and empty. */
static void mark_partial(struct step_row *step)
{
    struct json_text *texts[] = { &step->input, &step->output };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (!str_set(texts[i]->text) || texts[i]->text.len > 0)
            continue;
        texts[i]->text = STR_NULL;
        step->partial = (struct opt_bool){ true, true };
    }
}

static enum answer executions_get(struct call *call, const void *input, void *output,
                                  struct error *err)
{
    const struct execution_get_input *in = input;
    struct execution_row *out = output;
    bool found;

    if (!in->brief) {
        if (!execution_look(call, in->execution_id, out, err))
            return FAILED;
        api_advise(out);
        return DONE;
    }
    if (!engine_glance(services_of(call)->engine, call->project_id, in->execution_id, call->arena,
                       out, &found, err))
        return FAILED;
    if (!found) {
        (void)fail(err, ERR_NOT_FOUND, "no such execution");
        return FAILED;
    }
    struct step_row *steps = out->steps.items;
    for (size_t i = 0; i < out->steps.count; i++)
        mark_partial(&steps[i]);
    api_advise(out);
    return DONE;
}

/* Of each long member of an input or output, so much is shown in brief. */
#define BEGINNING_BYTES (64 * 1024)

struct execution_step_input {
    struct id execution_id;
    struct str node_id;
    bool brief;
};
static const struct field step_fields[] = {
    { FIELD("executionId", execution_step_input, execution_id, REQUIRED, "Id of the execution.") },
    { FIELD("nodeId", execution_step_input, node_id, REQUIRED, "Id of the step's node."), .min = 1,
      .max = 63 },
    { FIELD("brief", execution_step_input, brief, OPTIONAL,
            "Of an input or output that is long, only the beginning: lists keep their first items, "
            "texts their first characters, 64 KiB of each member.") },
    { 0 },
};
static const struct shape step_input_shape = SHAPE(NULL, execution_step_input, step_fields);

/* How long a text was that is cut now; absent: it is whole. */
static struct opt_int keep_beginning(struct json_text *text, struct arena *arena)
{
    struct opt_int bytes = { 0 };
    struct buf buf;

    if (!str_set(text->text) || text->text.len <= BEGINNING_BYTES)
        return bytes;
    buf_init(&buf, text->text.len + 1024);
    if (json_beginning(text->text, BEGINNING_BYTES, &buf)) {
        bytes = (struct opt_int){ true, (int64_t)text->text.len };
        text->text = arena_str(arena, buf_str(&buf));
    }
    buf_done(&buf);
    return bytes;
}

static enum answer executions_step(struct call *call, const void *input, void *output,
                                   struct error *err)
{
    const struct execution_step_input *in = input;
    struct step_row *out = output;
    struct execution_row row;
    bool found;

    if (!engine_view_step(services_of(call)->engine, call->project_id, in->execution_id,
                          in->node_id, call->arena, &row, &found, err))
        return FAILED;
    if (!found) {
        (void)fail(err, ERR_NOT_FOUND, "no such execution");
        return FAILED;
    }
    if (row.steps.count == 0) {
        (void)fail_field(err, ERR_NOT_FOUND, "nodeId",
                         "is no node of this execution: \"" STR_FMT "\"", STR_ARG(in->node_id));
        return FAILED;
    }
    *out = *(const struct step_row *)row.steps.items;
    if (in->brief) {
        out->input_bytes = keep_beginning(&out->input, call->arena);
        out->output_bytes = keep_beginning(&out->output, call->arena);
    }
    api_advise_step(out);
    return DONE;
}

struct ran_output {
    int64_t version;
    struct json_text definition;
};
static const struct field ran_fields[] = {
    { FIELD("version", ran_output, version, REQUIRED, "Of the workflow.") },
    { FIELD("definition", ran_output, definition, REQUIRED, "Nodes and edges."),
      .look = LOOK_JSON_OBJECT },
    { 0 },
};
static const struct shape ran_shape = SHAPE(NULL, ran_output, ran_fields);

/* Also of a workflow that was changed or deleted since. */
static enum answer executions_definition(struct call *call, const void *input, void *output,
                                         struct error *err)
{
    const struct execution_id_input *in = input;
    struct ran_output *out = output;
    struct execution_row row;
    bool found;

    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx ||
        !execution_find(tx, call->project_id, in->execution_id, call->arena, &row, &found, err))
        return FAILED;
    if (!found) {
        (void)fail(err, ERR_NOT_FOUND, "no such execution");
        return FAILED;
    }
    out->version = row.workflow_version;
    return workflow_find_version(tx, call->project_id, row.workflow_id, row.workflow_version,
                                 call->arena, &out->definition, err)
               ? DONE
               : FAILED;
}

/* --- cancelling --- */

struct cancelling {
    struct write write;
    struct job job;
    struct call *call;
    struct id id;
    struct execution_cancelled is; /* by the request itself: nobody held it */
};

static void place(struct call *call, struct execution_row *row)
{
    struct execution_row *out = call->output;
    *out = *row;
}

static bool request_cancel(struct tx *tx, struct write *write, struct error *err)
{
    struct cancelling *self = CONTAINER_OF(write, struct cancelling, write);
    struct call *call = self->call;
    return execution_request_cancel(tx, call->project_id, self->id, instant_now(), &self->is,
                                    err) &&
           api_audit(tx, call, self->id, err);
}

static void await_end(struct job *job)
{
    struct cancelling *self = CONTAINER_OF(job, struct cancelling, job);
    api_await_end(self->call, self->id, deadline_in_ms(CANCEL_WAIT_MS), place);
}

static void cancel_requested(struct write *write, const struct error *err)
{
    struct cancelling *self = CONTAINER_OF(write, struct cancelling, write);
    struct services *services = services_of(self->call);

    /* Taken up by this process between the question and the commit: it is told as well. */
    if (!err && self->is.ended) {
        watches_publish(services->watches, self->call->project_id, self->id, EXECUTION_CANCELLED);
        engine_ended(services->engine, self->call->project_id, self->id, self->is.rested);
    } else if (!err) {
        (void)engine_cancel(services->engine, self->id);
    }
    self->job.run = await_end;
    if (err)
        call_finish(self->call, err);
    else
        blocking_run_surely(services->reading, &self->job);
}

static enum answer executions_cancel(struct call *call, const void *input, void *output,
                                     struct error *err)
{
    const struct execution_id_input *in = input;
    struct services *services = services_of(call);
    struct cancelling *self = ARENA_NEW(call->arena, cancelling);
    const struct execution_row *row = output;

    self->call = call;
    self->id = in->execution_id;
    if (!execution_look(call, self->id, output, err))
        return FAILED;
    if (execution_status_ended(row->status))
        return DONE;
    /* What is held here ends at once; who takes it up after us, or asks who did it, finds a row. */
    (void)engine_cancel(services->engine, self->id);
    self->write =
        (struct write){ .scope = api_scope(call), .run = request_cancel, .done = cancel_requested };
    store_submit(services->store, &self->write);
    return PENDING;
}

const struct procedure execution_procedures[] = {
    { .path = "executions.list",
      .kind = QUERY,
      .needs = PROJECT_READ,
      .about = ABOUT_PROJECT,
      .doc = "Executions, newest first, without inputs and steps.",
      .input = &list_shape,
      .output = &listed_shape,
      .run = executions_list },
    { .path = "executions.get",
      .kind = QUERY,
      .needs = PROJECT_READ,
      .about = ABOUT_EXECUTION,
      .doc = "One execution with its steps and attempts.",
      .input = &get_shape,
      .output = &execution_shape,
      .run = executions_get },
    { .path = "executions.step",
      .kind = QUERY,
      .needs = PROJECT_READ,
      .about = ABOUT_EXECUTION,
      .doc = "One step of an execution, its input and output whole, or in brief.",
      .input = &step_input_shape,
      .output = &step_shape,
      .run = executions_step },
    { .path = "executions.definition",
      .kind = QUERY,
      .needs = PROJECT_READ,
      .about = ABOUT_EXECUTION,
      .doc = "The definition that an execution runs, whatever became of its workflow since.",
      .input = &id_shape,
      .output = &ran_shape,
      .run = executions_definition },
    { .path = "executions.cancel",
      .kind = MUTATION,
      .needs = PROJECT_WRITE,
      .about = ABOUT_EXECUTION,
      .doc = "Ends an execution: waiting steps at once, running ones as soon as they can be "
             "interrupted. Answers after the end, or 2 s.",
      .input = &id_shape,
      .output = &execution_shape,
      .run = executions_cancel },
    { 0 },
};
