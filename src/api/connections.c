/* SPDX-License-Identifier: Apache-2.0 */
/* connections.list, get, usage, delete: what needs no secret. */
#include "api/internal.h"

#include "base/buf.h"
#include "connector/manager.h"
#include "json/write.h"
#include "schema/encode.h"
#include "store/connections.h"

struct connection_list_input {
    struct id project_id;
    struct str connection_type;
};
static const struct field list_fields[] = {
    { FIELD("projectId", connection_list_input, project_id, REQUIRED, "Id of the project.") },
    { FIELD("connectionType", connection_list_input, connection_type, OPTIONAL,
            "Only those of this kind: postgresql, redis."),
      .min = 1, .max = 64 },
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, connection_list_input, list_fields);

struct connection_list_output {
    struct array connections;
};
static const struct field listed_fields[] = {
    { FIELD_LIST("connections", connection_list_output, connections, REQUIRED, &connection_shape,
                 "Newest first.") },
    { 0 },
};
static const struct shape listed_shape = SHAPE(NULL, connection_list_output, listed_fields);

struct connection_id_input {
    struct id connection_id;
};
static const struct field id_fields[] = {
    { FIELD("connectionId", connection_id_input, connection_id, REQUIRED,
            "Id of the connection.") },
    { 0 },
};
static const struct shape id_shape = SHAPE(NULL, connection_id_input, id_fields);

struct usage_output {
    struct array workflows;
};
static const struct field usage_fields[] = {
    { FIELD_LIST("workflows", usage_output, workflows, REQUIRED, &connection_use_shape,
                 "Workflows whose latest version uses it, by name.") },
    { 0 },
};
static const struct shape usage_shape = SHAPE(NULL, usage_output, usage_fields);

struct connection_delete_input {
    struct id connection_id;
    bool force;
};
static const struct field delete_fields[] = {
    { FIELD("connectionId", connection_delete_input, connection_id, REQUIRED,
            "Id of the connection.") },
    { FIELD("force", connection_delete_input, force, OPTIONAL,
            "Delete it although it is in use; its workflows fail at the nodes that use it.") },
    { 0 },
};
static const struct shape delete_shape = SHAPE(NULL, connection_delete_input, delete_fields);

static enum answer connections_list(struct call *call, const void *input, void *output,
                                    struct error *err)
{
    const struct connection_list_input *in = input;
    struct connection_list_output *out = output;

    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx || !connection_list(tx, call->project_id, in->connection_type, call->arena,
                                &out->connections, err))
        return FAILED;
    return DONE;
}

static enum answer connections_get(struct call *call, const void *input, void *output,
                                   struct error *err)
{
    const struct connection_id_input *in = input;
    bool found;

    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx ||
        !connection_find(tx, call->project_id, in->connection_id, call->arena, output, &found, err))
        return FAILED;
    if (found)
        return DONE;
    (void)fail(err, ERR_NOT_FOUND, "no such connection");
    return FAILED;
}

static enum answer connections_usage(struct call *call, const void *input, void *output,
                                     struct error *err)
{
    const struct connection_id_input *in = input;
    struct usage_output *out = output;

    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx || !connection_uses(tx, call->project_id, in->connection_id, call->arena,
                                &out->workflows, err))
        return FAILED;
    return DONE;
}

/* --- deleting --- */

struct deletion {
    struct id id;
    bool force;
    struct usage_output in_use;
};

/* connection is used by "A", "B" and 3 more workflows */
static bool refuse_used(const struct array *workflows, int64_t executions, struct error *err)
{
    const struct connection_use *uses = workflows->items;
    struct buf text;

    buf_init(&text, 4096);
    for (size_t i = 0; i < workflows->count && i < 3; i++)
        buf_printf(&text, "%s\"" STR_FMT "\"", i ? ", " : "", STR_ARG(str_cut(uses[i].name, 40)));
    if (workflows->count > 3)
        buf_printf(&text, " and %zu more", workflows->count - 3);
    if (workflows->count > 0)
        (void)fail(err, ERR_CONFLICT, "the connection is used by %s " STR_FMT,
                   workflows->count == 1 ? "the workflow" : "workflows", STR_ARG(buf_str(&text)));
    else
        (void)fail(err, ERR_CONFLICT, "the connection is used by %lld execution%s not yet ended",
                   (long long)executions, executions == 1 ? "" : "s");
    buf_done(&text);
    return false;
}

