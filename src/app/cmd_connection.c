/* SPDX-License-Identifier: Apache-2.0 */
/* tieline connection list|test */
#include "app/commands.h"

#include "app/find.h"
#include "app/show.h"

struct connection_options {
    struct ask_options to;
    struct str project, type, connection;
};

static const struct field list_fields[] = {
    { FIELD("project", connection_options, project, REQUIRED, "Name or id of the project."),
      .title = "PROJECT" },
    { FIELD("type", connection_options, type, OPTIONAL, "Only those of this type."),
      .title = "TYPE" },
    ASK_OPTION_FIELDS(connection_options),
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, connection_options, list_fields);

static const struct field list_input_fields[] = {
    { FIELD("projectId", connection_options, project, REQUIRED, "") },
    { FIELD("connectionType", connection_options, type, OPTIONAL, "") },
    { 0 },
};
static const struct shape list_input = SHAPE(NULL, connection_options, list_input_fields);

static enum exit_code connection_list_run(const void *options, struct arena *arena)
{
    static const struct show columns[] = {
        { "NAME", "name" },
        { "TYPE", "connectionType" },
        { "URL", "connectionUrl" },
        { "UPDATED", "updatedAt" },
        { "ID", "id" },
        { 0 },
    };
    struct connection_options given = *(const struct connection_options *)options;
    const struct question question = { "connections.list", STR_NULL, &list_input, &given,
                                       "connections" };
    return show_of_project(&given.to, &given.project, &question, columns, arena);
}

const struct command command_connection_list = {
    .words = "connection list",
    .arguments = { "project" },
    .doc = "Lists the connections of a project, without their passwords.",
    .examples = "  tieline connection list Orders\n"
                "  tieline connection list Orders --type redis --json",
    .options = &list_shape,
    .run = connection_list_run,
};

static const struct field test_fields[] = {
    { FIELD("connection", connection_options, connection, REQUIRED, "Id of the connection."),
      .title = "CONNECTION_ID" },
    ASK_OPTION_FIELDS(connection_options),
    { 0 },
};
static const struct shape test_shape = SHAPE(NULL, connection_options, test_fields);

static const struct field test_input_fields[] = {
    { FIELD("connectionId", connection_options, connection, REQUIRED, "") },
    { 0 },
};
static const struct shape test_input = SHAPE(NULL, connection_options, test_input_fields);

static void show_result(const struct json *result, struct arena *arena)
{
    static const struct show stages[] = {
        { "STAGE", "name" }, { "OK", "ok" }, { "MS", "ms" }, { "ERROR", "error" }, { 0 }
    };
    static const struct show lines[] = {
        { "Result", "message" },
        { "Error", "error" },
        { "Advice", "advice" },
        { "TLS", "tls" },
        { "Server", "serverVersion" },
        { "Tested from", "testedFrom" },
        { 0 },
    };
    show_table(json_member(result, STR("stages")), stages, arena);
    show_lines(result, lines, arena);
}

static enum exit_code connection_test_run(const void *options, struct arena *arena)
{
    const struct connection_options *given = options;
    const struct question question = { "connections.test", STR_NULL, &test_input, given, NULL };
    struct error err = { 0 };

    AUTO(ask) server = ask_open(&given->to.at, ASK_SERVER, arena, &err);
    const struct json *result = server ? ask(server, &question, &err) : NULL;
    if (result && !given->to.json)
        show_result(result, arena);
    enum exit_code code = show_answer(&given->to, result, NULL, &err, arena);
    const struct json *success = json_member(result, STR("success"));
    return code == EXIT_DONE && !(success && success->boolean) ? EXIT_FAILED : code;
}

const struct command command_connection_test = {
    .words = "connection test",
    .arguments = { "connection" },
    .doc = "Tests a connection in the way of an execution, and says how far it got.",
    .more = "The server tests: it is the server's network that counts. Exit code 1 when the test "
            "fails.",
    .examples = "  tieline connection test 01a2082d-765f-75fb-a363-f60582dbbb64",
    .options = &test_shape,
    .run = connection_test_run,
};
