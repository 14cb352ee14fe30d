/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applying templates: pieces of text and looked-up values, one behind the other.
 *
 * Values go in with the bytes they were read from: a number keeps its digits, and a string that is
 * JSON already needs no escaping, wherever it goes.
 */
#include <stdio.h>

#include "component/internal.h"
#include "json/path.h"
#include "json/write.h"

/* Holds every reason whole: two names at most, one of them with indexes. */
#define WHY_SIZE (4 * TEMPLATE_SHOWN_MAX)

/* Within the quotes of a longer text. */
static void add_as_text(struct buf *out, struct str value)
{
    switch (json_kind_of(value)) {
    case JSON_NULL:
        return;
    case JSON_BOOL:
    case JSON_NUMBER:
        buf_add(out, value);
        return;
    case JSON_STRING:
        buf_add(out, str_slice(value, 1, value.len - 1));
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        json_escape(out, value);
        return;
    }
}

/* "null", "a string", "an array": what stands in the way. */
static const char *described(enum json_kind kind)
{
    switch (kind) {
    case JSON_NULL:
        return "null";
    case JSON_BOOL:
        return "a boolean";
    case JSON_NUMBER:
        return "a number";
    case JSON_STRING:
        return "a string";
    case JSON_ARRAY:
        return "an array";
    case JSON_OBJECT:
        return "an object";
    }
    return "";
}

static bool dead_end(const struct template_reference *reference, const char *why, struct error *err)
{
    return fail_field(err, ERR_TEMPLATE_PATH, reference->field.ptr,
                      TEMPLATE_SHOWN_FMT " leads nowhere: %s", TEMPLATE_SHOWN_ARG(reference->text),
                      why);
}

static bool no_value(const struct template_reference *reference, struct error *err)
{
    char why[WHY_SIZE];
    if (reference->root != TEMPLATE_NODE)
        return dead_end(reference, "the execution has no input", err);
    (void)snprintf(why, sizeof(why), "node \"" TEMPLATE_SHOWN_FMT "\" has no output",
                   TEMPLATE_SHOWN_ARG(reference->node_id));
    return dead_end(reference, why, err);
}

/* The last place that led somewhere, as people name it: rows, rows[3], or the root itself. */
static void name_place(const struct template_reference *reference, const struct json_path *path,
                       size_t steps, struct buf *out)
{
    size_t from = steps;
    while (from > 0 && !str_set(path->steps[from - 1].name))
        from--;
    struct str name = STR("trigger");
    if (from > 0)
        name = path->steps[from - 1].name;
    else if (reference->root == TEMPLATE_NODE)
        name = reference->node_id;
    buf_printf(out, TEMPLATE_SHOWN_FMT, TEMPLATE_SHOWN_ARG(name));
    for (size_t i = from; i < steps; i++)
        buf_printf(out, "[%zu]", path->steps[i].index);
}

/* Says what is at the place where the path stopped, and why it goes no further from there. */
static bool stopped_at(const struct template_reference *reference, const struct json_path *path,
                       size_t steps, struct str here, struct error *err)
{
    const struct json_path_step *step = &path->steps[steps];
    enum json_kind kind = json_kind_of(here);
    bool wants_array = !str_set(step->name);

    struct buf name;
    buf_init(&name, 2 * TEMPLATE_SHOWN_MAX);
    name_place(reference, path, steps, &name);
    struct str place = buf_str(&name);
    char why[WHY_SIZE];
    size_t count = wants_array && kind == JSON_ARRAY ? json_count(here) : 0;
    if (wants_array && kind == JSON_ARRAY)
        (void)snprintf(why, sizeof(why), "\"" STR_FMT "\" has %zu %s", STR_ARG(place), count,
                       count == 1 ? "item" : "items");
    else if (!wants_array && kind == JSON_OBJECT)
        (void)snprintf(why, sizeof(why), "\"" STR_FMT "\" has no \"" TEMPLATE_SHOWN_FMT "\"",
                       STR_ARG(place), TEMPLATE_SHOWN_ARG(step->name));
    else
        (void)snprintf(why, sizeof(why), "\"" STR_FMT "\" is %s, not %s", STR_ARG(place),
                       described(kind), wants_array ? "an array" : "an object");
    buf_done(&name);
    return dead_end(reference, why, err);
}

/* Looks up the rest of a path below its root's value. */
static bool add_value(const struct template_place *place,
                      const struct template_reference *reference, struct json_finder *root,
                      struct buf *out, struct error *err)
{
    size_t stopped;
    struct str value;
    if (!json_find(root, &place->path, &value, &stopped))
        return stopped_at(reference, &place->path, stopped, value, err);
    if (place->whole)
        buf_add(out, value);
    else
        add_as_text(out, value);
    return true;
}

bool template_apply(const struct template *template, const struct template_source *source,
                    struct buf *out, struct error *err)
{
    /* Set at the first place of each root; a value may be costly to get. */
    struct str roots[TEMPLATES_MAX];
    struct json_finder finder; /* in the root whose place was the last one */
    size_t finds_in = TEMPLATES_MAX;
    for (size_t i = 0; i < template->count && !out->failed; i++) {
        const struct template_place *place = &template->places[i];
        const struct template_reference *reference = &template->references[i];
        buf_add(out, place->before);
        if (reference->root == TEMPLATE_EXECUTION_ID) {
            if (place->whole)
                json_quote(out, source->execution_id);
            else
                json_escape(out, source->execution_id);
            continue;
        }
        if (place->first == i)
            roots[i] = source->value(reference, source->context);
        if (!str_set(roots[place->first]))
            return no_value(reference, err);
        if (finds_in != place->first)
            json_finder_init(&finder, roots[place->first]);
        finds_in = place->first;
        if (!add_value(place, reference, &finder, out, err))
            return false;
    }
    buf_add(out, template->after);
    return true;
}
