/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of providers.json, which the build puts into the program as text. */
#include "connector/provider.h"

#include "connector/settings.h"
#include "schema/decode.h"

extern const char providers_json[];

static const struct field placeholder_fields[] = {
    { FIELD("name", provider_placeholder, name, REQUIRED,
            "As it stands between brackets: PROJECT-REF."),
      .min = 1, .max = 46 },
    { FIELD("means", provider_placeholder, means, REQUIRED, "What belongs there."), .min = 1,
      .max = 100 },
    { FIELD("example", provider_placeholder, example, REQUIRED, "What could stand there."),
      .min = 1, .max = 100 },
    { 0 },
};
static const struct shape placeholder_shape =
    SHAPE("ConnectionTemplatePlaceholder", provider_placeholder, placeholder_fields);

static const char *const subject_names[] = { NULL, "find",  "url",    "network", "tls",
                                             "ca", "limit", "pooler", NULL };

static const struct field fact_fields[] = {
    { FIELD_ENUM("about", provider_fact, about, REQUIRED, subject_names,
                 "What it is about; `find`: where the provider shows the values.") },
    { FIELD("text", provider_fact, text, REQUIRED, "What one has to know."), .min = 1, .max = 200 },
    { FIELD("source", provider_fact, source, REQUIRED, "Address of the page that says so."),
      .min = 1, .max = 200 },
    { FIELD("seenOn", provider_fact, seen_on, REQUIRED, "The day when it said so."), .min = 10,
      .max = 10 },
    { 0 },
};
static const struct shape fact_shape = SHAPE("ConnectionTemplateFact", provider_fact, fact_fields);

static const struct field template_fields[] = {
    { FIELD("name", connection_template, name, REQUIRED, "Names the template in calls."), .min = 1,
      .max = 64 },
    { FIELD("title", connection_template, title, REQUIRED, "What people call it."), .min = 1,
      .max = 60 },
    { FIELD("connectionType", connection_template, connection_type, REQUIRED,
            "Kind of the connection.") },
    { FIELD("urlPattern", connection_template, url_pattern, REQUIRED,
            "The URL with placeholders in brackets, each of which is to be replaced."),
      .min = 1, .max = 300 },
    { FIELD_LIST("placeholders", connection_template, placeholders, REQUIRED, &placeholder_shape,
                 "In the order of the pattern.") },
    { FIELD_SHAPE("config", connection_template, config, OPTIONAL, &connection_config_shape,
                  "Advised settings, where the defaults are not the best.") },
    { FIELD_LIST("facts", connection_template, facts, REQUIRED, &fact_shape,
                 "What one has to know there, with its source.") },
    { 0 },
};
static const struct shape connection_template_shape =
    SHAPE("ConnectionTemplate", connection_template, template_fields);

static const struct field list_fields[] = {
    { FIELD_LIST("templates", template_list, templates, REQUIRED, &connection_template_shape,
                 "In the order in which they are offered.") },
    { 0 },
};
const struct shape template_list_shape = SHAPE(NULL, template_list, list_fields);

bool connection_templates(struct arena *arena, struct template_list *out, struct error *err)
{
    return schema_decode_text(&template_list_shape, str_from(providers_json), arena, out, err);
}
