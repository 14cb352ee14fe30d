/* SPDX-License-Identifier: Apache-2.0 */
/* A struct with a member of every kind, and its shape: what the tests of this folder work on. */
#ifndef TESTS_SCHEMA_SAMPLE_H
#define TESTS_SCHEMA_SAMPLE_H

#include "schema/field.h"

enum color {
    COLOR_RED = 1,
    COLOR_GREEN,
    COLOR_DARK_BLUE,
};

struct sample_pool {
    struct opt_int max;
};

struct sample_config {
    struct sample_pool *pool;
    struct secret *client_key;
};

struct sample_node {
    struct str id;
    int64_t x;
};

struct sample {
    struct id project_id;
    struct str name;
    struct str query;
    int64_t page_size;
    struct opt_int level;
    bool force;
    struct opt_bool active;
    struct instant created_at;
    int color;
    struct json_text input;
    struct json_text parameters;
    struct json_text labels;
    struct json_text value;
    struct secret *password;
    struct array tags;
    struct array nodes;
    struct sample_config *config;
};

/* The struct above: "Sample"; its nodes are "SampleNode", config and pool have no name. */
extern const struct shape sample_shape;
/* Two required fields, no name: a project's id and a list of tags. */
extern const struct shape strict_shape;

struct strict {
    struct id project_id;
    struct array tags;
};

#endif
