/* SPDX-License-Identifier: Apache-2.0 */
/* From a definition's JSON to a graph: shape, nodes, configs, templates. */
#include "engine/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/graph_internal.h"
#include "json/read.h"
#include "schema/decode.h"

static const char *const on_error_names[] = { NULL, "fail", "continue", NULL };
enum {
    ON_ERROR_FAIL = 1,
    ON_ERROR_CONTINUE
};

static const struct field position_fields[] = {
    { FIELD("x", definition_position, x, REQUIRED, "Distance from the left, in pixels.") },
    { FIELD("y", definition_position, y, REQUIRED, "Distance from the top, in pixels.") },
    { 0 },
};
static const struct shape position_shape = SHAPE("Position", definition_position, position_fields);

static const struct field node_fields[] = {
    { FIELD("id", definition_node, id, REQUIRED,
            "Unique in the workflow; templates name the node by it. [a-z][a-z0-9_]{0,62}"),
      .min = 1, .max = 63 },
    { FIELD("type", definition_node, type, REQUIRED, "Name of a component."), .min = 1, .max = 64 },
    { FIELD("name", definition_node, name, REQUIRED, "What people call it."), .min = 1,
      .max = 100 },
    { FIELD_SHAPE("position", definition_node, position, OPTIONAL, &position_shape,
                  "Where the editor shows it.") },
    { FIELD("config", definition_node, config, OPTIONAL, "The component's fields."),
      .look = LOOK_JSON_OBJECT },
    { FIELD_SHAPE("retry", definition_node, retry, OPTIONAL, &retry_config_shape,
                  "Absent: no retries.") },
    { FIELD_ENUM("onError", definition_node, on_error, OPTIONAL, on_error_names,
                 "What a failure of this node does to the execution."),
      .fallback = "fail" },
    { 0 },
};
static const struct shape node_shape = SHAPE("DefinitionNode", definition_node, node_fields);

static const struct field edge_fields[] = {
    { FIELD("id", definition_edge, id, OPTIONAL, "For the editor."), .min = 1, .max = 200 },
    { FIELD("source", definition_edge, source, REQUIRED, "Node that comes first."), .min = 1,
      .max = 63 },
    { FIELD("target", definition_edge, target, REQUIRED, "Node that comes behind it."), .min = 1,
      .max = 63 },
    { FIELD("sourceHandle", definition_edge, source_handle, OPTIONAL, "Output of the source."),
      .max = 63 },
    { 0 },
};
static const struct shape edge_shape = SHAPE("DefinitionEdge", definition_edge, edge_fields);

static const struct field definition_fields[] = {
    { FIELD_LIST("nodes", definition, nodes, REQUIRED, &node_shape, "At most 1,000."),
      .max = GRAPH_NODES_MAX },
    { FIELD_LIST("edges", definition, edges, REQUIRED, &edge_shape, "From node to node."),
      .max = GRAPH_EDGES_MAX },
    { 0 },
};
const struct shape definition_shape = SHAPE("Definition", definition, definition_fields);

/* A compilation under way. */
struct compiler {
    struct graph *graph;
    struct arena *arena; /* the graph's */
    struct workflow_problem *problems;
    unsigned problem_count, problem_room;
    bool blocked;
    unsigned blocker; /* index of the first that blocks */
};

static void add_problem(struct compiler *c, struct str node_id, struct str field, bool blocks,
                        struct str message)
{
    if (c->problem_count == c->problem_room) {
        unsigned room = c->problem_room ? 2 * c->problem_room : 8;
        struct workflow_problem *grown = ARENA_ARRAY(c->arena, workflow_problem, room);
        if (c->problem_count > 0)
            memcpy(grown, c->problems, c->problem_count * sizeof(*grown));
        c->problems = grown;
        c->problem_room = room;
    }
    c->problems[c->problem_count++] = (struct workflow_problem){
        .node_id = node_id,
        .field = arena_str(c->arena, field),
        .message = arena_str(c->arena, message),
    };
    if (blocks && !c->blocked) {
        c->blocked = true;
        c->blocker = c->problem_count - 1;
    }
}

static void add_problem_of(struct compiler *c, struct str node_id, const struct error *err)
{
    add_problem(c, node_id, str_from(err->field), true, str_from(err->message));
}

static bool node_id_ok(struct str id)
{
    for (size_t i = 0; i < id.len; i++) {
        char ch = id.ptr[i];
        bool letter = ch >= 'a' && ch <= 'z';
        bool later = (ch >= '0' && ch <= '9') || ch == '_';
        if (!letter && (i == 0 || !later))
            return false;
    }
    return id.len > 0;
}

