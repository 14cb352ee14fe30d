/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workflow definitions. The text is a definition; one that is accepted has an order, counts that
 * agree, unique ids and policies in bounds, and is the same graph when its text is read once more
 * without blanks.
 */
#include "fuzz.h"

#include "base/arena.h"
#include "base/mem.h"
#include "engine/graph.h"
#include "json/read.h"

static void check_node(const struct graph *graph, unsigned at, unsigned *previous)
{
    const struct graph_node *node = &graph->nodes[at];
    struct error err;

    HOLDS(node->component && node->id.len > 0 && graph_find(graph, node->id) == at);
    HOLDS(component_find(node->type) == node->component);
    for (unsigned i = 0; i < node->next_count; i++) {
        HOLDS(node->next[i] > at && node->next[i] < graph->count);
        for (unsigned j = 0; j < i; j++)
            HOLDS(node->next[j] != node->next[i]);
        previous[node->next[i]]++;
    }
    AUTO(arena) arena = arena_new();
    HOLDS(json_read(arena, node->config_text, JSON_DUPLICATES_REFUSED, &err));
    HOLDS(node->retry.max_attempts >= 1 && node->retry.delay_ms >= 0);
    for (int64_t attempts = 1; attempts < 100; attempts += 30)
        HOLDS(retry_delay_ms(&node->retry, attempts, UINT64_MAX) >= 0);
}

static void check_problems(const struct graph *graph)
{
    bool found = !graph->blocker;

    for (unsigned i = 0; i < graph->problem_count; i++) {
        const struct workflow_problem *problem = &graph->problems[i];
        HOLDS(str_is_utf8(problem->message) && problem->message.len > 0);
        HOLDS(!str_set(problem->node_id) || problem->node_id.len == 0 ||
              graph_find(graph, problem->node_id) < graph->count);
        found = found || graph->blocker == problem;
    }
    HOLDS(found);
}

static void check_same(const struct graph *a, const struct graph *b)
{
    HOLDS(a->count == b->count && a->problem_count == b->problem_count);
    for (unsigned i = 0; i < a->count; i++) {
        const struct graph_node *x = &a->nodes[i], *y = &b->nodes[i];
        HOLDS(str_eq(x->id, y->id) && x->component == y->component && x->effect == y->effect);
        HOLDS(str_eq(x->config_text, y->config_text));
        HOLDS(x->next_count == y->next_count && x->previous_count == y->previous_count);
        HOLDS((x->template == NULL) == (y->template == NULL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = fuzz_text(data, size);
    struct error err = { 0 };
    AUTO(graph) graph = graph_compile(text, &err);

    if (!graph) {
        HOLDS(err.message[0] != '\0' && str_is_utf8(str_from(err.message)));
        HOLDS(error_code_row(err.code)->status == STATUS_BAD_REQUEST);
        return 0;
    }
    HOLDS(graph->count <= GRAPH_NODES_MAX && size <= GRAPH_TEXT_MAX);
    unsigned *previous = xcalloc(graph->count + 1, sizeof(*previous));
    for (unsigned i = 0; i < graph->count; i++)
        check_node(graph, i, previous);
    for (unsigned i = 0; i < graph->count; i++)
        HOLDS(previous[i] == graph->nodes[i].previous_count);
    free(previous);
    check_problems(graph);

    AUTO(arena) arena = arena_new();
    AUTO(graph) again = graph_compile(json_compact(arena, str_trim(text)), &err);
    HOLDS(again);
    check_same(graph, again);
    return 0;
}
