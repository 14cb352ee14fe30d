/* SPDX-License-Identifier: Apache-2.0 */
/* A deep copy of what a shape describes: for values that outlive their owner. */
#ifndef SCHEMA_COPY_H
#define SCHEMA_COPY_H

#include "base/arena.h"
#include "base/attr.h"
#include "schema/field.h"

/* A new struct in the arena; members without a field stay zero. Shapes with secrets: assertion. */
MUST_USE void *schema_copy(const struct shape *shape, const void *object, struct arena *arena);

#endif
