/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled definitions, kept for who asks again. What is kept has a cap in bytes: compiled, a definition
 * is some 25 times as large as its text, which may have a megabyte. Whoever holds one keeps it alive.
 */
#include "engine/internal.h"
#include "store/workflows.h"

#define GRAPHS_BYTES_MAX ((size_t)32 << 20)

/* Another project's workflow is not found here either. */
struct graph_key {
    struct id project_id, workflow_id;
    int64_t version;
};

static struct str key_text(const struct graph_key *key)
{
    return (struct str){ (const char *)key, sizeof(*key) };
}

static struct graph *find(struct engine *engine, const struct graph_key *key)
{
    pthread_mutex_lock(&engine->lock);
    struct graph *graph = map_find(engine->graphs.kept, key_text(key));
    if (graph)
        graph_ref(graph);
    pthread_mutex_unlock(&engine->lock);
    return graph;
}

/* Beyond the cap all others are forgotten: those in use are compiled again. */
static void keep(struct engine *engine, const struct graph_key *key, struct graph *graph)
{
    struct graphs *graphs = &engine->graphs;
    size_t bytes = arena_used(graph->arena);
    struct map *forgotten = NULL;
    pthread_mutex_lock(&engine->lock);
    if (graphs->bytes + bytes > GRAPHS_BYTES_MAX) {
        forgotten = graphs->kept;
        *graphs = (struct graphs){ .kept = map_new() };
    }
    struct graph *before = map_put(graphs->kept, key_text(key), graph_ref(graph));
    graphs->bytes += bytes - (before ? arena_used(before->arena) : 0);
    pthread_mutex_unlock(&engine->lock);
    graph_unref(before);
    if (forgotten)
        graphs_free(forgotten);
}

void graphs_free(struct map *graphs)
{
    size_t at = 0;
    struct str key;
    void *graph;
    while (map_each(graphs, &at, &key, &graph))
        graph_unref(graph);
    map_free(graphs);
}

static bool read_definition(struct engine *engine, const struct graph_key *key, struct arena *arena,
                            struct json_text *out, struct error *err)
{
    AUTO(tx) tx = store_read(engine->store, scope_project(key->project_id), err);
    return tx && workflow_find_version(tx, key->project_id, key->workflow_id, key->version, arena,
                                       out, err);
}

struct graph *engine_graph(struct engine *engine, struct id project_id, struct id workflow_id,
                           int64_t version, struct error *err)
{
    struct graph_key key = { project_id, workflow_id, version };
    struct graph *graph = find(engine, &key);
    if (graph)
        return graph;
    AUTO(arena) arena = arena_new();
    struct json_text definition;
    if (!read_definition(engine, &key, arena, &definition, err))
        return NULL;
    graph = graph_compile(definition.text, err);
    if (graph)
        keep(engine, &key, graph);
    return graph;
}
