/* SPDX-License-Identifier: Apache-2.0 */
/* workflows.list, get, create, update, delete; execute is in execute.c. */
#include "api/internal.h"

#include "base/map.h"
#include "engine/engine.h"
#include "store/connections.h"
#include "store/workflows.h"

#define EMPTY_DEFINITION STR("{\"nodes\":[],\"edges\":[]}")

struct workflow_list_output {
    struct array workflows;
};
static const struct field list_fields[] = {
    { FIELD_LIST("workflows", workflow_list_output, workflows, REQUIRED, &workflow_summary_shape,
                 "Newest first.") },
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, workflow_list_output, list_fields);

struct workflow_id_input {
    struct id workflow_id;
};
static const struct field id_fields[] = {
    { FIELD("workflowId", workflow_id_input, workflow_id, REQUIRED, "Id of the workflow.") },
    { 0 },
};
static const struct shape id_shape = SHAPE(NULL, workflow_id_input, id_fields);

struct workflow_create_input {
    struct id project_id;
    struct str name;
    struct json_text definition;
};
static const struct field create_fields[] = {
    { FIELD("projectId", workflow_create_input, project_id, REQUIRED, "Id of the project.") },
    { FIELD("name", workflow_create_input, name, REQUIRED, "What people call it."), .min = 1,
      .max = 100 },
    { FIELD("definition", workflow_create_input, definition, OPTIONAL,
            "Nodes and edges; absent: none yet."),
      .look = LOOK_JSON_OBJECT },
    { 0 },
};
static const struct shape create_shape = SHAPE(NULL, workflow_create_input, create_fields);

struct workflow_update_input {
    struct id workflow_id;
    struct opt_int version;
    struct str name;
    struct json_text definition;
    struct opt_bool active;
};
static const struct field update_fields[] = {
    { FIELD("workflowId", workflow_update_input, workflow_id, REQUIRED, "Id of the workflow.") },
    { FIELD("version", workflow_update_input, version, OPTIONAL,
            "The version that the new definition was made from."),
      .min = 1, .max = INT32_MAX },
    { FIELD("name", workflow_update_input, name, OPTIONAL, "What people call it."), .min = 1,
      .max = 100 },
    { FIELD("definition", workflow_update_input, definition, OPTIONAL,
            "The whole new definition; needs version."),
      .look = LOOK_JSON_OBJECT },
    { FIELD("active", workflow_update_input, active, OPTIONAL, "Whether its triggers fire.") },
    { 0 },
};
static const struct shape update_shape = SHAPE(NULL, workflow_update_input, update_fields);

/* --- judging --- */

static bool map_connections(struct tx *tx, struct id project_id, struct arena *arena,
                            struct map *out, struct error *err)
{
    struct array list;

    if (!connection_list(tx, project_id, STR_NULL, arena, &list, err))
        return false;
    struct connection_row *rows = list.items;
    for (size_t i = 0; i < list.count; i++)
        (void)map_put(out, id_key(&rows[i].id), &rows[i]);
    return true;
}

/* What is wrong with a node's connection, or the absent str. */
static struct str connection_problem(const struct graph_node *node, const struct map *connections,
                                     struct arena *arena)
{
    const struct connection_row *row = map_find(connections, id_key(&node->connection_id));
    const struct connector *connector = node->component->connector;

    if (!row)
        return STR("This connection was deleted");
    if (connector && !str_eq(row->connection_type, str_from(connector->name)))
        return arena_printf(arena, "\"" STR_FMT "\" is no %s connection", STR_ARG(row->name),
                            connector->title);
    return STR_NULL;
}

bool workflow_judge(struct tx *tx, struct id project_id, const struct graph *graph,
                    struct arena *arena, struct array *problems, struct error *err)
{
    AUTO(map) connections = map_new();
    if (!map_connections(tx, project_id, arena, connections, err))
        return false;
    struct workflow_problem *all =
        ARENA_ARRAY(arena, workflow_problem, graph->problem_count + graph->count + 1);
    size_t count = 0;
    for (; count < graph->problem_count; count++) {
        const struct workflow_problem *problem = &graph->problems[count];
        all[count] = (struct workflow_problem){
            arena_str(arena, problem->node_id),
            arena_str(arena, problem->field),
            arena_str(arena, problem->message),
        };
    }
    for (unsigned i = 0; i < graph->count; i++) {
        const struct graph_node *node = &graph->nodes[i];
        if (!id_set(node->connection_id))
            continue;
        struct str message = connection_problem(node, connections, arena);
        if (str_set(message))
            all[count++] = (struct workflow_problem){ arena_str(arena, node->id),
                                                      STR("connectionId"), message };
    }
    *problems = (struct array){ all, count };
    return true;
}

