/* SPDX-License-Identifier: Apache-2.0 */
/* connections.templates: what connections to known providers look like. */
#include "api/internal.h"

#include "connector/connector.h"
#include "connector/provider.h"

struct templates_input {
    struct str name, connection_type;
};
static const struct field templates_fields[] = {
    { FIELD("name", templates_input, name, OPTIONAL, "Only the one of this name."), .min = 1,
      .max = 64 },
    { FIELD("connectionType", templates_input, connection_type, OPTIONAL,
            "Only those of this kind: postgresql, redis."),
      .min = 1, .max = 64 },
    { 0 },
};
static const struct shape templates_shape = SHAPE(NULL, templates_input, templates_fields);

static bool wanted(const struct connection_template *template, const struct templates_input *in)
{
    return (!str_set(in->name) || str_eq(template->name, in->name)) &&
           (!str_set(in->connection_type) ||
            str_eq(template->connection_type, in->connection_type));
}

static enum answer connections_templates(struct call *call, const void *input, void *output,
                                         struct error *err)
{
    const struct templates_input *in = input;
    struct template_list *out = output;
    if (str_set(in->connection_type) && !connector_find(in->connection_type)) {
        (void)api_unknown_connector(in->connection_type, err);
        return FAILED;
    }
    if (!connection_templates(call->arena, out, err))
        return FAILED;

    struct connection_template *templates = out->templates.items;
    size_t kept = 0;
    for (size_t i = 0; i < out->templates.count; i++) {
        if (wanted(&templates[i], in))
            templates[kept++] = templates[i];
    }
    out->templates.count = kept;
    if (kept > 0 || !str_set(in->name))
        return DONE;
    (void)fail_field(err, ERR_NOT_FOUND, "name", "no template has this name");
    return FAILED;
}

const struct procedure connection_template_procedures[] = {
    { .path = "connections.templates",
      .kind = QUERY,
      .needs = SIGNED_IN,
      .doc = "What connections to known providers look like: a URL with placeholders, advised "
             "settings, and facts with their sources.",
      .input = &templates_shape,
      .output = &template_list_shape,
      .run = connections_templates },
    { 0 },
};
