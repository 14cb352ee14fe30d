/* SPDX-License-Identifier: Apache-2.0 */
/* An execution as it is now: from memory while it is carried out here, else from the store. */
#include <string.h>

#include "engine/internal.h"

#define GLANCE_TEXT_MAX ((size_t)16 * 1024)
#define GLANCE_TEXTS_MAX ((size_t)1024 * 1024)

static const struct step_row *find_step(struct array known, struct str node_id)
{
    const struct step_row *rows = known.items;
    for (size_t i = 0; i < known.count; i++)
        if (str_eq(rows[i].node_id, node_id))
            return &rows[i];
    return NULL;
}

void view_complete(struct execution_row *row, struct array known, const struct graph *graph,
                   struct arena *arena)
{
    struct step_row *steps = ARENA_ARRAY(arena, step_row, graph->count + 1);
    bool ended = execution_status_ended(row->status);
    for (unsigned i = 0; i < graph->count; i++) {
        const struct graph_node *node = &graph->nodes[i];
        const struct step_row *found = find_step(known, node->id);
        if (found) {
            steps[i] = *found;
            if (!str_set(steps[i].input.text) && found->attempt_count > 0)
                steps[i].input.text = arena_str(arena, node->config_text);
            if (steps[i].status != STEP_SUCCEEDED)
                steps[i].output.text = STR_NULL;
        } else if (node->component->kind == COMPONENT_TRIGGER && instant_set(row->started_at)) {
            steps[i].status = STEP_SUCCEEDED;
            steps[i].output.text = str_set(row->input.text) ? row->input.text : STR("null");
            steps[i].started_at = steps[i].finished_at = row->started_at;
        } else {
            steps[i].status = ended ? STEP_SKIPPED : STEP_PENDING;
        }
        steps[i].node_id = arena_str(arena, node->id);
        steps[i].name = arena_str(arena, node->name);
        steps[i].type = arena_str(arena, node->type);
        if (!steps[i].attempts.items)
            steps[i].attempts = (struct array){ steps, 0 };
    }
    row->steps = (struct array){ steps, graph->count };
}

/* Copies what points into a live execution, which may be gone after the lock. */
static struct execution_error *copy_error(struct arena *arena, const struct execution_error *from)
{
    if (!from)
        return NULL;
    struct execution_error *copy = ARENA_NEW(arena, execution_error);
    copy->code = arena_str(arena, from->code);
    copy->message = arena_str(arena, from->message);
    copy->node_id = arena_str(arena, from->node_id);
    copy->sql_state = arena_str(arena, from->sql_state);
    return copy;
}

/* How much text of steps is copied: of each, and of all together. What is longer stays present, and
 * is empty. */
struct text_budget {
    size_t each, all;
};

static void copy_text(struct arena *arena, struct text_budget *budget, struct json_text *text)
{
    if (!str_set(text->text))
        return;
    bool fits = text->text.len <= budget->each && text->text.len <= budget->all;
    if (fits)
        budget->all -= text->text.len;
    text->text = fits ? arena_str(arena, text->text) : STR("");
}

static void copy_step(struct arena *arena, struct text_budget *budget, struct step_row *step)
{
    step->node_id = arena_str(arena, step->node_id);
    step->name = arena_str(arena, step->name);
    step->type = arena_str(arena, step->type);
    copy_text(arena, budget, &step->input);
    copy_text(arena, budget, &step->output);
    step->error = copy_error(arena, step->error);
    struct attempt *attempts = ARENA_ARRAY(arena, attempt, step->attempts.count + 1);
    if (step->attempts.count > 0)
        memcpy(attempts, step->attempts.items, step->attempts.count * sizeof(*attempts));
    for (size_t i = 0; i < step->attempts.count; i++)
        attempts[i].error = copy_error(arena, attempts[i].error);
    step->attempts.items = attempts;
}

/* What of an execution is looked at. */
struct look {
    struct text_budget budget;
    struct str node_id; /* absent: all of its steps */
};

/* Leaves the one step that is looked at. */
static void leave_one(struct execution_row *row, struct str node_id)
{
    struct step_row *steps = row->steps.items;
    size_t kept = 0;
    for (size_t i = 0; i < row->steps.count; i++)
        if (str_eq(steps[i].node_id, node_id))
            steps[kept++] = steps[i];
    row->steps.count = kept;
}

