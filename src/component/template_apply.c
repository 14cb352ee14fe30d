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

/* Within the quotes of a longer text. */
static void add_as_text(struct buf *out, const struct json *value)
{
    switch (value->kind) {
    case JSON_NULL:
        return;
    case JSON_BOOL:
    case JSON_NUMBER:
        buf_add(out, value->raw);
        return;
    case JSON_STRING:
        buf_add(out, str_slice(value->raw, 1, value->raw.len - 1));
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        json_escape(out, value->raw);
        return;
    }
}

/* "null", "a string", "an array": what stands in the way. */
static const char *described(const struct json *value)
{
    switch (value->kind) {
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

/* The last place that led somewhere, as people name it: rows, rows[3], or the root itself. */
static struct str place_name(const struct template_reference *reference,
                             const struct json_path *path, size_t steps, struct buf *name)
{
    size_t from = steps;
    while (from > 0 && !str_set(path->steps[from - 1].name))
        from--;
    if (from > 0)
        buf_add(name, str_cut(path->steps[from - 1].name, TEMPLATE_SHOWN_MAX));
    else if (reference->root == TEMPLATE_NODE)
        buf_add(name, reference->node_id);
    else
        buf_add(name, STR("trigger"));
    for (size_t i = from; i < steps; i++)
        buf_printf(name, "[%zu]", path->steps[i].index);
    return buf_str(name);
}

static bool dead_end(const struct template_reference *reference, const char *why, struct error *err)
{
    struct str shown = str_cut(reference->text, TEMPLATE_SHOWN_MAX);
    return fail_field(err, ERR_TEMPLATE_PATH, reference->field.ptr, STR_FMT "%s leads nowhere: %s",
                      STR_ARG(shown), shown.len < reference->text.len ? "…" : "", why);
}

static bool no_value(const struct template_reference *reference, struct error *err)
{
    char why[128];
    if (reference->root == TEMPLATE_NODE)
        (void)snprintf(why, sizeof(why), "node \"" STR_FMT "\" has no output",
                       STR_ARG(str_cut(reference->node_id, TEMPLATE_SHOWN_MAX)));
    else
        (void)snprintf(why, sizeof(why), "the execution has no input");
    return dead_end(reference, why, err);
}

/* Says what is at the place where the path stopped, and why it goes no further from there. */
static bool stopped_at(const struct template_reference *reference, const struct json_path *path,
                       size_t steps, const struct json *root, struct error *err)
{
    size_t unused;
    const struct json_path led = { path->steps, steps };
    const struct json *here = json_path_find(root, &led, &unused);
    const struct json_path_step *step = &path->steps[steps];
    bool wants_array = !str_set(step->name);

    struct buf name_buf, why;
    buf_init(&name_buf, 2 * TEMPLATE_SHOWN_MAX);
    buf_init(&why, sizeof(err->message));
    struct str name = place_name(reference, path, steps, &name_buf);
    if (wants_array && here->kind == JSON_ARRAY)
        buf_printf(&why, "\"" STR_FMT "\" has %zu %s", STR_ARG(name), here->count,
                   here->count == 1 ? "item" : "items");
    else if (!wants_array && here->kind == JSON_OBJECT)
        buf_printf(&why, "\"" STR_FMT "\" has no \"" STR_FMT "\"", STR_ARG(name),
                   STR_ARG(str_cut(step->name, TEMPLATE_SHOWN_MAX)));
    else
        buf_printf(&why, "\"" STR_FMT "\" is %s, not %s", STR_ARG(name), described(here),
                   wants_array ? "an array" : "an object");
    buf_add_byte(&why, '\0');
    dead_end(reference, why.ptr, err);
    buf_done(&name_buf);
    buf_done(&why);
    return false;
}

static bool add_place(const struct template_place *place,
                      const struct template_reference *reference,
                      const struct template_source *source, struct buf *out, struct error *err)
{
    if (reference->root == TEMPLATE_EXECUTION_ID) {
        if (place->whole)
            json_quote(out, source->execution_id);
        else
            json_escape(out, source->execution_id);
        return true;
    }
    const struct json *root = source->value(reference, source->context);
    if (!root)
        return no_value(reference, err);
    size_t stopped = 0;
    const struct json *value = json_path_find(root, &place->path, &stopped);
    if (!value)
        return stopped_at(reference, &place->path, stopped, root, err);
    if (place->whole)
        buf_add(out, value->raw);
    else
        add_as_text(out, value);
    return true;
}

bool template_apply(const struct template *template, const struct template_source *source,
                    struct buf *out, struct error *err)
{
    for (size_t i = 0; i < template->count && !out->failed; i++) {
        const struct template_place *place = &template->places[i];
        buf_add(out, place->before);
        if (!add_place(place, &template->references[i], source, out, err))
            return false;
    }
    buf_add(out, template->after);
    return true;
}
