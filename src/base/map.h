/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table from a name (any bytes, copied) to a pointer. Growing, open addressing.
 * Walk with: size_t at = 0; while (map_each(map, &at, &key, &value)) …   Threads: one at a time.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/attr.h"
#include "base/id.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct map;

MUST_USE struct map *map_new(void);
/* Frees the table and the keys, not the values. */
void map_free(struct map *map);
AUTO_DEFINE(map, map_free)

/* The value, or NULL. */
void *map_find(const struct map *map, struct str key);
/* Sets a value that is not NULL; returns the one it replaces, or NULL. */
void *map_put(struct map *map, struct str key, void *value);
/* Takes a value out; NULL when there was none. */
void *map_remove(struct map *map, struct str key);
size_t map_count(const struct map *map);
/* Next pair after *at; false at the end. The map must not change meanwhile. */
bool map_each(const struct map *map, size_t *at, struct str *key, void **value);

/* An id's 16 bytes as a key. */
static inline struct str id_key(const struct id *id)
{
    return (struct str){ (const char *)id->bytes, sizeof(id->bytes) };
}

#endif
