/* SPDX-License-Identifier: Apache-2.0 */
/* The config of an attempt: its templates replaced by what the trigger and the nodes before gave. */
#include <stdlib.h>

#include "engine/internal.h"
#include "schema/decode.h"

static struct str look_up(const struct template_reference *reference, void *context)
{
    const struct task *task = context;
    const struct live *live = task->live;
    const struct graph *graph = live->graph;
    if (reference->root != TEMPLATE_NODE)
        return live->row.input.text;
    unsigned from = graph_find(graph, reference->node_id);
    const bool *precedes = graph->nodes[task->node].precedes;
    /* Outputs of other nodes come at any time, or are just being written. */
    if (from == graph->count || (precedes && !precedes[from]))
        return STR_NULL;
    return live->x.nodes[from].output.text;
}

static bool decode(const struct component *component, struct str text, struct arena *arena,
                   const void **config, struct error *err)
{
    void *decoded = arena_alloc(arena, component->config->size);
    if (schema_decode_text(component->config, arena_str(arena, text), arena, decoded, err) &&
        (!component->check || component->check(decoded, err))) {
        *config = decoded;
        return true;
    }
    err->code = ERR_INVALID_INPUT;
    return false;
}

/* What it became is shown as the step's input. */
static void keep_as_input(struct task *task, struct buf *text)
{
    struct live *live = task->live;
    size_t len;
    pthread_mutex_lock(&live->engine->lock);
    free(task->input_text);
    task->input_text = buf_take(text, &len);
    live->x.nodes[task->node].input.text = (struct str){ task->input_text, len };
    pthread_mutex_unlock(&live->engine->lock);
}

bool task_config(struct task *task, struct arena *arena, const void **config, struct error *err)
{
    struct live *live = task->live;
    const struct graph_node *node = &live->graph->nodes[task->node];
    *config = node->config;
    if (!node->template)
        return true;
    char id_text[ID_TEXT_SIZE];
    struct template_source source = {
        .value = look_up,
        .execution_id = id_format(live->row.id, id_text),
        .context = task,
    };
    struct buf buf;
    struct str text;
    buf_init(&buf, GRAPH_TEXT_MAX);
    bool ok = template_apply(node->template, &source, &buf, err);
    if (ok && !buf_finish(&buf, &text, err))
        ok = fail(err, ERR_INVALID_INPUT,
                  "with its templates replaced the config is over %zu bytes", GRAPH_TEXT_MAX);
    ok = ok && decode(node->component, text, arena, config, err);
    if (ok)
        keep_as_input(task, &buf);
    buf_done(&buf);
    return ok;
}
