/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A workflow's definition, compiled: nodes in an order in which each comes after those before it,
 * configs decoded, templates compiled, policies filled in. Immutable after it was made, counted,
 * and shared by all executions of that version.
 *
 * The same compiler judges what is saved: it refuses what is wrong, and lists as problems what is
 * merely not finished (missing fields, templates that lead nowhere).
 */
#ifndef ENGINE_GRAPH_H
#define ENGINE_GRAPH_H

#include "base/attr.h"
#include "base/error.h"
#include "base/id.h"
#include "base/str.h"
#include "component/component.h"
#include "component/template.h"
#include "engine/retry.h"
#include "schema/field.h"
#include "store/workflows.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define GRAPH_NODES_MAX 1000
#define GRAPH_EDGES_MAX 10000
#define GRAPH_TEXT_MAX ((size_t)1 << 20)

extern const struct shape definition_shape; /* "Definition": what workflows.create takes */

struct graph_node {
    struct str id, name, type;
    const struct component *component;
    struct str config_text; /* as saved, compact */
    const void *config; /* decoded; for nodes with templates only what they leave alone counts */
    struct template *template; /* NULL: none, `config` is final */
    struct id connection_id;   /* none: needs no connection */
    struct retry_policy retry;
    enum effect effect;
    bool continue_on_error;
    /* Learned while running: said to read, but the database found that it writes. */
    atomic_bool *writes;
    /* Which nodes come before it, by place; NULL: all that its templates look at do. */
    const bool *precedes;
    const unsigned *next; /* indexes of the nodes behind it, each once */
    unsigned next_count;
    unsigned previous_count; /* how many nodes it waits for */
};

struct graph {
    struct arena *arena;
    atomic_int references;
    struct graph_node *nodes; /* sorted: each behind all nodes before it */
    unsigned count;
    /* Unfinished things that do not stop a save. */
    const struct workflow_problem *problems;
    unsigned problem_count;
    const struct workflow_problem *blocker; /* the first that keeps it from running, or NULL */
};

/*
 * Compiles definition JSON.
 *
 *   Returns  a graph with one reference, or NULL with BAD_REQUEST naming the place:
 *            definition.nodes[2].config.query: must be a string, not a number
 *   Threads  any.
 */
MUST_USE struct graph *graph_compile(struct str definition, struct error *err);
struct graph *graph_ref(struct graph *graph);
void graph_unref(struct graph *graph);
AUTO_DEFINE(graph, graph_unref)

/* Index of a node, or graph->count. */
unsigned graph_find(const struct graph *graph, struct str node_id);
/* What an attempt of this node may do, by config and by what was learned. */
enum effect graph_node_effect(const struct graph_node *node);

#endif
