/* SPDX-License-Identifier: Apache-2.0 */
/* tieline workflow list|run */
#include "app/commands.h"

#include <stdio.h>

#include "app/execution.h"
#include "app/show.h"
#include "base/file.h"
#include "json/read.h"

#define INPUT_MAX ((size_t)1 << 20)
#define WAIT_MS_MAX 60000 /* of one call */

struct workflow_options {
    struct ask_options to;
    struct str project, workflow, input_text, input_file, key;
    struct opt_int wait, wait_ms;
    struct json_text input;
};

static const struct field list_fields[] = {
    { FIELD("project", workflow_options, project, REQUIRED, "Name or id of the project."),
      .title = "PROJECT" },
    ASK_OPTION_FIELDS(workflow_options),
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, workflow_options, list_fields);

static const struct field list_input_fields[] = {
    { FIELD("projectId", workflow_options, project, REQUIRED, "") },
    { 0 },
};
static const struct shape list_input = SHAPE(NULL, workflow_options, list_input_fields);

static enum exit_code workflow_list_run(const void *options, struct arena *arena)
{
    static const struct show columns[] = {
        { "NAME", "name" },         { "VERSION", "version" }, { "ACTIVE", "active" },
        { "UPDATED", "updatedAt" }, { "ID", "id" },           { 0 },
    };
    struct workflow_options given = *(const struct workflow_options *)options;
    const struct question question = { "workflows.list", STR_NULL, &list_input, &given,
                                       "workflows" };
    return show_of_project(&given.to, &given.project, &question, columns, arena);
}

const struct command command_workflow_list = {
    .words = "workflow list",
    .arguments = { "project" },
    .doc = "Lists the workflows of a project.",
    .examples = "  tieline workflow list Orders",
    .options = &list_shape,
    .run = workflow_list_run,
};

/* --- run --- */

static const struct field run_fields[] = {
    { FIELD("workflow", workflow_options, workflow, REQUIRED, "Id of the workflow."),
      .title = "WORKFLOW_ID" },
    { FIELD("input", workflow_options, input_text, OPTIONAL, "JSON that {{ trigger }} stands for."),
      .title = "JSON" },
    { FIELD("inputFile", workflow_options, input_file, OPTIONAL,
            "File that holds that JSON; \"-\" is standard input."),
      .title = "FILE" },
    { FIELD("idempotencyKey", workflow_options, key, OPTIONAL,
            "The same key again starts nothing new."),
      .title = "KEY" },
    { FIELD("wait", workflow_options, wait, OPTIONAL,
            "Wait so long for the end, and say how it ended."),
      .min = 1, .max = 86400, .title = "SECONDS" },
    ASK_OPTION_FIELDS(workflow_options),
    { 0 },
};
static const struct shape run_shape = SHAPE(NULL, workflow_options, run_fields);

static const struct field run_input_fields[] = {
    { FIELD("workflowId", workflow_options, workflow, REQUIRED, "") },
    { FIELD("input", workflow_options, input, OPTIONAL, "") },
    { FIELD("idempotencyKey", workflow_options, key, OPTIONAL, "") },
    { FIELD("waitMs", workflow_options, wait_ms, OPTIONAL, "") },
    { 0 },
};
static const struct shape run_input = SHAPE(NULL, workflow_options, run_input_fields);

static bool read_input(struct workflow_options *given, struct arena *arena, struct error *err)
{
    struct str text = given->input_text;

    if (str_set(text) && str_set(given->input_file))
        return fail(err, ERR_BAD_REQUEST, "give --input or --input-file, not both");
    if (str_eq(given->input_file, STR("-"))) {
        if (!file_read_open(0, "standard input", INPUT_MAX, arena, &text, err))
            return false;
    } else if (str_set(given->input_file) &&
               !file_read(arena_c(arena, given->input_file), INPUT_MAX, arena, &text, err)) {
        return false;
    }
    if (!str_set(text))
        return true;
    const struct json *value = json_read(arena, text, JSON_DUPLICATES_REFUSED, err);
    if (!value) {
        error_prefix(err, "the input: ");
        return false;
    }
    given->input.text = json_compact(arena, value->raw);
    return true;
}

static enum exit_code workflow_run_run(const void *options, struct arena *arena)
{
    struct workflow_options given = *(const struct workflow_options *)options;
    const struct question question = { "workflows.execute", STR_NULL, &run_input, &given, NULL };
    struct error err = { 0 };

    if (!read_input(&given, arena, &err))
        return command_failed(&err);
    struct deadline by = deadline_in_ms(given.wait.value * 1000);
    int64_t wait_ms = given.wait.value * 1000;
    given.wait_ms =
        (struct opt_int){ given.wait.set, wait_ms < WAIT_MS_MAX ? wait_ms : WAIT_MS_MAX };
    AUTO(ask) server = ask_open(&given.to.at, ASK_SERVER, arena, &err);
    const struct json *answer = server ? ask(server, &question, &err) : NULL;
    if (!answer || !given.wait.set)
        return show_answer(&given.to, answer, "executionId", &err, arena);
    const struct json *execution = json_member(answer, STR("execution"));
    if (!execution_await(server, &execution, by, &err))
        return command_failed(&err);
    if (given.to.json)
        show_json(execution);
    else
        execution_show(execution, arena);
    return execution_exit_code(execution);
}

const struct command command_workflow_run = {
    .words = "workflow run",
    .arguments = { "workflow" },
    .doc = "Starts an execution of a workflow, and prints its id.",
    .more =
        "The server carries it out, whether anybody waits or not. With --wait the exit code is\n"
        "0 when it succeeded, and 1 when it failed, was cancelled or goes on.",
    .examples = "  tieline workflow run 01a2082d-765f-75fb-a363-f60582dbbb64\n"
                "  tieline workflow run 01a2082d-765f-75fb-a363-f60582dbbb64 --wait 60 \\\n"
                "      --input '{\"customer\": 7}'",
    .options = &run_shape,
    .run = workflow_run_run,
};
