/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heap memory that never fails: when the system refuses, the process ends with a clear line.
 * Durable work survives that; what makes it rare is that every size from outside is capped first.
 * Threads: any.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/attr.h"
#include "base/str.h"

#include <stddef.h>
#include <stdlib.h>

MUST_USE void *xmalloc(size_t size);
MUST_USE void *xcalloc(size_t count, size_t size);
MUST_USE void *xrealloc(void *memory, size_t size);
/* A NUL-terminated copy; an absent str gives NULL. */
MUST_USE char *xstrdup(struct str s);

/* Zeroed memory for one struct of the given type. */
#define NEW(type) ((struct type *)xcalloc(1, sizeof(struct type)))

#endif
