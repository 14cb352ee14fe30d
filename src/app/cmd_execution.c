/* SPDX-License-Identifier: Apache-2.0 */
/* tieline execution list|show|cancel */
#include "app/execution.h"

#include <stdio.h>
#include <time.h>

#include "app/show.h"
#include "store/executions.h"

#define PAUSE_MS 500

struct execution_options {
    struct ask_options to;
    struct str project, workflow, execution, cursor;
    int status;
    struct opt_int limit;
};

/* --- list --- */

static const struct field list_fields[] = {
    { FIELD("project", execution_options, project, REQUIRED, "Name or id of the project."),
      .title = "PROJECT" },
    { FIELD("workflow", execution_options, workflow, OPTIONAL, "Only those of this workflow."),
      .title = "WORKFLOW_ID" },
    { FIELD_ENUM("status", execution_options, status, OPTIONAL, execution_status_names,
                 "Only those with this status."),
      .title = "STATUS" },
    { FIELD("limit", execution_options, limit, OPTIONAL, "How many at most."), .min = 1, .max = 200,
      .title = "N", .fallback = "50" },
    { FIELD("cursor", execution_options, cursor, OPTIONAL,
            "Go on where the list before ended; it says where."),
      .title = "CURSOR" },
    ASK_OPTION_FIELDS(execution_options),
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, execution_options, list_fields);

static const struct field list_input_fields[] = {
    { FIELD("projectId", execution_options, project, REQUIRED, "") },
    { FIELD("workflowId", execution_options, workflow, OPTIONAL, "") },
    { FIELD_ENUM("status", execution_options, status, OPTIONAL, execution_status_names, "") },
    { FIELD("limit", execution_options, limit, OPTIONAL, "") },
    { FIELD("cursor", execution_options, cursor, OPTIONAL, "") },
    { 0 },
};
static const struct shape list_input = SHAPE(NULL, execution_options, list_input_fields);

static enum exit_code execution_list_run(const void *options, struct arena *arena)
{
    static const struct show columns[] = {
        { "CREATED", "createdAt" },
        { "STATUS", "status" },
        { "WORKFLOW", "workflowName" },
        { "FINISHED", "finishedAt" },
        { "ERROR", "error.code" },
        { "ID", "id" },
        { 0 },
    };
    struct execution_options given = *(const struct execution_options *)options;
    const struct question question = { "executions.list", STR_NULL, &list_input, &given,
                                       "executions" };
    return show_of_project(&given.to, &given.project, &question, columns, arena);
}

const struct command command_execution_list = {
    .words = "execution list",
    .arguments = { "project" },
    .doc = "Lists executions of a project, newest first.",
    .examples = "  tieline execution list Orders --status failed\n"
                "  tieline execution list Orders --limit 200 --json",
    .options = &list_shape,
    .run = execution_list_run,
};

/* --- show, cancel --- */

static const struct field one_fields[] = {
    { FIELD("execution", execution_options, execution, REQUIRED, "Id of the execution."),
      .title = "EXECUTION_ID" },
    ASK_OPTION_FIELDS(execution_options),
    { 0 },
};
static const struct shape one_shape = SHAPE(NULL, execution_options, one_fields);

static const struct field one_input_fields[] = {
    { FIELD("executionId", execution_options, execution, REQUIRED, "") },
    { 0 },
};
static const struct shape one_input = SHAPE(NULL, execution_options, one_input_fields);

void execution_show(const struct json *execution, struct arena *arena)
{
    static const struct show lines[] = {
        { "Execution", "id" },
        { "Workflow", "workflowName" },
        { "Version", "workflowVersion" },
        { "Status", "status" },
        { "Error", "error.message" },
        { "Code", "error.code" },
        { "Created", "createdAt" },
        { "Started", "startedAt" },
        { "Finished", "finishedAt" },
        { 0 },
    };
    static const struct show steps[] = {
        { "NODE", "nodeId" },         { "STATUS", "status" },       { "STARTED", "startedAt" },
        { "FINISHED", "finishedAt" }, { "ERROR", "error.message" }, { 0 },
    };
    show_lines(execution, lines, arena);
    (void)printf("\n");
    show_table(json_member(execution, STR("steps")), steps, arena);
}

static struct str status_of(const struct json *execution)
{
    const struct json *status = json_member(execution, STR("status"));
    return status ? status->text : STR("");
}

enum exit_code execution_exit_code(const struct json *execution)
{
    return str_eq(status_of(execution), STR("succeeded")) ? EXIT_DONE : EXIT_FAILED;
}

static bool has_ended(const struct json *execution)
{
    struct str status = status_of(execution);
    return str_eq(status, STR("succeeded")) || str_eq(status, STR("failed")) ||
           str_eq(status, STR("cancelled"));
}

bool execution_await(struct ask *server, const struct json **execution, struct deadline by,
                     struct error *err)
{
    const struct json *id = json_member(*execution, STR("id"));
    const struct execution_options given = { .execution = id ? id->text : STR_NULL };
    const struct question question = { "executions.get", STR_NULL, &one_input, &given, NULL };

    while (!has_ended(*execution) && !deadline_passed(by)) {
        (void)nanosleep(&(struct timespec){ .tv_nsec = PAUSE_MS * 1000000L }, NULL);
        const struct json *now = ask(server, &question, err);
        if (!now)
            return false;
        *execution = now;
    }
    return true;
}

static enum exit_code show_one(const void *options, const char *procedure, enum ask_need need,
                               struct arena *arena)
{
    const struct execution_options *given = options;
    const struct question question = { procedure, STR_NULL, &one_input, given, NULL };
    struct error err = { 0 };

    AUTO(ask) server = ask_open(&given->to.at, need, arena, &err);
    const struct json *answer = server ? ask(server, &question, &err) : NULL;
    if (answer && !given->to.json)
        execution_show(answer, arena);
    return show_answer(&given->to, answer, NULL, &err, arena);
}

static enum exit_code execution_show_run(const void *options, struct arena *arena)
{
    return show_one(options, "executions.get", ASK_STORE, arena);
}

static enum exit_code execution_cancel_run(const void *options, struct arena *arena)
{
    return show_one(options, "executions.cancel", ASK_SERVER, arena);
}

const struct command command_execution_show = {
    .words = "execution show",
    .arguments = { "execution" },
    .doc = "Shows an execution and its steps; with --json also inputs, outputs and attempts.",
    .examples = "  tieline execution show 01a2082d-765f-75fb-a363-f60582dbbb64",
    .options = &one_shape,
    .run = execution_show_run,
};
const struct command command_execution_cancel = {
    .words = "execution cancel",
    .arguments = { "execution" },
    .doc = "Ends an execution that goes on, and shows it. One that has ended stays as it is.",
    .examples = "  tieline execution cancel 01a2082d-765f-75fb-a363-f60582dbbb64",
    .options = &one_shape,
    .run = execution_cancel_run,
};