/* Check and deletion are one transaction: no workflow can come to use it in between. */
static bool delete_connection(struct tx *tx, struct call *call, void *context, struct error *err)
{
    struct deletion *deletion = context;
    struct id project = call->project_id, id = deletion->id;
    int64_t executions;

    deletion->in_use.workflows = (struct array){ 0 };
    if (!deletion->force) {
        struct array *workflows = &deletion->in_use.workflows;
        if (!connection_uses(tx, project, id, call->arena, workflows, err) ||
            !connection_open_executions(tx, project, id, &executions, err))
            return false;
        if (workflows->count > 0 || executions > 0)
            return refuse_used(workflows, executions, err);
    }
    return connection_delete(tx, project, id, instant_now(), err) && api_audit(tx, call, id, err);
}

static struct str encode_uses(const struct array *workflows, struct arena *arena)
{
    const struct connection_use *uses = workflows->items;
    struct json_writer w;
    struct buf text;

    buf_init(&text, (size_t)1 << 20);
    json_writer_init(&w, &text);
    json_begin_array(&w);
    for (size_t i = 0; i < workflows->count; i++)
        schema_encode(&connection_use_shape, &uses[i], &w);
    json_end_array(&w);
    struct str json = text.failed ? STR("[]") : arena_str(arena, buf_str(&text));
    buf_done(&text);
    return json;
}

static void connection_deleted(struct call *call, void *context, const struct error *err)
{
    const struct deletion *deletion = context;

    if (!err)
        manager_forget(services_of(call)->manager, deletion->id);
    else if (err->code == ERR_CONFLICT && deletion->in_use.workflows.items)
        call_error_data(call, "workflows", encode_uses(&deletion->in_use.workflows, call->arena));
}

static enum answer connections_delete(struct call *call, const void *input, void *output,
                                      struct error *err)
{
    static const struct api_write how = { delete_connection, connection_deleted };
    const struct connection_delete_input *in = input;
    struct deletion *deletion = ARENA_NEW(call->arena, deletion);
    (void)err;

    ((struct success *)output)->success = true;
    deletion->id = in->connection_id;
    deletion->force = in->force;
    return api_write(call, api_scope(call), &how, deletion);
}

const struct procedure connection_procedures[] = {
    { .path = "connections.list",
      .kind = QUERY,
      .needs = PROJECT_READ,
      .about = ABOUT_PROJECT,
      .doc = "The connections of a project. Passwords are masked.",
      .input = &list_shape,
      .output = &listed_shape,
      .run = connections_list },
    { .path = "connections.get",
      .kind = QUERY,
      .needs = PROJECT_READ,
      .about = ABOUT_CONNECTION,
      .doc = "One connection. Its password is masked.",
      .input = &id_shape,
      .output = &connection_shape,
      .run = connections_get },
    { .path = "connections.usage",
      .kind = QUERY,
      .needs = PROJECT_READ,
      .about = ABOUT_CONNECTION,
      .doc = "The workflows and nodes that use a connection.",
      .input = &id_shape,
      .output = &usage_shape,
      .run = connections_usage },
    { .path = "connections.delete",
      .kind = MUTATION,
      .needs = PROJECT_WRITE,
      .about = ABOUT_CONNECTION,
      .doc = "Deletes a connection and destroys its secrets. One in use is refused with the list "
             "of its workflows, unless forced.",
      .input = &delete_shape,
      .output = &success_shape,
      .run = connections_delete },
    { 0 },
};