/*
 * The shape that an unfinished config is checked by: nothing is required when something is missing,
 * and where templates stand nobody knows yet what they will become.
 */
static const struct shape *relaxed(struct arena *arena, const struct shape *shape, bool missing,
                                   bool templates)
{
    size_t count = 0;
    while (shape->fields[count].name)
        count++;
    struct field *fields = ARENA_ARRAY(arena, field, count + 1);
    memcpy(fields, shape->fields, (count + 1) * sizeof(*fields));
    for (size_t i = 0; i < count; i++) {
        if (missing)
            fields[i].need = OPTIONAL;
        if (templates && fields[i].templates && fields[i].kind == FIELD_KIND_JSON)
            fields[i].look = LOOK_PLAIN;
    }
    struct shape *copy = ARENA_NEW(arena, shape);
    *copy = *shape;
    copy->fields = fields;
    return copy;
}

/* A required field that is absent, or an empty text where one character at least is needed. */
static bool is_missing(const struct field *field, const struct json *value)
{
    if (field->need != REQUIRED)
        return false;
    return !value ||
           (value->kind == JSON_STRING && value->text.len == 0 &&
            (field->min > 0 || field->kind == FIELD_KIND_ID || field->kind == FIELD_KIND_ENUM));
}

/* Lists what is missing and takes empty texts out of the config, so that the rest can be checked. */
static bool find_missing(struct compiler *c, const struct graph_node *node, struct json *config)
{
    bool missing = false;
    for (const struct field *f = node->component->config->fields; f->name; f++) {
        struct str name = str_from(f->name);
        if (!is_missing(f, json_member(config, name)))
            continue;
        missing = true;
        add_problem(c, node->id, name, true,
                    f->look == LOOK_CONNECTION ? STR("Choose a connection")
                                               : arena_printf(c->arena, "%s: required", f->name));
        for (size_t i = 0; i < config->count; i++)
            if (str_eq(config->members[i].name, name)) {
                config->members[i] = config->members[config->count - 1];
                config->count--;
                break;
            }
    }
    return missing;
}

static bool compile_config(struct compiler *c, struct graph_node *node, struct error *err)
{
    const struct component *component = node->component;
    struct json *config = json_read(c->arena, node->config_text, JSON_DUPLICATES_REFUSED, err);
    if (!config)
        return false;
    if (!component->config) {
        if (config->count > 0)
            return fail_field(err, ERR_BAD_REQUEST, "config", "\"%s\" takes no config",
                              component->name);
        return true;
    }
    struct error problem;
    if (!template_compile(config, component->config, c->arena, &node->template, &problem))
        add_problem_of(c, node->id, &problem);
    bool missing = find_missing(c, node, config);
    const struct shape *shape = component->config;
    if (missing || node->template)
        shape = relaxed(c->arena, shape, missing, node->template != NULL);
    void *decoded = arena_alloc(c->arena, component->config->size);
    if (!schema_decode(shape, config, c->arena, decoded, err)) {
        error_in_field(err, "config");
        return false;
    }
    node->config = decoded;
    node->connection_id = component_connection(component, decoded);
    if (missing)
        return true;
    node->effect = component->effect ? component->effect(decoded) : EFFECT_READS;
    if (component->check && !component->check(decoded, &problem))
        add_problem_of(c, node->id, &problem);
    return true;
}

static bool compile_node(struct compiler *c, const struct definition_node *from,
                         struct graph_node *node, struct error *err)
{
    if (!node_id_ok(from->id))
        return fail_field(err, ERR_BAD_REQUEST, "id",
                          "must be a-z first, then a-z, 0-9 or _, not \"" STR_FMT "\"",
                          STR_ARG(from->id));
    *node = (struct graph_node){
        .id = from->id,
        .name = from->name,
        .type = from->type,
        .component = component_find(from->type),
        .config_text = str_set(from->config.text) ? from->config.text : STR("{}"),
        .continue_on_error = from->on_error == ON_ERROR_CONTINUE,
        .effect = EFFECT_ONCE,
        .writes = ARENA_ITEMS(c->arena, atomic_bool, 1),
    };
    if (!node->component)
        return fail_field(err, ERR_BAD_REQUEST, "type", "there is no component \"" STR_FMT "\"",
                          STR_ARG(from->type));
    if (!retry_policy_make(from->retry, &node->retry, err)) {
        error_in_field(err, "retry");
        return false;
    }
    return compile_config(c, node, err);
}