static bool view_live(struct engine *engine, struct id project_id, struct id execution_id,
                      const struct look *look, struct arena *arena, struct execution_row *out)
{
    struct text_budget budget = look->budget;
    pthread_mutex_lock(&engine->lock);
    struct live *live = live_find(engine, execution_id);
    bool found = live && id_eq(live->row.project_id, project_id) && !live->fenced;
    if (found) {
        live_row(live, arena, out);
        if (str_set(look->node_id))
            leave_one(out, look->node_id);
        out->workflow_name = arena_str(arena, out->workflow_name);
        out->input.text = arena_str(arena, out->input.text);
        out->error = copy_error(arena, out->error);
        struct step_row *steps = out->steps.items;
        for (size_t i = 0; i < out->steps.count; i++)
            copy_step(arena, &budget, &steps[i]);
    }
    pthread_mutex_unlock(&engine->lock);
    return found;
}

static bool view_stored(struct engine *engine, struct id project_id, struct id execution_id,
                        const struct look *look, struct arena *arena, struct execution_row *out,
                        struct array *steps, bool *found, struct error *err)
{
    AUTO(tx) tx = store_read(engine->store, scope_project(project_id), err);
    if (!tx || !execution_find(tx, project_id, execution_id, arena, out, found, err))
        return false;
    if (!*found)
        return true;
    if (str_set(look->node_id))
        return step_list_one(tx, project_id, execution_id, look->node_id, arena, steps, err);
    if (look->budget.each == SIZE_MAX)
        return step_list(tx, project_id, execution_id, arena, steps, err);
    /* One more, so that what is too long is seen to be. */
    return step_list_briefly(tx, project_id, execution_id, look->budget.each + 1, arena, steps,
                             err);
}

static bool view(struct engine *engine, struct id project_id, struct id execution_id,
                 const struct look *look, struct arena *arena, struct execution_row *out,
                 bool *found, struct error *err)
{
    *found = true;
    if (view_live(engine, project_id, execution_id, look, arena, out))
        return true;
    struct array steps;
    if (!view_stored(engine, project_id, execution_id, look, arena, out, &steps, found, err))
        return false;
    if (!*found)
        return true;
    AUTO(graph)
    graph = engine_graph(engine, project_id, out->workflow_id, out->workflow_version, err);
    if (!graph)
        return false;
    view_complete(out, steps, graph, arena);
    if (str_set(look->node_id))
        leave_one(out, look->node_id);
    return true;
}

bool engine_view(struct engine *engine, struct id project_id, struct id execution_id,
                 struct arena *arena, struct execution_row *out, bool *found, struct error *err)
{
    static const struct look whole = { .budget = { SIZE_MAX, SIZE_MAX } };
    return view(engine, project_id, execution_id, &whole, arena, out, found, err);
}

bool engine_view_step(struct engine *engine, struct id project_id, struct id execution_id,
                      struct str node_id, struct arena *arena, struct execution_row *out,
                      bool *found, struct error *err)
{
    const struct look one = { { SIZE_MAX, SIZE_MAX }, node_id };
    return view(engine, project_id, execution_id, &one, arena, out, found, err);
}

bool engine_glance(struct engine *engine, struct id project_id, struct id execution_id,
                   struct arena *arena, struct execution_row *out, bool *found, struct error *err)
{
    static const struct look glance = { .budget = { GLANCE_TEXT_MAX, GLANCE_TEXTS_MAX } };
    if (!view(engine, project_id, execution_id, &glance, arena, out, found, err))
        return false;
    struct step_row *steps = out->steps.items;
    for (size_t i = 0; *found && i < out->steps.count; i++) {
        struct json_text *texts[] = { &steps[i].input, &steps[i].output };
        for (size_t k = 0; k < ARRAY_LEN(texts); k++)
            if (texts[k]->text.len > GLANCE_TEXT_MAX)
                texts[k]->text = STR(""); /* from the store, or of a trigger */
    }
    return true;
}

bool engine_is_ending(struct engine *engine, struct id execution_id)
{
    pthread_mutex_lock(&engine->lock);
    const struct live *live = live_find(engine, execution_id);
    bool ending = live && !live->fenced && !execution_status_ended(live->shown_status);
    pthread_mutex_unlock(&engine->lock);
    return ending;
}

void engine_refresh(struct engine *engine, struct execution_row *rows, size_t count)
{
    pthread_mutex_lock(&engine->lock);
    for (size_t i = 0; i < count; i++) {
        if (execution_status_ended(rows[i].status))
            continue;
        struct live *live = live_find(engine, rows[i].id);
        if (!live || execution_status_ended(live->shown_status))
            continue;
        rows[i].status = live->shown_status;
        rows[i].started_at = live->x.started_at;
        rows[i].attempt_count = (struct opt_int){ true, live->x.attempt_count };
    }
    pthread_mutex_unlock(&engine->lock);
}
