/* SPDX-License-Identifier: Apache-2.0 */
/* What graph.c and graph_order.c share: the definition as it is written. */
#ifndef ENGINE_GRAPH_INTERNAL_H
#define ENGINE_GRAPH_INTERNAL_H

#include "base/map.h"
#include "engine/graph.h"

struct definition_position {
    struct number x, y;
};

struct definition_node {
    struct str id, type, name;
    struct definition_position *position;
    struct json_text config;
    struct retry_config *retry;
    int on_error;
};

struct definition_edge {
    struct str id, source, target, source_handle;
};

struct definition {
    struct array nodes, edges; /* of definition_node, definition_edge */
};

/* Fills in edges and sorts the nodes; `index` names each node's place (unsigned *), then and now. */
MUST_USE bool graph_connect(struct graph *graph, const struct definition *definition,
                            const struct map *index, struct error *err);
/* Says of each node in precedes[graph->count] whether a path leads from it to `later`. */
void graph_precedes(const struct graph *graph, unsigned later, bool *precedes);

#endif
