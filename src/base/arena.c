/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is given back all at once.
 *
 * The ordinary arena cuts pieces off blocks: the first has 8 KiB and stays for the next use, each
 * further one is twice as large as the one before, up to 1 MiB; a larger piece gets a block of its
 * own size. In sanitizer builds every piece is a block of its own, so that the sanitizer sees its
 * ends and its death.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/crash.h"
#include "base/mem.h"
#include "base/secret.h"

#define ALIGNMENT _Alignof(max_align_t)

struct block {
    struct block *older;
    size_t size; /* bytes in memory[] */
    size_t used;
    _Alignas(max_align_t) char memory[];
};

struct deferred {
    struct deferred *older;
    void (*release)(void *object);
    void *object;
};

struct arena {
    struct block *newest;
    struct deferred *deferred;
    size_t handed_out;
    bool wipe;
};

static struct block *block_push(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct block))
        crash_fatal("out of memory: a piece of %zu bytes was asked for", size);
    struct block *block = xmalloc(sizeof(*block) + size);
    block->older = arena->newest;
    block->size = size;
    block->used = 0;
    arena->newest = block;
    return block;
}

static void blocks_free(struct arena *arena, const struct block *keep)
{
    while (arena->newest && arena->newest != keep) {
        struct block *block = arena->newest;
        arena->newest = block->older;
        if (arena->wipe)
            secret_wipe(block->memory, block->used);
        free(block);
    }
}

#ifdef TIELINE_SANITIZED

static void *take(struct arena *arena, size_t size)
{
    struct block *block = block_push(arena, size);
    block->used = size;
    arena->handed_out += size;
    return block->memory;
}

static void blocks_reset(struct arena *arena)
{
    blocks_free(arena, NULL);
}

#else

#define FIRST_BLOCK ((size_t)8 * 1024 - sizeof(struct block))
#define LARGEST_BLOCK ((size_t)1024 * 1024)

static void *take_from_new_block(struct arena *arena, size_t size)
{
    size_t wanted = FIRST_BLOCK;
    if (arena->newest && arena->newest->size < LARGEST_BLOCK)
        wanted = arena->newest->size * 2;
    else if (arena->newest)
        wanted = LARGEST_BLOCK;
    struct block *block = block_push(arena, size > wanted ? size : wanted);
    block->used = size;
    return block->memory;
}

static void *take(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        crash_fatal("out of memory: a piece of %zu bytes was asked for", size);
    size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    arena->handed_out += size;
    struct block *block = arena->newest;
    if (!block || block->size - block->used < size)
        return take_from_new_block(arena, size);
    void *piece = block->memory + block->used;
    block->used += size;
    return piece;
}

static void blocks_reset(struct arena *arena)
{
    struct block *first = arena->newest;
    while (first && first->older)
        first = first->older;
    blocks_free(arena, first);
    if (!first)
        return;
    if (arena->wipe)
        secret_wipe(first->memory, first->used);
    /* A first piece larger than a block made this one; such size is not kept for ever. */
    if (first->size > FIRST_BLOCK)
        blocks_free(arena, NULL);
    else
        first->used = 0;
}

#endif

struct arena *arena_new(void)
{
    return NEW(arena);
}

static void run_deferred(struct arena *arena)
{
    while (arena->deferred) {
        struct deferred *deferred = arena->deferred;
        arena->deferred = deferred->older;
        deferred->release(deferred->object);
    }
}

void arena_reset(struct arena *arena)
{
    run_deferred(arena);
    blocks_reset(arena);
    arena->handed_out = 0;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    run_deferred(arena);
    blocks_free(arena, NULL);
    free(arena);
}

void arena_wipe_on_reset(struct arena *arena)
{
    arena->wipe = true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(take(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        crash_fatal("out of memory: %zu times %zu bytes were asked for", count, size);
    return arena_alloc(arena, count * size);
}

void *arena_copy(struct arena *arena, const void *memory, size_t size)
{
    void *copy = take(arena, size);
    if (size > 0)
        memcpy(copy, memory, size);
    return copy;
}

char *arena_c(struct arena *arena, struct str s)
{
    if (!str_set(s))
        return NULL;
    char *copy = take(arena, s.len + 1);
    memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

struct str arena_str(struct arena *arena, struct str s)
{
    return (struct str){ arena_c(arena, s), s.len };
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
    char small[256];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (length < 0)
        crash_fatal("could not format \"%s\"", format);
    if ((size_t)length < sizeof(small))
        return arena_str(arena, (struct str){ small, (size_t)length });

    char *text = take(arena, (size_t)length + 1);
    va_start(args, format);
    (void)vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return (struct str){ text, (size_t)length };
}

void arena_defer(struct arena *arena, void (*release)(void *object), void *object)
{
    struct deferred *deferred = take(arena, sizeof(*deferred));
    *deferred = (struct deferred){ arena->deferred, release, object };
    arena->deferred = deferred;
}

size_t arena_used(const struct arena *arena)
{
    return arena->handed_out;
}
