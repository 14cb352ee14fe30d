/* SPDX-License-Identifier: Apache-2.0 */
/* connections.create and update: a plain URL is checked and sealed before it reaches the store. */
#include "api/internal.h"

#include "connector/manager.h"
#include "connector/sealed.h"
#include "store/connections.h"
#include "vault/keyring.h"

#define URL_DOC "postgresql://user:password@host:5432/database, rediss://:password@host:6380/0"

struct connection_create_input {
    struct id project_id;
    struct str connection_type, name;
    struct secret *connection_url;
    struct json_text config;
};
static const struct field create_fields[] = {
    { FIELD("projectId", connection_create_input, project_id, REQUIRED, "Id of the project.") },
    { FIELD("connectionType", connection_create_input, connection_type, REQUIRED,
            "Kind of upstream: postgresql, redis."),
      .min = 1, .max = 64 },
    { FIELD("name", connection_create_input, name, REQUIRED, "Unique in the project."), .min = 1,
      .max = 100 },
    { FIELD("connectionUrl", connection_create_input, connection_url, REQUIRED, URL_DOC), .min = 1,
      .max = URL_MAX },
    { FIELD("config", connection_create_input, config, OPTIONAL, "Pool, time-outs and TLS."),
      .look = LOOK_JSON_OBJECT },
    { 0 },
};
static const struct shape create_shape = SHAPE(NULL, connection_create_input, create_fields);

struct connection_update_input {
    struct id connection_id;
    struct str name;
    struct secret *connection_url;
    struct json_text config;
};
static const struct field update_fields[] = {
    { FIELD("connectionId", connection_update_input, connection_id, REQUIRED,
            "Id of the connection.") },
    { FIELD("name", connection_update_input, name, OPTIONAL, "Unique in the project."), .min = 1,
      .max = 100 },
    { FIELD("connectionUrl", connection_update_input, connection_url, OPTIONAL,
            "Absent: the URL stays as it is."),
      .min = 1, .max = URL_MAX },
    { FIELD("config", connection_update_input, config, OPTIONAL,
            "Replaces the whole; absent: stays as it is."),
      .look = LOOK_JSON_OBJECT },
    { 0 },
};
static const struct shape update_shape = SHAPE(NULL, connection_update_input, update_fields);

static bool seal_row(struct call *call, const struct connection_input *in,
                     const struct connection_row *before, struct connection_row *row,
                     struct error *err)
{
    AUTO(project_key) key = api_project_key(call, err);
    if (!key)
        return false;
    AUTO(opened_upstream)
    opened = upstream_from_input(in, before, key, services_of(call)->egress, err);
    if (!opened)
        return false;
    connection_row_seal(opened, in, key, call->arena, row);
    return true;
}

static bool insert_connection(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct connection_row *row = context;
    return connection_insert(tx, row, err) && api_audit(tx, call, row->id, err);
}

static enum answer connections_create(struct call *call, const void *input, void *output,
                                      struct error *err)
{
    static const struct api_write how = { insert_connection, NULL };
    const struct connection_create_input *in = input;
    struct connection_row *row = output;
    struct instant now = instant_now();
    struct connection_input typed = { connector_find(in->connection_type), in->connection_url,
                                      in->config };

    if (!typed.connector) {
        (void)api_unknown_connector(in->connection_type, err);
        return FAILED;
    }
    *row = (struct connection_row){
        .id = id_new(),
        .project_id = call->project_id,
        .connection_type = str_from(typed.connector->name),
        .name = in->name,
        .secret_version = 1,
        .created_by = call->caller.user_id,
        .created_at = now,
        .updated_at = now,
    };
    if (!seal_row(call, &typed, NULL, row, err))
        return FAILED;
    return api_write(call, api_scope(call), &how, row);
}

struct change {
    struct connection_row *row;
    struct instant was;
    bool elsewhere; /* leads somewhere else, or in another way: its pool is out of date */
};

static bool update_connection(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct change *change = context;
    return connection_update(tx, change->row, change->was, err) &&
           api_audit(tx, call, change->row->id, err);
}

static void connection_updated(struct call *call, void *context, const struct error *err)
{
    const struct change *change = context;

    if (!err && change->elsewhere)
        manager_forget(services_of(call)->manager, change->row->id);
}

/* What was sealed before is sealed anew under the next version: seals are bound to it. */
static bool change_row(struct call *call, const struct connection_update_input *in,
                       struct connection_row *row, struct error *err)
{
    struct connection_row before = *row;
    struct connection_input typed = { connector_find(row->connection_type), in->connection_url,
                                      in->config };

    if (str_set(in->name))
        row->name = in->name;
    if (!in->connection_url && !str_set(in->config.text))
        return true;
    if (!typed.connector)
        return api_unknown_connector(row->connection_type, err);
    row->secret_version = before.secret_version + 1;
    return seal_row(call, &typed, &before, row, err);
}

static enum answer connections_update(struct call *call, const void *input, void *output,
                                      struct error *err)
{
    static const struct api_write how = { update_connection, connection_updated };
    const struct connection_update_input *in = input;
    struct change *change = ARENA_NEW(call->arena, change);
    struct connection_row *row = output;

    change->row = row;
    change->elsewhere = in->connection_url || str_set(in->config.text);
    if (!change->elsewhere && !str_set(in->name)) {
        (void)fail(err, ERR_BAD_REQUEST, "give at least one of name, connectionUrl, config");
        return FAILED;
    }
    if (!api_find_connection(call, in->connection_id, row, err))
        return FAILED;
    change->was = row->updated_at;
    row->updated_at = api_later_than(row->updated_at);
    if (!change_row(call, in, row, err))
        return FAILED;
    return api_write(call, api_scope(call), &how, change);
}

const struct procedure connection_save_procedures[] = {
    { .path = "connections.create",
      .kind = MUTATION,
      .needs = PROJECT_WRITE,
      .about = ABOUT_PROJECT,
      .doc = "Saves a connection; its URL is sealed and never shown again in full.",
      .input = &create_shape,
      .output = &connection_shape,
      .carries_secrets = true,
      .run = connections_create },
    { .path = "connections.update",
      .kind = MUTATION,
      .needs = PROJECT_WRITE,
      .about = ABOUT_CONNECTION,
      .doc = "Changes a connection; what is left out stays as it is.",
      .input = &update_shape,
      .output = &connection_shape,
      .carries_secrets = true,
      .run = connections_update },
    { 0 },
};
