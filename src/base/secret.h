/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain secrets: locked memory, not in core dumps, overwritten before it is freed. There is no
 * print, compare, copy or JSON function; the text is seen only inside secret_use().  Threads: any
 * (a secret never changes after it was made).
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/attr.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct secret;

/*
 * Must run before any other function here, once, before threads start. It also forbids core dumps
 * and that processes of the same user attach, for the whole process.
 */
void secret_init(void);

/* A secret holding a copy of the bytes. The caller wipes the source (secret_wipe()). */
MUST_USE struct secret *secret_new(struct str plain);
void secret_free(struct secret *secret);
AUTO_DEFINE(secret, secret_free)

/* Shows the text to `use` for the time of the call; what it returns is returned. */
bool secret_use(const struct secret *secret, bool (*use)(struct str plain, void *context),
                void *context);
size_t secret_len(const struct secret *secret);

/* Overwrites memory in a way that the compiler keeps. */
void secret_wipe(void *memory, size_t size);
/* True when equal, in time that depends on the lengths only. */
bool secret_equal(struct str a, struct str b);

#endif