static bool compile_nodes(struct compiler *c, const struct definition *definition,
                          struct map *index, struct error *err)
{
    const struct definition_node *from = definition->nodes.items;
    struct graph *graph = c->graph;
    graph->count = (unsigned)definition->nodes.count;
    graph->nodes = ARENA_ARRAY(c->arena, graph_node, graph->count + 1);
    unsigned *places = ARENA_ITEMS(c->arena, unsigned, graph->count + 1);
    for (unsigned i = 0; i < graph->count; i++) {
        char place[32];
        (void)snprintf(place, sizeof(place), "definition.nodes[%u]", i);
        if (!compile_node(c, &from[i], &graph->nodes[i], err)) {
            error_in_field(err, place);
            return false;
        }
        places[i] = i;
        if (map_put(index, from[i].id, &places[i])) {
            (void)fail_field(err, ERR_BAD_REQUEST, "id", "\"" STR_FMT "\" is taken by another node",
                             STR_ARG(from[i].id));
            error_in_field(err, place);
            return false;
        }
    }
    return true;
}

/* Why a node's template finds nothing at another one, or NULL. */
static const char *why_nowhere(const unsigned *from, const bool *precedes)
{
    if (!from)
        return "there is no such node";
    return precedes[*from] ? NULL : "that node does not come before this one";
}

/* Templates may look at the outputs of nodes that precede theirs. */
static void check_references(struct compiler *c, const struct map *index)
{
    struct graph *graph = c->graph;
    bool *precedes = ARENA_ITEMS(c->arena, bool, graph->count + 1);
    for (unsigned i = 0; i < graph->count; i++) {
        struct graph_node *node = &graph->nodes[i];
        size_t count = 0;
        const struct template_reference *reference =
            node->template ? template_references(node->template, &count) : NULL;
        if (count > 0)
            graph_precedes(graph, i, precedes);
        for (size_t r = 0; r < count; r++) {
            if (reference[r].root != TEMPLATE_NODE)
                continue;
            const char *why = why_nowhere(map_find(index, reference[r].node_id), precedes);
            if (why && !node->precedes)
                node->precedes = arena_copy(c->arena, precedes, graph->count * sizeof(*precedes));
            if (why)
                add_problem(c, node->id, reference[r].field, false,
                            arena_printf(c->arena, "{{ " STR_FMT " }} leads nowhere: %s",
                                         STR_ARG(reference[r].text), why));
        }
    }
}

static bool compile(struct compiler *c, struct str text, struct error *err)
{
    if (text.len > GRAPH_TEXT_MAX)
        return fail_field(err, ERR_BAD_REQUEST, "definition", "longer than %zu bytes",
                          GRAPH_TEXT_MAX);
    struct definition definition;
    text = arena_str(c->arena, text);
    if (!schema_decode_text(&definition_shape, text, c->arena, &definition, err)) {
        error_in_field(err, "definition");
        return false;
    }
    AUTO(map) index = map_new();
    if (!compile_nodes(c, &definition, index, err) ||
        !graph_connect(c->graph, &definition, index, err))
        return false;
    check_references(c, index);
    c->graph->problems = c->problems;
    c->graph->problem_count = c->problem_count;
    c->graph->blocker = c->blocked ? &c->problems[c->blocker] : NULL;
    return true;
}

struct graph *graph_compile(struct str definition, struct error *err)
{
    struct graph *graph = NEW(graph);
    graph->arena = arena_new();
    atomic_init(&graph->references, 1);
    struct compiler compiler = { .graph = graph, .arena = graph->arena };
    if (compile(&compiler, definition, err))
        return graph;
    graph_unref(graph);
    return NULL;
}

struct graph *graph_ref(struct graph *graph)
{
    atomic_fetch_add_explicit(&graph->references, 1, memory_order_relaxed);
    return graph;
}

void graph_unref(struct graph *graph)
{
    if (!graph || atomic_fetch_sub_explicit(&graph->references, 1, memory_order_acq_rel) != 1)
        return;
    arena_free(graph->arena);
    free(graph);
}

unsigned graph_find(const struct graph *graph, struct str node_id)
{
    for (unsigned i = 0; i < graph->count; i++)
        if (str_eq(graph->nodes[i].id, node_id))
            return i;
    return graph->count;
}

enum effect graph_node_effect(const struct graph_node *node)
{
    if (node->effect == EFFECT_READS && atomic_load_explicit(node->writes, memory_order_relaxed))
        return EFFECT_ONCE;
    return node->effect;
}
