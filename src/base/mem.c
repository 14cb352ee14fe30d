/* SPDX-License-Identifier: Apache-2.0 */
/* Heap memory that never fails. */
#include "base/mem.h"

#include <string.h>

#include "base/crash.h"

static void *there(void *memory, size_t size)
{
    if (!memory)
        crash_fatal("out of memory: the system refused %zu bytes", size);
    return memory;
}

void *xmalloc(size_t size)
{
    /* malloc(0) may return NULL, which would look like a refusal. */
    return there(malloc(size ? size : 1), size);
}

void *xcalloc(size_t count, size_t size)
{
    if (count == 0 || size == 0)
        count = size = 1;
    /* calloc() checks the product; ours is only for the message. */
    return there(calloc(count, size), count * size);
}

void *xrealloc(void *memory, size_t size)
{
    return there(realloc(memory, size ? size : 1), size);
}

char *xstrdup(struct str s)
{
    if (!str_set(s))
        return NULL;
    char *copy = xmalloc(s.len + 1);
    memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}
