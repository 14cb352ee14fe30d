/* SPDX-License-Identifier: Apache-2.0 */
/* The sample's shape. */
#include "sample.h"

static const char *const color_words[] = { NULL, "red", "green", "dark-blue", NULL };

static const struct field pool_fields[] = {
    { FIELD("max", sample_pool, max, OPTIONAL, "Most sessions."), .min = 1, .max = 100 },
    { 0 },
};
static const struct shape pool_shape = SHAPE(NULL, sample_pool, pool_fields);

static const struct field config_fields[] = {
    { FIELD_SHAPE("pool", sample_config, pool, OPTIONAL, &pool_shape, "The pool.") },
    { FIELD("clientKey", sample_config, client_key, OPTIONAL, "Key as PEM."),
      .look = LOOK_MULTILINE },
    { 0 },
};
static const struct shape config_shape = SHAPE(NULL, sample_config, config_fields);

static const struct field node_fields[] = {
    { FIELD("id", sample_node, id, REQUIRED, "Id within the workflow."), .min = 1, .max = 5 },
    { FIELD("x", sample_node, x, OPTIONAL, "Place.") },
    { 0 },
};
static const struct shape node_shape = SHAPE("SampleNode", sample_node, node_fields);

static const struct field sample_fields[] = {
    { FIELD("projectId", sample, project_id, OPTIONAL, "Project it belongs to."),
      .look = LOOK_CONNECTION, .of = "redis" },
    { FIELD("name", sample, name, REQUIRED, "What people call it."), .min = 1, .max = 10 },
    { FIELD("query", sample, query, OPTIONAL, "A */ in a comment."), .look = LOOK_SQL,
      .title = "SQL", .templates = true },
    { FIELD("pageSize", sample, page_size, OPTIONAL, "Page size."), .min = 1, .max = 100,
      .fallback = "50" },
    { FIELD("level", sample, level, OPTIONAL, "From below zero."), .min = -5, .max = 5 },
    { FIELD("force", sample, force, OPTIONAL, "Do it anyway.") },
    { FIELD("active", sample, active, OPTIONAL, "Whether it runs.") },
    { FIELD("createdAt", sample, created_at, OPTIONAL, "When it was made.") },
    { FIELD_ENUM("color", sample, color, OPTIONAL, color_words, "Its colour.") },
    { FIELD("input", sample, input, OPTIONAL, "Any value.") },
    { FIELD("parameters", sample, parameters, OPTIONAL, "In order."), .look = LOOK_JSON_ARRAY },
    { FIELD("labels", sample, labels, OPTIONAL, "By name."), .look = LOOK_JSON_OBJECT },
    { FIELD("value", sample, value, OPTIONAL, "To store."), .look = LOOK_SCALAR,
      .when = "color=red" },
    { FIELD("password", sample, password, OPTIONAL, "Never shown."), .min = 3 },
    { FIELD_LIST("tags", sample, tags, OPTIONAL, NULL, "Words."), .min = 1, .max = 3 },
    { FIELD_LIST("nodes", sample, nodes, OPTIONAL, &node_shape, "What it holds.") },
    { FIELD_SHAPE("config", sample, config, OPTIONAL, &config_shape, "Settings.") },
    { 0 },
};
const struct shape sample_shape = SHAPE("Sample", sample, sample_fields);

static const struct field strict_fields[] = {
    { FIELD("projectId", strict, project_id, REQUIRED, "Project to list.") },
    { FIELD_LIST("tags", strict, tags, REQUIRED, NULL, "Words.") },
    { 0 },
};
const struct shape strict_shape = SHAPE(NULL, strict, strict_fields);
