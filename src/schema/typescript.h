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
 * `printed` (name → non-NULL) has it already; then puts it there.
 */
void typescript_interface(const struct shape *shape, struct map *printed, struct buf *out);
/* Appends the type's name, or its inline form; `undefined` for NULL. */
void typescript_type(const struct shape *shape, struct buf *out);

#endif