/* A saved workflow's problems. */
static bool judge_saved(struct tx *tx, struct call *call, struct workflow_row *row,
                        struct error *err)
{
    AUTO(graph)
    graph = engine_graph(services_of(call)->engine, row->project_id, row->id, row->version, err);
    return graph && workflow_judge(tx, row->project_id, graph, call->arena, &row->problems, err);
}

/* --- reading --- */

/* Both lists are in the same order; not every workflow has an execution. */
static bool add_last(struct tx *tx, struct call *call, const struct array *workflows,
                     struct error *err)
{
    struct workflow_row *rows = workflows->items;
    struct array found;
    size_t at = 0;

    if (!workflow_last_executions(tx, call->project_id, call->arena, &found, err))
        return false;
    struct workflow_last *lasts = found.items;
    for (size_t i = 0; i < workflows->count && at < found.count; i++) {
        if (!id_eq(rows[i].id, lasts[at].workflow_id))
            continue;
        struct execution_row now = { .id = lasts[at].execution_id, .status = lasts[at].status };
        engine_refresh(services_of(call)->engine, &now, 1);
        lasts[at].status = now.status;
        rows[i].last = &lasts[at++];
    }
    return true;
}

static enum answer workflows_list(struct call *call, const void *input, void *output,
                                  struct error *err)
{
    struct workflow_list_output *out = output;
    (void)input;

    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx || !workflow_list(tx, call->project_id, call->arena, &out->workflows, err))
        return FAILED;
    struct workflow_row *rows = out->workflows.items;
    for (size_t i = 0; i < out->workflows.count; i++) {
        if (!judge_saved(tx, call, &rows[i], err))
            return FAILED;
    }
    return add_last(tx, call, &out->workflows, err) ? DONE : FAILED;
}

static bool find_workflow(struct tx *tx, struct call *call, struct id id, struct workflow_row *out,
                          struct error *err)
{
    bool found;

    if (!workflow_find(tx, call->project_id, id, call->arena, out, &found, err))
        return false;
    return found || fail(err, ERR_NOT_FOUND, "no such workflow");
}

static enum answer workflows_get(struct call *call, const void *input, void *output,
                                 struct error *err)
{
    const struct workflow_id_input *in = input;

    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx || !find_workflow(tx, call, in->workflow_id, output, err) ||
        !judge_saved(tx, call, output, err))
        return FAILED;
    return DONE;
}

/* --- writing --- */

struct saving {
    const struct workflow_update_input *changes; /* NULL: a new workflow */
    struct id id;
    struct array problems;
    struct workflow_use *uses;
    size_t use_count;
};

/* Compiles a definition: refuses what is wrong, and notes problems and connections. */
static bool judge_new(struct tx *tx, struct call *call, struct json_text definition,
                      struct saving *saving, struct error *err)
{
    AUTO(graph) graph = graph_compile(definition.text, err);
    if (!graph || !workflow_judge(tx, call->project_id, graph, call->arena, &saving->problems, err))
        return false;
    saving->uses = ARENA_ARRAY(call->arena, workflow_use, (size_t)graph->count + 1);
    for (unsigned i = 0; i < graph->count; i++) {
        const struct graph_node *node = &graph->nodes[i];
        if (id_set(node->connection_id))
            saving->uses[saving->use_count++] = (struct workflow_use){
                .node_id = arena_str(call->arena, node->id),
                .node_name = arena_str(call->arena, node->name),
                .connection_id = node->connection_id,
            };
    }
    return true;
}

static bool insert_workflow(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct saving *saving = context;
    struct workflow_row *row = call->output;
    if (!workflow_insert(tx, row, saving->uses, saving->use_count, err) ||
        !find_workflow(tx, call, row->id, row, err) || !api_audit(tx, call, row->id, err))
        return false;
    row->problems = saving->problems;
    return true;
}

static enum answer workflows_create(struct call *call, const void *input, void *output,
                                    struct error *err)
{
    static const struct api_write how = { insert_workflow, NULL };
    const struct workflow_create_input *in = input;
    struct workflow_row *row = output;
    struct saving *saving = ARENA_NEW(call->arena, saving);
    struct instant now = instant_now();

    *row = (struct workflow_row){
        .id = id_new(),
        .project_id = call->project_id,
        .name = in->name,
        .version = 1,
        .definition = in->definition,
        .created_by = call->caller.user_id,
        .created_at = now,
        .updated_at = now,
    };
    if (!str_set(row->definition.text))
        row->definition.text = EMPTY_DEFINITION;
    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx || !judge_new(tx, call, row->definition, saving, err))
        return FAILED;
    return api_write(call, api_scope(call), &how, saving);
}

