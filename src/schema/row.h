/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a row of SQL to a struct, by its shape: a column fills the member of its name.
 *
 * Columns without a member, or members without a column, are allowed: members stay absent. A cell
 * that does not fit its member (a word that is no enum's, a malformed id) is ERR_INTERNAL naming
 * the column, because we wrote it ourselves.
 */
#ifndef SCHEMA_ROW_H
#define SCHEMA_ROW_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"
#include "schema/field.h"

enum cell_kind {
    CELL_NULL,
    CELL_INT,
    CELL_TEXT, /* also bytes */
};

struct cell {
    enum cell_kind kind;
    int64_t integer;
    struct str text; /* valid only while the row is the current one */
};

/* Which field each column fills; found once a statement, then used for each row. */
#define ROW_COLUMNS_MAX 48
struct row_map {
    const struct shape *shape;
    size_t count;
    const struct field *fields[ROW_COLUMNS_MAX]; /* NULL: nobody wants this column */
};

/* names: count C strings, as the driver gives them. */
void row_map_init(struct row_map *map, const struct shape *shape, const char *const *names,
                  size_t count);
/* Fills *out (zeroed here first); texts are copied to the arena. */
MUST_USE bool row_decode(const struct row_map *map, const struct cell *cells, struct arena *arena,
                         void *out, struct error *err);

#endif
