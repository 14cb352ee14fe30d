/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share: a compiled template, and the components of our own. */
#ifndef COMPONENT_INTERNAL_H
#define COMPONENT_INTERNAL_H

#include "base/str.h"
#include "component/component.h"
#include "component/template.h"
#include "json/path.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a value goes, and the text that leads up to it. */
struct template_place {
    struct str before;     /* JSON text since the place before this one */
    struct json_path path; /* from the root's value on */
    bool whole;            /* a JSON value stands here; else text within a string's quotes */
    size_t first;          /* the first place with this root, maybe this one */
};

/* A config cut at its templates: before, value, before, value, …, after. Owned by its arena. */
/* clang-format off */
struct template {
    struct template_reference *references; /* [i] is what places[i] looks up */
    struct template_place *places;
    size_t count;
    struct str after;
};
/* clang-format on */

/* Bytes of a path or name that a message shows: all of a node's id, and room for the reason. */
#define TEMPLATE_SHOWN_MAX ((size_t)63)
#define TEMPLATE_SHOWN_FMT STR_FMT "%s"
#define TEMPLATE_SHOWN_ARG(s)                                                                      \
    STR_ARG(str_cut(s, TEMPLATE_SHOWN_MAX)), (s).len > TEMPLATE_SHOWN_MAX ? "…" : ""

extern const struct component trigger_manual;

#endif
