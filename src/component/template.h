/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates: {{ trigger.customer.id }}, {{ nodes.load_orders.rows[0].email }}, {{ execution.id }} in
 * the fields of a config that take them. Path look-ups only; nothing is evaluated.
 *
 * A config is compiled once, when its workflow is loaded, and applied for each attempt. A string
 * that is exactly one template keeps the value's type; inside longer text a value is inserted as
 * text (null as nothing, objects and arrays as JSON). `{{{{` writes a literal `{{`. Keys of objects
 * are never templates.
 *
 * Threads: a compiled template never changes; any thread may apply it.
 */
#ifndef COMPONENT_TEMPLATE_H
#define COMPONENT_TEMPLATE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "json/value.h"
#include "schema/field.h"

#include <stdbool.h>
#include <stddef.h>

struct template;

enum template_root {
    TEMPLATE_TRIGGER,
    TEMPLATE_NODE,
    TEMPLATE_EXECUTION_ID,
};

/* What a path starts from. */
struct template_reference {
    enum template_root root;
    struct str node_id; /* of TEMPLATE_NODE */
    struct str text;    /* as written, for messages: nodes.load.rows[0] */
    struct str field;   /* of the config, dotted: parameters[1]; cut to what error.field holds */
};

/*
 * Compiles a config (an object) by its shape: only fields marked `templates` are looked into, at
 * any depth of theirs. *out is NULL when there is nothing to replace. A shape of NULL takes none.
 *   Fails  TEMPLATE_PATH with the config's field, naming the malformed template; also for more than
 *          TEMPLATES_MAX of them.
 *   Owns   the template lives in the arena and keeps nothing of `config`, which json_read() made.
 */
#define TEMPLATES_MAX 1000

MUST_USE bool template_compile(const struct json *config, const struct shape *shape,
                               struct arena *arena, struct template **out, struct error *err);
/* Every reference it holds, in the order of the config's text. */
const struct template_reference *template_references(const struct template *template,
                                                     size_t *count);

/* Where values come from. */
struct template_source {
    /*
     * The trigger's input, or a node's output: valid JSON, or absent when there is none (not run,
     * skipped). Asked once for each of them that the config names, however often it does. Must stay
     * until template_apply() is through.
     */
    struct str (*value)(const struct template_reference *reference, void *context);
    struct str execution_id;
    void *context;
};

/*
 * Appends the config with every template replaced, as JSON.
 *   Fails  TEMPLATE_PATH, with the config's field: parameters[1]: nodes.load.rows[3] leads nowhere:
 *          "rows" has 2 items. What `out` holds then is of no use. The cap of `out` is not looked at
 *          here but by the caller's buf_finish().
 */
MUST_USE bool template_apply(const struct template *template, const struct template_source *source,
                             struct buf *out, struct error *err);

#endif
