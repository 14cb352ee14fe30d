/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shape as a description that a page can build a form from: for each field its name, title, kind,
 * doc, bounds, words, default, look, connector, whether it takes templates, and when it shows. A
 * field that holds fields describes them too.
 */
#ifndef SCHEMA_FORM_H
#define SCHEMA_FORM_H

#include "base/arena.h"
#include "schema/field.h"

/* The shape of one described field ("FormField"), and an array of them for `shape`. */
extern const struct shape form_field_shape;
struct array schema_form(const struct shape *shape, struct arena *arena);

#endif
