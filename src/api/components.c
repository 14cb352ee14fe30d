/* SPDX-License-Identifier: Apache-2.0 */
/* components.list: kinds of node, for the palette and the panel. */
#include "api/internal.h"

#include "component/component.h"
#include "schema/form.h"

static const char *const kind_names[] = { NULL, "trigger", "action", "flow", NULL };

struct component_output {
    struct str name, title, doc;
    int kind;
    struct str connection_type;
    struct array fields;
};
static const struct field component_fields[] = {
    { FIELD("name", component_output, name, REQUIRED, "A node's `type`.") },
    { FIELD("title", component_output, title, REQUIRED, "What people call it.") },
    { FIELD("doc", component_output, doc, REQUIRED, "What it does.") },
    { FIELD_ENUM("kind", component_output, kind, REQUIRED, kind_names, "Its place in a graph.") },
    { FIELD("connectionType", component_output, connection_type, OPTIONAL,
            "Type of the connection that it needs.") },
    { FIELD_LIST("fields", component_output, fields, REQUIRED, &form_field_shape,
                 "Fields of its config.") },
    { 0 },
};
static const struct shape component_shape = SHAPE("Component", component_output, component_fields);

struct component_list_output {
    struct array components;
};
static const struct field list_fields[] = {
    { FIELD_LIST("components", component_list_output, components, REQUIRED, &component_shape,
                 "In the palette's order.") },
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, component_list_output, list_fields);

static enum answer components_list(struct call *call, const void *input, void *output,
                                   struct error *err)
{
    struct component_list_output *out = output;
    size_t count = 0;
    (void)input, (void)err;

    while (component_at(count))
        count++;
    struct component_output *items = ARENA_ARRAY(call->arena, component_output, count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct component *component = component_at(i);
        items[i] = (struct component_output){
            .name = str_from(component->name),
            .title = str_from(component->title),
            .doc = str_from(component->doc),
            .kind = (int)component->kind + 1,
            .connection_type =
                component->connector ? str_from(component->connector->name) : STR_NULL,
        };
        if (component->config)
            items[i].fields = schema_form(component->config, call->arena);
    }
    out->components = (struct array){ items, count };
    return DONE;
}

const struct procedure component_procedures[] = {
    { .path = "components.list",
      .kind = QUERY,
      .needs = SIGNED_IN,
      .doc = "Kinds of node, with the fields of their configs.",
      .output = &list_shape,
      .run = components_list },
    { 0 },
};
