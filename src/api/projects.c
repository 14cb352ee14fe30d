/* SPDX-License-Identifier: Apache-2.0 */
/* projects.*: what owns everything else. */
#include "api/internal.h"

#include "connector/manager.h"
#include "engine/engine.h"
#include "store/connections.h"
#include "store/projects.h"
#include "vault/keyring.h"

#define RECENT_MS ((int64_t)24 * 3600 * 1000)

struct project_list_output {
    struct array projects;
};
static const struct field list_fields[] = {
    { FIELD_LIST("projects", project_list_output, projects, REQUIRED, &project_summary_shape,
                 "Newest first.") },
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, project_list_output, list_fields);

struct project_create_input {
    struct str name;
};
static const struct field create_fields[] = {
    { FIELD("name", project_create_input, name, REQUIRED, "What people call it."), .min = 1,
      .max = 100 },
    { 0 },
};
static const struct shape create_shape = SHAPE(NULL, project_create_input, create_fields);

struct project_update_input {
    struct id project_id;
    struct str name;
};
static const struct field update_fields[] = {
    { FIELD("projectId", project_update_input, project_id, REQUIRED, "Id of the project.") },
    { FIELD("name", project_update_input, name, REQUIRED, "The new name."), .min = 1, .max = 100 },
    { 0 },
};
static const struct shape update_shape = SHAPE(NULL, project_update_input, update_fields);

/* The operator sees all projects, as their owner. */
static struct tx *read_projects(struct call *call, struct error *err)
{
    struct scope scope =
        call->caller.is_operator ? scope_system() : scope_user(call->caller.user_id);
    return store_read(services_of(call)->store, scope, err);
}

static enum answer projects_list(struct call *call, const void *input, void *output,
                                 struct error *err)
{
    struct project_list_output *out = output;
    (void)input;

    struct instant since = instant_add_ms(instant_now(), -RECENT_MS);
    AUTO(tx) tx = read_projects(call, err);
    if (!tx || !project_list(tx, call->caller.user_id, since, call->arena, &out->projects, err))
        return FAILED;
    return DONE;
}

static enum answer projects_get(struct call *call, const void *input, void *output,
                                struct error *err)
{
    (void)input;
    AUTO(tx) tx = read_projects(call, err);
    if (!tx || !project_find(tx, call->project_id, call->caller.user_id, call->arena, output, err))
        return FAILED;
    return DONE;
}

static bool insert_project(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct project_row *row = context;
    return project_insert(tx, row, call->caller.user_id, err) && api_audit(tx, call, row->id, err);
}

static enum answer projects_create(struct call *call, const void *input, void *output,
                                   struct error *err)
{
    static const struct api_write how = { insert_project, NULL };
    const struct project_create_input *in = input;
    struct project_row *row = output;
    struct instant now = instant_now();
    (void)err;

    *row = (struct project_row){
        .id = id_new(),
        .name = in->name,
        .role = ROLE_OWNER,
        .created_at = now,
        .updated_at = now,
    };
    row->data_key = keyring_new_project_key(services_of(call)->keyring, row->id, call->arena);
    return api_write(call, scope_user(call->caller.user_id), &how, row);
}

static bool rename_project(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct str *name = context;
    return project_rename(tx, call->project_id, *name, instant_now(), err) &&
           project_find(tx, call->project_id, call->caller.user_id, call->arena, call->output,
                        err) &&
           api_audit(tx, call, call->project_id, err);
}

static enum answer projects_update(struct call *call, const void *input, void *output,
                                   struct error *err)
{
    static const struct api_write how = { rename_project, NULL };
    const struct project_update_input *in = input;
    (void)output, (void)err;

    struct str *name = arena_copy(call->arena, &in->name, sizeof(in->name));
    return api_write(call, api_scope(call), &how, name);
}

/* Its connections are kept in mind, so that their pools can go once it is committed. */
static bool delete_project(struct tx *tx, struct call *call, void *context, struct error *err)
{
    struct array *connections = context;
    /* Recorded first: behind it the caller is no member any more. */
    return connection_list(tx, call->project_id, STR_NULL, call->arena, connections, err) &&
           api_audit(tx, call, call->project_id, err) && project_delete(tx, call->project_id, err);
}

static void project_deleted(struct call *call, void *context, const struct error *err)
{
    const struct array *connections = context;
    const struct connection_row *rows = connections->items;

    if (err)
        return;
    for (size_t i = 0; i < connections->count; i++)
        manager_forget(services_of(call)->manager, rows[i].id);
    engine_recount(services_of(call)->engine);
}

static enum answer projects_delete(struct call *call, const void *input, void *output,
                                   struct error *err)
{
    static const struct api_write how = { delete_project, project_deleted };
    (void)input, (void)err;

    ((struct success *)output)->success = true;
    return api_write(call, api_scope(call), &how, ARENA_NEW(call->arena, array));
}

const struct procedure project_procedures[] = {
    { .path = "projects.list",
      .kind = QUERY,
      .needs = SIGNED_IN,
      .doc = "The projects that the caller is a member of.",
      .output = &list_shape,
      .run = projects_list },
    { .path = "projects.get",
      .kind = QUERY,
      .needs = PROJECT_READ,
      .about = ABOUT_PROJECT,
      .doc = "One project.",
      .input = &project_id_input_shape,
      .output = &project_shape,
      .run = projects_get },
    { .path = "projects.create",
      .kind = MUTATION,
      .needs = SELF,
      .doc = "Makes a project; the caller becomes its owner.",
      .input = &create_shape,
      .output = &project_shape,
      .run = projects_create },
    { .path = "projects.update",
      .kind = MUTATION,
      .needs = PROJECT_OWN,
      .about = ABOUT_PROJECT,
      .doc = "Gives a project another name.",
      .input = &update_shape,
      .output = &project_shape,
      .run = projects_update },
    { .path = "projects.delete",
      .kind = MUTATION,
      .needs = PROJECT_OWN,
      .about = ABOUT_PROJECT,
      .doc = "Deletes a project with everything in it: connections, workflows, history.",
      .input = &project_id_input_shape,
      .output = &success_shape,
      .run = projects_delete },
    { 0 },
};
