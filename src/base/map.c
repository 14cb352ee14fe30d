/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table with open addressing: a pair sits at its hash's place or in the next free one
 * behind. Removing moves later pairs back into the gap, so there are no tombstones to clean up.
 */
#include "base/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_SIZE 16 /* a power of two, as all sizes */

struct pair {
    uint64_t hash; /* kept, so that growing and most mismatches need no look at the key */
    struct str key;
    void *value; /* NULL = free place */
};

struct map {
    struct pair *pairs;
    size_t size;
    size_t count;
};

struct map *map_new(void)
{
    return NEW(map);
}

static void key_free(struct str key)
{
    free((void *)(uintptr_t)key.ptr); /* ours, const only towards others */
}

void map_free(struct map *map)
{
    if (!map)
        return;
    for (size_t i = 0; i < map->size; i++)
        key_free(map->pairs[i].key);
    free(map->pairs);
    free(map);
}

/* The pair of that key, or the free place where it belongs. There is always one: see map_put(). */
static struct pair *place_of(const struct map *map, struct str key, uint64_t hash)
{
    size_t mask = map->size - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        struct pair *pair = &map->pairs[at];
        if (!pair->value || (pair->hash == hash && str_eq(pair->key, key)))
            return pair;
    }
}

void *map_find(const struct map *map, struct str key)
{
    return map->count > 0 ? place_of(map, key, str_hash(key))->value : NULL;
}

static void grow(struct map *map)
{
    struct map larger = { .size = map->size > 0 ? map->size * 2 : FIRST_SIZE, .count = map->count };
    larger.pairs = xcalloc(larger.size, sizeof(*larger.pairs));
    for (size_t i = 0; i < map->size; i++) {
        const struct pair *pair = &map->pairs[i];
        if (pair->value)
            *place_of(&larger, pair->key, pair->hash) = *pair;
    }
    free(map->pairs);
    *map = larger;
}

void *map_put(struct map *map, struct str key, void *value)
{
    assert(value);
    if (map->count + 1 > map->size / 4 * 3)
        grow(map);
    uint64_t hash = str_hash(key);
    struct pair *pair = place_of(map, key, hash);
    void *replaced = pair->value;
    if (!replaced) {
        pair->hash = hash;
        pair->key = (struct str){ xstrdup(str_set(key) ? key : STR("")), key.len };
        map->count++;
    }
    pair->value = value;
    return replaced;
}

void *map_remove(struct map *map, struct str key)
{
    if (map->count == 0)
        return NULL;
    struct pair *gap = place_of(map, key, str_hash(key));
    void *removed = gap->value;
    if (!removed)
        return NULL;
    key_free(gap->key);
    map->count--;

    size_t mask = map->size - 1;
    size_t hole = (size_t)(gap - map->pairs);
    for (size_t at = (hole + 1) & mask; map->pairs[at].value; at = (at + 1) & mask) {
        /* A pair may move back into the hole unless its own place lies behind the hole. */
        size_t home = map->pairs[at].hash & mask;
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        map->pairs[hole] = map->pairs[at];
        hole = at;
    }
    map->pairs[hole] = (struct pair){ 0 };
    return removed;
}

size_t map_count(const struct map *map)
{
    return map->count;
}

bool map_each(const struct map *map, size_t *at, struct str *key, void **value)
{
    while (*at < map->size) {
        const struct pair *pair = &map->pairs[(*at)++];
        if (!pair->value)
            continue;
        *key = pair->key;
        *value = pair->value;
        return true;
    }
    return false;
}
