/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes as TypeScript: named shapes become interfaces, unnamed ones are written inline.
 * Output is stable: the same program prints the same bytes.
 */
#ifndef SCHEMA_TYPESCRIPT_H
#define SCHEMA_TYPESCRIPT_H

#include "base/buf.h"
#include "schema/field.h"

struct map;

/*
 * Appends `export interface` for the shape and, before it, for each named shape it holds, unless
 * `printed` (name → non-NULL) has it already; then puts it there. An unnamed shape has no
 * interface of its own, but those of the shapes it holds. A blank line follows each.
 */
void typescript_interface(const struct shape *shape, struct map *printed, struct buf *out);
/*
 * Appends the type's name, or its inline form, indented to go on from the line that `out` ends
 * with; `undefined` for NULL.
 */
void typescript_type(const struct shape *shape, struct buf *out);

#endif
