/* SPDX-License-Identifier: Apache-2.0 */
/* A config as a component might have it: some of its fields may hold templates, and some may not. */
#ifndef TESTS_TEMPLATE_SAMPLE_H
#define TESTS_TEMPLATE_SAMPLE_H

#include "schema/field.h"

struct noted {
    struct str note, other;
};
static const struct field noted_fields[] = {
    { FIELD("note", noted, note, OPTIONAL, "A note."), .templates = true },
    { FIELD("other", noted, other, OPTIONAL, "Something else.") },
    { 0 },
};
static const struct shape noted_shape = SHAPE(NULL, noted, noted_fields);

struct sample {
    struct str query;
    struct json_text parameters, key;
    struct noted *inner;
    struct array list;
};
static const struct field sample_fields[] = {
    { FIELD("query", sample, query, OPTIONAL, "SQL.") },
    { FIELD("parameters", sample, parameters, OPTIONAL, "Values."), .templates = true },
    { FIELD("key", sample, key, OPTIONAL, "A key."), .templates = true },
    { FIELD_SHAPE("inner", sample, inner, OPTIONAL, &noted_shape, "One note.") },
    { FIELD_LIST("list", sample, list, OPTIONAL, &noted_shape, "Notes.") },
    { 0 },
};
static const struct shape sample_shape = SHAPE(NULL, sample, sample_fields);

#endif
