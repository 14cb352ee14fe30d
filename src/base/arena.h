/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is given back all at once: one arena a call, one a step attempt.
 *
 * A function that takes an arena allocates its result there, and that is how you see it allocates.
 * In sanitizer builds each allocation is a malloc of its own, so that a use after reset is caught.
 * Allocation never fails (see base/mem.h).  Threads: one at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/attr.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

MUST_USE struct arena *arena_new(void);
/* Runs what arena_defer() left, newest first, and gives all memory back. NULL is fine. */
void arena_free(struct arena *arena);
/* The same, but keeps the arena and its first block for the next use. */
void arena_reset(struct arena *arena);
AUTO_DEFINE(arena, arena_free)

/* From now on memory is overwritten before it is given back: for calls that carry secrets. */
void arena_wipe_on_reset(struct arena *arena);

/* Zeroed memory, aligned for any type. */
MUST_USE void *arena_alloc(struct arena *arena, size_t size);
#define ARENA_NEW(arena, type) ((struct type *)arena_alloc(arena, sizeof(struct type)))
#define ARENA_ARRAY(arena, type, count)                                                            \
    ((struct type *)arena_array(arena, count, sizeof(struct type)))
/* The same for types that are no structs. */
#define ARENA_ITEMS(arena, type, count) ((type *)arena_array(arena, count, sizeof(type)))
MUST_USE void *arena_array(struct arena *arena, size_t count, size_t size);

/* A copy of the bytes, aligned for any type. */
MUST_USE void *arena_copy(struct arena *arena, const void *memory, size_t size);
/* A copy of the text, followed by a NUL that the length does not count. Absent stays absent. */
MUST_USE struct str arena_str(struct arena *arena, struct str s);
/* The same as a C string; absent gives NULL. */
MUST_USE char *arena_c(struct arena *arena, struct str s);
MUST_USE struct str arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

/* Calls release(object) when the arena is reset or freed. */
void arena_defer(struct arena *arena, void (*release)(void *object), void *object);

/* Bytes handed out since the last reset, for caps and metrics. */
size_t arena_used(const struct arena *arena);

#endif
