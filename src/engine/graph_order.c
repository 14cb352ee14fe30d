/* SPDX-License-Identifier: Apache-2.0 */
/* Edges of a graph: who comes behind whom, an order, cycles, and who precedes whom. */
#include "engine/graph_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* One direction of an edge, for sorting. */
struct link_pair {
    unsigned from, to;
};

static int compare_pairs(const void *a, const void *b)
{
    const struct link_pair *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

/* Fills next, next_count and previous_count from pairs; the same edge twice counts once. */
static void connect(struct graph *graph, struct link_pair *pairs, size_t count)
{
    if (count > 0)
        qsort(pairs, count, sizeof(*pairs), compare_pairs);
    unsigned *next = ARENA_ITEMS(graph->arena, unsigned, count ? count : 1);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && compare_pairs(&pairs[i], &pairs[i - 1]) == 0)
            continue;
        struct graph_node *from = &graph->nodes[pairs[i].from];
        if (from->next_count == 0)
            from->next = &next[used];
        next[used++] = pairs[i].to;
        from->next_count++;
        graph->nodes[pairs[i].to].previous_count++;
    }
}

/* Kahn's algorithm: repeatedly takes a node that waits for nobody. */
static unsigned sort_nodes(const struct graph *graph, unsigned *order, unsigned *waits_for)
{
    unsigned taken = 0, ready = 0;
    for (unsigned i = 0; i < graph->count; i++) {
        waits_for[i] = graph->nodes[i].previous_count;
        if (waits_for[i] == 0)
            order[ready++] = i;
    }
    while (taken < ready) {
        const struct graph_node *node = &graph->nodes[order[taken++]];
        for (unsigned i = 0; i < node->next_count; i++)
            if (--waits_for[node->next[i]] == 0)
                order[ready++] = node->next[i];
    }
    return ready;
}

/* Puts nodes in the found order and renumbers everything that names them by their place. */
static void reorder(struct graph *graph, const unsigned *order, const struct map *index)
{
    struct graph_node *sorted = ARENA_ARRAY(graph->arena, graph_node, graph->count);
    unsigned *place = ARENA_ITEMS(graph->arena, unsigned, graph->count);
    for (unsigned i = 0; i < graph->count; i++) {
        sorted[i] = graph->nodes[order[i]];
        place[order[i]] = i;
        *(unsigned *)map_find(index, sorted[i].id) = i;
    }
    for (unsigned i = 0; i < graph->count; i++) {
        unsigned *next = ARENA_ITEMS(graph->arena, unsigned, sorted[i].next_count + 1);
        for (unsigned n = 0; n < sorted[i].next_count; n++)
            next[n] = place[sorted[i].next[n]];
        sorted[i].next = next;
    }
    graph->nodes = sorted;
}

static bool refuse_end(size_t edge, const char *end, struct str node_id, bool known,
                       struct error *err)
{
    char field[64];

    (void)snprintf(field, sizeof(field), "definition.edges[%zu].%s", edge, end);
    if (!known)
        return fail_field(err, ERR_BAD_REQUEST, field, "there is no node \"" STR_FMT "\"",
                          STR_ARG(node_id));
    return fail_field(err, ERR_BAD_REQUEST, field,
                      "\"" STR_FMT "\" is a trigger, nothing can come before it", STR_ARG(node_id));
}

bool graph_connect(struct graph *graph, const struct definition *definition,
                   const struct map *index, struct error *err)
{
    const struct definition_edge *edges = definition->edges.items;
    size_t count = definition->edges.count;
    struct link_pair *pairs = ARENA_ARRAY(graph->arena, link_pair, count ? count : 1);
    for (size_t i = 0; i < count; i++) {
        const unsigned *from = map_find(index, edges[i].source);
        const unsigned *to = map_find(index, edges[i].target);
        if (!from || !to)
            return refuse_end(i, from ? "target" : "source",
                              from ? edges[i].target : edges[i].source, false, err);
        if (graph->nodes[*to].component->kind == COMPONENT_TRIGGER)
            return refuse_end(i, "target", edges[i].target, true, err);
        pairs[i] = (struct link_pair){ *from, *to };
    }
    connect(graph, pairs, count);

    unsigned *order = ARENA_ITEMS(graph->arena, unsigned, graph->count + 1);
    unsigned *waits_for = ARENA_ITEMS(graph->arena, unsigned, graph->count + 1);
    unsigned sorted = sort_nodes(graph, order, waits_for);
    for (unsigned i = 0; sorted < graph->count && i < graph->count; i++)
        if (waits_for[i] > 0)
            return fail_field(err, ERR_BAD_REQUEST, "definition.edges",
                              "node \"" STR_FMT "\" lies on or behind a cycle",
                              STR_ARG(graph->nodes[i].id));
    reorder(graph, order, index);
    return true;
}

void graph_precedes(const struct graph *graph, unsigned later, bool *precedes)
{
    for (unsigned i = later; i < graph->count; i++)
        precedes[i] = false;
    /* Nodes are sorted, so what lies behind one is known before the one itself is looked at. */
    for (unsigned i = later; i-- > 0;) {
        const struct graph_node *node = &graph->nodes[i];
        precedes[i] = false;
        for (unsigned n = 0; n < node->next_count && !precedes[i]; n++)
            precedes[i] = node->next[n] == later || precedes[node->next[n]];
    }
}
