/* SPDX-License-Identifier: Apache-2.0 */
/* connections.test: saved connections, also with changes not yet saved, and ones never saved. */
#include "api/internal.h"

#include "api/test_gate.h"
#include "connector/sealed.h"
#include "connector/test.h"
#include "store/connections.h"
#include "vault/keyring.h"

struct connection_test_input {
    struct id connection_id, project_id;
    struct str connection_type;
    struct secret *connection_url;
    struct json_text config;
};
static const struct field test_fields[] = {
    { FIELD("connectionId", connection_test_input, connection_id, OPTIONAL,
            "A saved connection.") },
    { FIELD("projectId", connection_test_input, project_id, OPTIONAL,
            "Of an unsaved connection.") },
    { FIELD("connectionType", connection_test_input, connection_type, OPTIONAL,
            "Of an unsaved connection: postgresql, redis."),
      .min = 1, .max = 64 },
    { FIELD("connectionUrl", connection_test_input, connection_url, OPTIONAL,
            "Absent: the saved one's."),
      .min = 1, .max = URL_MAX },
    { FIELD("config", connection_test_input, config, OPTIONAL, "Absent: the saved one's."),
      .look = LOOK_JSON_OBJECT },
    { 0 },
};
static const struct shape test_shape = SHAPE(NULL, connection_test_input, test_fields);

struct testing {
    struct opened_upstream *opened;
    struct id connection_id; /* none: unsaved */
};

static bool check_form(const struct connection_test_input *in, struct error *err)
{
    bool saved = id_set(in->connection_id);

    if (saved && id_set(in->project_id))
        return fail_field(err, ERR_BAD_REQUEST, "projectId", "not beside connectionId");
    if (saved && str_set(in->connection_type))
        return fail_field(err, ERR_BAD_REQUEST, "connectionType", "not beside connectionId");
    if (saved)
        return true;
    if (!str_set(in->connection_type))
        return fail_field(err, ERR_BAD_REQUEST, "connectionType", "is missing");
    if (!in->connection_url)
        return fail_field(err, ERR_BAD_REQUEST, "connectionUrl", "is missing");
    return true;
}

static struct opened_upstream *
open_upstream(struct call *call, const struct connection_test_input *in, struct error *err)
{
    const struct egress *egress = services_of(call)->egress;
    struct connection_input typed = { NULL, in->connection_url, in->config };
    bool saved = id_set(in->connection_id);
    struct connection_row row;

    if (saved && !api_find_connection(call, in->connection_id, &row, err))
        return NULL;
    struct str type = saved ? row.connection_type : in->connection_type;
    typed.connector = connector_find(type);
    if (!typed.connector) {
        (void)api_unknown_connector(type, err);
        return NULL;
    }
    AUTO(project_key) key = api_project_key(call, err);
    if (!key)
        return NULL;
    if (saved && !in->connection_url && !str_set(in->config.text))
        return upstream_from_row(&row, key, egress, err);
    return upstream_from_input(&typed, saved ? &row : NULL, key, egress, err);
}

static bool test(struct call *call, void *context, struct error *err)
{
    struct testing *testing = context;
    (void)err;

    connection_test(testing->opened, services_of(call)->closing, call->arena, call->output);
    opened_upstream_free(testing->opened);
    test_gate_leave(services_of(call)->test_gate, testing->connection_id);
    return true;
}

static enum answer connections_test(struct call *call, const void *input, void *output,
                                    struct error *err)
{
    const struct connection_test_input *in = input;
    struct services *services = services_of(call);
    struct testing *testing = ARENA_NEW(call->arena, testing);
    (void)output;

    if (!check_form(in, err))
        return FAILED;
    AUTO(opened_upstream) opened = open_upstream(call, in, err);
    if (!opened || !test_gate_enter(services->test_gate, call->caller.user_id, in->connection_id,
                                    clock_us(), err))
        return FAILED;
    *testing = (struct testing){ opened_upstream_take(&opened), in->connection_id };
    enum answer answer = api_block(call, services->testing, test, testing, err);
    if (answer == FAILED) {
        opened_upstream_free(testing->opened);
        test_gate_leave(services->test_gate, testing->connection_id);
    }
    return answer;
}

const struct procedure connection_test_procedures[] = {
    { .path = "connections.test",
      .kind = MUTATION,
      .needs = PROJECT_WRITE,
      .about = ABOUT_CONNECTION,
      .doc = "Opens a session of its own, in the way of an execution, and says how far it got.",
      .input = &test_shape,
      .output = &test_result_shape,
      .carries_secrets = true,
      .run = connections_test },
    { 0 },
};