static bool save_workflow(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct saving *saving = context;
    const struct workflow_update_input *in = saving->changes;
    struct workflow_row *row = call->output;

    if (!find_workflow(tx, call, saving->id, row, err))
        return false;
    struct instant now = api_later_than(row->updated_at);
    struct workflow_version version = {
        .project_id = call->project_id,
        .workflow_id = saving->id,
        .version = in->version.value + 1,
        .definition = in->definition,
        .uses = saving->uses,
        .use_count = saving->use_count,
        .created_by = call->caller.user_id,
        .created_at = now,
    };
    if (str_set(in->definition.text) && !workflow_save_version(tx, &version, err))
        return false;
    if ((str_set(in->name) || in->active.set) &&
        !workflow_update(tx, call->project_id, saving->id, str_set(in->name) ? in->name : row->name,
                         in->active.set ? in->active.value : row->active, now, err))
        return false;
    if (!find_workflow(tx, call, saving->id, row, err) || !api_audit(tx, call, saving->id, err))
        return false;
    row->problems = saving->problems;
    return true;
}

static bool check_update(const struct workflow_update_input *in, struct error *err)
{
    bool defined = str_set(in->definition.text);

    if (defined && !in->version.set)
        return fail_field(err, ERR_BAD_REQUEST, "version", "is needed with definition");
    if (!defined && !str_set(in->name) && !in->active.set)
        return fail(err, ERR_BAD_REQUEST, "give at least one of name, definition, active");
    return true;
}

static enum answer workflows_update(struct call *call, const void *input, void *output,
                                    struct error *err)
{
    static const struct api_write how = { save_workflow, NULL };
    const struct workflow_update_input *in = input;
    struct saving *saving = ARENA_NEW(call->arena, saving);
    struct workflow_row *row = output;

    saving->changes = arena_copy(call->arena, in, sizeof(*in));
    saving->id = in->workflow_id;
    if (!check_update(in, err))
        return FAILED;
    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx || !find_workflow(tx, call, in->workflow_id, row, err))
        return FAILED;
    if (str_set(in->definition.text)) {
        if (!judge_new(tx, call, in->definition, saving, err))
            return FAILED;
    } else {
        if (!judge_saved(tx, call, row, err))
            return FAILED;
        saving->problems = row->problems;
    }
    return api_write(call, api_scope(call), &how, saving);
}

static bool delete_workflow(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct id *id = context;
    return workflow_delete(tx, call->project_id, *id, instant_now(), err) &&
           api_audit(tx, call, *id, err);
}

static enum answer workflows_delete(struct call *call, const void *input, void *output,
                                    struct error *err)
{
    static const struct api_write how = { delete_workflow, NULL };
    const struct workflow_id_input *in = input;
    (void)err;

    ((struct success *)output)->success = true;
    struct id *id = arena_copy(call->arena, &in->workflow_id, sizeof(in->workflow_id));
    return api_write(call, api_scope(call), &how, id);
}

const struct procedure workflow_procedures[] = {
    { .path = "workflows.list",
      .kind = QUERY,
      .needs = PROJECT_READ,
      .about = ABOUT_PROJECT,
      .doc =
          "The workflows of a project without their definitions, with the last execution of each.",
      .input = &project_id_input_shape,
      .output = &list_shape,
      .run = workflows_list },
    { .path = "workflows.get",
      .kind = QUERY,
      .needs = PROJECT_READ,
      .about = ABOUT_WORKFLOW,
      .doc = "One workflow with its latest definition.",
      .input = &id_shape,
      .output = &workflow_shape,
      .run = workflows_get },
    { .path = "workflows.create",
      .kind = MUTATION,
      .needs = PROJECT_WRITE,
      .about = ABOUT_PROJECT,
      .doc = "Saves a new workflow. What is merely unfinished is listed as problems.",
      .input = &create_shape,
      .output = &workflow_shape,
      .run = workflows_create },
    { .path = "workflows.update",
      .kind = MUTATION,
      .needs = PROJECT_WRITE,
      .about = ABOUT_WORKFLOW,
      .doc = "Changes a workflow. A definition is saved as the next version, if version is still "
             "the latest.",
      .input = &update_shape,
      .output = &workflow_shape,
      .run = workflows_update },
    { .path = "workflows.delete",
      .kind = MUTATION,
      .needs = PROJECT_WRITE,
      .about = ABOUT_WORKFLOW,
      .doc = "Deletes a workflow. Its executions stay in the history; open ones go on.",
      .input = &id_shape,
      .output = &success_shape,
      .run = workflows_delete },
    { 0 },
};
